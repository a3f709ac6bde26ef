from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Instrumentation", "init"]

@dataclass
class Instrumentation:
    service: str
    server: str
    content: str
    provider: Any
    instrumented: dict[str, str] = ...
    missing: dict[str, str] = ...
    _processor: Any = ...
    _instrumentors: list[Any] = ...
    def flush(self, timeout_s: float = 10.0) -> bool: ...
    def shutdown(self) -> None: ...

def init(
    service: str | None = None,
    *,
    server: str | None = None,
    token: str | None = None,
    content: Literal["on", "off"] = "on",
    frameworks: Sequence[str] | None = None,
    resource: Mapping[str, str] | None = None,
) -> Instrumentation: ...
