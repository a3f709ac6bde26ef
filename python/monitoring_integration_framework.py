"""The module name of the seed document; everything lives in honeyguide.monitoring_integration_framework."""

from honeyguide.monitoring_integration_framework import *  # noqa: F401,F403
from honeyguide.monitoring_integration_framework import __all__  # noqa: F401
