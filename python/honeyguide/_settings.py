"""What the environment says, under OpenTelemetry's names, the seed's and our own."""

import os
from urllib.parse import urlsplit

API_DEFAULT = "http://127.0.0.1:8321"
OTLP_DEFAULT = "http://127.0.0.1:4318"


def server_from_environment():
    """Base URL of the OTLP/HTTP receiver that spans go to; None if the environment names none.

    HONEYGUIDE_OTLP wins over OTEL_EXPORTER_OTLP_TRACES_ENDPOINT over OTEL_EXPORTER_OTLP_ENDPOINT over a
    JAEGER_ENDPOINT that ends in /v1/traces. OTEL_SDK_DISABLED=true: None.
    """
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    for name in ("HONEYGUIDE_OTLP", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"):
        value = os.environ.get(name, "").strip()
        if value:
            return _checked(name, value)
    jaeger = os.environ.get("JAEGER_ENDPOINT", "").strip()
    if jaeger.rstrip("/").endswith("/v1/traces"):
        return _checked("JAEGER_ENDPOINT", jaeger)
    return None


def _checked(name, value):
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{name}: '{value}' is no address; write http://127.0.0.1:4318")
    return value


def api_from_environment():
    """Base URL of a honeyguide server's API."""
    return os.environ.get("HONEYGUIDE_URL", "").strip() or API_DEFAULT


def token_from_environment():
    return os.environ.get("HONEYGUIDE_TOKEN", "").strip()
