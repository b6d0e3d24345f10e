"""What every deployed function has around it: the cloud, logs, metrics, and answers to errors."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from cloud_functions import bootstrap
from cloud_functions.bootstrap import Cloud
from cloud_functions.errors import CloudError
from cloud_functions.handlers.events import answer
from cloud_functions.settings import Settings

Event: TypeAlias = Mapping[str, Any]
Handle: TypeAlias = Callable[[Event, Cloud], Any]

_logger = Logger(service="robofleet")
_metrics = Metrics(namespace="robofleet", service="robofleet")


class _Lazy:
    """The cloud of this execution environment, built by its first event."""

    cloud: Cloud | None = None

    @classmethod
    def get(cls) -> Cloud:
        if cls.cloud is None:
            cls.cloud = bootstrap.cloud(Settings.read())
        return cls.cloud


def entrypoint(handle: Handle, *, cloud: Callable[[], Cloud] = _Lazy.get) -> Callable[..., Any]:
    """The function that AWS calls.

    For HTTP and WebSocket events errors become answers; an event of a rule raises, so that it
    is tried again.
    """
    name = handle.__module__.rsplit(".", 1)[-1]

    def run(event: Event, _context: object = None) -> Any:
        is_request = "requestContext" in event
        try:
            result = handle(event, cloud())
        except CloudError as error:
            _count(name, "refused")
            _logger.warning(str(error), extra={"function": name, "code": error.code})
            if not is_request:
                raise
            return answer(error.status, {"error": {"code": error.code, "message": str(error)}})
        except Exception:
            _count(name, "failed")
            _logger.exception("unexpected", extra={"function": name})
            if not is_request:
                raise
            body = {"error": {"code": "internal", "message": "something went wrong here"}}
            return answer(500, body)
        _count(name, "done")
        _logger.info(
            "done",
            extra={
                "function": name,
                "thing": event.get("thing"),
                "clientToken": event.get("clientToken"),
            },
        )
        return result

    return run


def _count(name: str, outcome: str) -> None:
    """One invocation, as an embedded metric line in the log."""
    _metrics.add_dimension(name="function", value=name)
    _metrics.add_metric(name=outcome, unit=MetricUnit.Count, value=1)
    _metrics.flush_metrics()
