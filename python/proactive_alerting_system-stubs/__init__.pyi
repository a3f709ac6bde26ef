from honeyguide.proactive_alerting_system import *
from honeyguide.proactive_alerting_system import __all__ as __all__
