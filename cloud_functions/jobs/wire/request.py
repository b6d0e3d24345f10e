"""Reads what a device asks of its jobs (AWS reference, section 4.2); over HTTP it is the same."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from cloud_functions.contract.jobs import ExecutionStatus
from cloud_functions.contract.whole_numbers import MOST, whole_number
from cloud_functions.jobs.errors import InvalidJson, InvalidRequest
from cloud_functions.jobs.executions.execution import CANCEL_TIMER
from cloud_functions.jobs.limits import JobLimits

_KEY: Final = re.compile(r"[a-zA-Z0-9:_-]+\Z")
_WORDS: Final = ", ".join(ExecutionStatus)


@dataclass(frozen=True, slots=True)
class StartNext:
    """StartNextPendingJobExecution."""

    details: Mapping[str, str] | None = None
    step_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Describe:
    """DescribeJobExecution; without a number the latest execution."""

    number: int | None = None
    includes_document: bool = True


@dataclass(frozen=True, slots=True)
class Update:
    """UpdateJobExecution; without a number the latest execution."""

    status: ExecutionStatus
    details: Mapping[str, str] | None = None
    step_minutes: int | None = None
    expected_version: int | None = None
    number: int | None = None
    includes_state: bool = False
    includes_document: bool = False


def parse_body(raw: bytes, limits: JobLimits) -> dict[str, Any]:
    """The JSON object of a request, empty for none.  Raises InvalidJson, InvalidRequest."""
    if not raw:
        return {}
    if len(raw) > limits.request_bytes:
        raise InvalidRequest(f"a request has at most {limits.request_bytes} bytes")
    try:
        said = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise InvalidJson(f"the request is not JSON: {error}") from None
    if not isinstance(said, dict):
        raise InvalidJson("the request is a JSON object")
    return said


def client_token(said: Mapping[str, Any], limits: JobLimits) -> str | None:
    """The client token of a request.  Raises InvalidRequest."""
    token = said.get("clientToken")
    if token is None:
        return None
    if not isinstance(token, str) or len(token.encode()) > limits.client_token_bytes:
        raise InvalidRequest(f"clientToken is a text of up to {limits.client_token_bytes} bytes")
    return token


def token_if_any(raw: bytes, limits: JobLimits) -> str | None:
    """The client token of a body that may be broken, for the answer's sake."""
    try:
        return client_token(parse_body(raw, limits), limits)
    except (InvalidJson, InvalidRequest):
        return None


def read_start_next(said: Mapping[str, Any], limits: JobLimits) -> StartNext:
    """The request behind a body.  Raises InvalidRequest."""
    minutes = _whole(said, "stepTimeoutInMinutes")
    if minutes is not None and not 1 <= minutes <= limits.timer_minutes:
        raise InvalidRequest(f"stepTimeoutInMinutes is 1 to {limits.timer_minutes}")
    return StartNext(read_details(said, limits), minutes)


def read_describe(said: Mapping[str, Any]) -> Describe:
    """The request behind a body.  Raises InvalidRequest."""
    includes = _flag(said, "includeJobDocument")
    return Describe(_whole(said, "executionNumber"), includes is not False)


def read_update(said: Mapping[str, Any], limits: JobLimits) -> Update:
    """The request behind a body.  Raises InvalidRequest."""
    minutes = _whole(said, "stepTimeoutInMinutes")
    if minutes is not None and not (
        minutes == CANCEL_TIMER or 1 <= minutes <= limits.timer_minutes
    ):
        raise InvalidRequest(
            f"stepTimeoutInMinutes is 1 to {limits.timer_minutes}, or {CANCEL_TIMER} for none"
        )
    return Update(
        status=_status(said),
        details=read_details(said, limits),
        step_minutes=minutes,
        expected_version=_whole(said, "expectedVersion"),
        number=_whole(said, "executionNumber"),
        includes_state=_flag(said, "includeJobExecutionState") is True,
        includes_document=_flag(said, "includeJobDocument") is True,
    )


def read_details(said: Mapping[str, Any], limits: JobLimits) -> Mapping[str, str] | None:
    """The status details of a request, None if it leaves them alone.  Raises InvalidRequest."""
    details = said.get("statusDetails")
    if details is None:
        return None
    if not isinstance(details, dict):
        raise InvalidRequest("statusDetails is an object of texts")
    if len(details) > limits.details:
        raise InvalidRequest(f"statusDetails has at most {limits.details} pairs")
    for key, value in details.items():
        if not _KEY.match(key) or len(key) > limits.detail_key_bytes:
            raise InvalidRequest(
                f"statusDetails: a key is 1 to {limits.detail_key_bytes} of [a-zA-Z0-9:_-],"
                f" not {key[:140]!r}"
            )
        if not isinstance(value, str) or not _is_value(value, limits):
            raise InvalidRequest(
                f"statusDetails.{key} is a text of 1 to {limits.detail_value_bytes} bytes"
                " without control characters"
            )
    return details


def _is_value(value: str, limits: JobLimits) -> bool:
    if not value or len(value.encode()) > limits.detail_value_bytes:
        return False
    return value.isprintable() or all(unicodedata.category(each)[0] != "C" for each in value)


def _status(said: Mapping[str, Any]) -> ExecutionStatus:
    word = said.get("status")
    if word is None:
        raise InvalidRequest(
            "Value null at 'status' failed to satisfy constraint: Member must not be null"
        )
    try:
        return ExecutionStatus(word)
    except ValueError:
        raise InvalidRequest(f"status is one of {_WORDS}, not {word!r}") from None


def _whole(said: Mapping[str, Any], member: str) -> int | None:
    """A whole number; the SDKs write some of them as texts of digits."""
    value = said.get(member)
    if value is None:
        return None
    found = whole_number(value) if isinstance(value, str) else value
    if type(found) is int and abs(found) <= MOST:
        return found
    raise InvalidRequest(f"{member} is a whole number, not {value!r}")


def _flag(said: Mapping[str, Any], member: str) -> bool | None:
    value = said.get(member)
    if value is None or isinstance(value, bool):
        return value
    raise InvalidRequest(f"{member} is true or false, not {value!r}")
