"""What a device is answered and told, over MQTT and HTTP (AWS reference, sections 4.2 and 4.3).

Times are epoch seconds.  `jobDocument` is an object over MQTT and a text over HTTP, so a document
comes here as what is to be written: a fragment of JSON, or a text.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import orjson

from cloud_functions.contract.jobs import ExecutionStatus
from cloud_functions.jobs.errors import JobsError
from cloud_functions.jobs.executions.execution import Execution
from cloud_functions.jobs.wire.request import Update

Document: TypeAlias = orjson.Fragment | str
"""A job document ready to be written."""


def summary(execution: Execution) -> dict[str, Any]:
    """A JobExecutionSummary."""
    said: dict[str, Any] = {
        "jobId": execution.job_id,
        "queuedAt": execution.queued_s,
        "lastUpdatedAt": execution.updated_s,
        "versionNumber": execution.version,
        "executionNumber": execution.number,
    }
    if execution.started_s is not None:
        said["startedAt"] = execution.started_s
    return said


def described(execution: Execution, document: Document | None) -> dict[str, Any]:
    """A JobExecution, with its document if it is given."""
    said = {"thingName": execution.thing, "status": execution.status, **summary(execution)}
    if execution.details:
        said["statusDetails"] = dict(execution.details)
    if document is not None:
        said["jobDocument"] = document
    return said


def seconds_left(execution: Execution, now_s: float) -> dict[str, int]:
    """The member that tells when it will time out, where there is a timer; HTTP has it only."""
    until_s = execution.until_s
    return {} if until_s is None else {"approximateSecondsBeforeTimedOut": int(until_s - now_s)}


def state(execution: Execution) -> dict[str, Any]:
    """A JobExecutionState; its details only where there are some."""
    said: dict[str, Any] = {"status": execution.status, "versionNumber": execution.version}
    if execution.details:
        said["statusDetails"] = dict(execution.details)
    return said


def updated(asked: Update, execution: Execution, document: Document | None) -> dict[str, Any]:
    """UpdateJobExecution: what was asked for of the execution as it is now."""
    said: dict[str, Any] = {}
    if asked.includes_state:
        said["executionState"] = state(execution)
    if document is not None:
        said["jobDocument"] = document
    return said


def pending(queue: Sequence[Execution]) -> dict[str, Any]:
    """GetPendingJobExecutions."""
    return {
        "inProgressJobs": _summaries(queue, ExecutionStatus.IN_PROGRESS),
        "queuedJobs": _summaries(queue, ExecutionStatus.QUEUED),
    }


def notify(queue: Sequence[Execution], now_s: float, most: int) -> bytes:
    """The body of `notify`: the first so many pending executions, by status."""
    shown = queue[:most]
    by_status = {
        str(status): said
        for status in (ExecutionStatus.IN_PROGRESS, ExecutionStatus.QUEUED)
        if (said := _summaries(shown, status))
    }
    return orjson.dumps({"timestamp": int(now_s), "jobs": by_status})


def notify_next(execution: Mapping[str, Any] | None, now_s: float) -> bytes:
    """The body of `notify-next`; the execution is absent when none is left."""
    said: dict[str, Any] = {"timestamp": int(now_s)}
    if execution is not None:
        said["execution"] = execution
    return orjson.dumps(said)


def accepted(said: Mapping[str, Any], now_s: float, token: str | None) -> bytes:
    """An answer over MQTT."""
    return orjson.dumps({**said, **_tail(now_s, token)})


def rejected(error: JobsError, now_s: float, token: str | None) -> bytes:
    """A refusal over MQTT."""
    said: dict[str, Any] = {"code": error.word, "message": str(error), **_tail(now_s, token)}
    if error.state is not None:
        said["executionState"] = error.state
    return orjson.dumps(said)


def _summaries(queue: Sequence[Execution], status: ExecutionStatus) -> list[dict[str, Any]]:
    return [summary(each) for each in queue if each.status is status]


def _tail(now_s: float, token: str | None) -> dict[str, Any]:
    said: dict[str, Any] = {"timestamp": int(now_s)}
    if token is not None:
        said["clientToken"] = token
    return said
