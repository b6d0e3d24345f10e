"""The pending executions of a thing: their order, and what a change of them tells the thing.

Those in progress come first, then all by creation (AWS reference, section 4.2).
"""

from collections.abc import Sequence
from typing import NamedTuple

from cloud_functions.contract.jobs import ExecutionStatus
from cloud_functions.jobs.executions.execution import Execution


def place(execution: Execution) -> tuple[bool, int]:
    """What pending executions are sorted by."""
    return execution.status is not ExecutionStatus.IN_PROGRESS, execution.sequence


def first(queue: Sequence[Execution]) -> Execution | None:
    """The one that `$next` stands for."""
    return queue[0] if queue else None


class News(NamedTuple):
    """What a thing is told: of its list (`notify`), of its first (`notify-next`)."""

    of_list: bool
    of_next: bool


def news(before: Sequence[Execution], after: Sequence[Execution]) -> News:
    """What a change of the pending executions says.

    The list is told when an execution joined or left it, the first when it is another one.
    Starting the first one is therefore told nowhere, starting a later one as the new first.
    """
    return News(
        of_list={_identity(each) for each in before} != {_identity(each) for each in after},
        of_next=_first_identity(before) != _first_identity(after),
    )


def _identity(execution: Execution) -> tuple[str, int]:
    return execution.job_id, execution.number


def _first_identity(queue: Sequence[Execution]) -> tuple[str, int] | None:
    return _identity(queue[0]) if queue else None
