from honeyguide.business_metrics_monitor import *
from honeyguide.business_metrics_monitor import __all__ as __all__
