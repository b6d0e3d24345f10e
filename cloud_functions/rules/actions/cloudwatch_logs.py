"""The action `cloudwatchLogs`: the result as lines of a log group."""

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from cloud_functions.rules.actions.parameters import Parameters
from cloud_functions.rules.actions.result import as_message
from cloud_functions.rules.context import Context
from cloud_functions.rules.deeds import Deed, Failed, PutLog
from cloud_functions.rules.template import Template
from cloud_functions.rules.values import Value

_GROUP: Final = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}\Z")
_MAX_LINES: Final = 10_000


@dataclass(frozen=True, slots=True)
class CloudwatchLogsAction:
    """One line a message, or with `is_batch` a line for each `{timestamp, message}`."""

    action: ClassVar[str] = PutLog.action
    group: Template
    is_batch: bool = False

    def prepare(self, result: Value, context: Context) -> Deed | Failed:
        """Lines; a batch must be a list of times and messages."""
        group = self.group.render(context)
        if not _GROUP.match(group):
            reason = "a log group has 1 to 512 of [.-_/#A-Za-z0-9]"
            return Failed(PutLog.action, group, reason)
        if self.is_batch:
            lines = _lines(result)
            if lines is None:
                reason = "batchMode needs a list of objects with timestamp and message"
                return Failed(PutLog.action, group, reason)
            return PutLog(group, lines)
        message = as_message(result)
        if message is None:
            return Failed(PutLog.action, group, "the result is not text")
        return PutLog(group, [(context.timestamp_ms, message)])


def read(action: str, given: object) -> CloudwatchLogsAction:
    """The action as declared."""
    said = Parameters(action, given, ("logGroupName", "batchMode"))
    return CloudwatchLogsAction(said.template("logGroupName"), said.flag("batchMode"))


def _lines(result: Value) -> list[tuple[int, str]] | None:
    if not isinstance(result, list) or not 0 < len(result) <= _MAX_LINES:
        return None
    lines = [_line(each) for each in result]
    return None if None in lines else [line for line in lines if line is not None]


def _line(said: Any) -> tuple[int, str] | None:
    if not isinstance(said, dict):
        return None
    at_ms, message = said.get("timestamp"), said.get("message")
    if isinstance(at_ms, bool) or not isinstance(at_ms, int | float):
        return None
    return (int(at_ms), message) if isinstance(message, str) else None
