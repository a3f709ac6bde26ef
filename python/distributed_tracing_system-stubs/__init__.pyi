from honeyguide.distributed_tracing_system import *
from honeyguide.distributed_tracing_system import __all__ as __all__
