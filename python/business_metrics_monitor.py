"""The module name of the seed document; everything lives in honeyguide.business_metrics_monitor."""

from honeyguide.business_metrics_monitor import *  # noqa: F401,F403
from honeyguide.business_metrics_monitor import __all__  # noqa: F401
