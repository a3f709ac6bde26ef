"""The module name of the seed document; everything lives in honeyguide.proactive_alerting_system."""

from honeyguide.proactive_alerting_system import *  # noqa: F401,F403
from honeyguide.proactive_alerting_system import __all__  # noqa: F401
