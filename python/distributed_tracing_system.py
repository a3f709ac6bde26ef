"""The module name of the seed document; everything lives in honeyguide.distributed_tracing_system."""

from honeyguide.distributed_tracing_system import *  # noqa: F401,F403
from honeyguide.distributed_tracing_system import __all__  # noqa: F401
