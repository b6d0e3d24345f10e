"""Every pair of status and fact: in the table it moves, outside it is refused."""

import itertools

import pytest

from cloud_functions.contract.jobs import ExecutionStatus
from cloud_functions.jobs.errors import InvalidStateTransition
from cloud_functions.jobs.executions.statuses import (
    FINAL,
    PENDING,
    REPORTS,
    TRANSITIONS,
    Fact,
    next_status,
    reported,
)
from cloud_functions.jobs.plan import statuses as job_statuses
from cloud_functions.jobs.plan.statuses import IllegalMove, JobFact, JobStatus

S, F = ExecutionStatus, Fact
LEGAL = {
    (S.QUEUED, F.STARTED, S.IN_PROGRESS),
    (S.QUEUED, F.SUCCEEDED, S.SUCCEEDED),
    (S.QUEUED, F.FAILED, S.FAILED),
    (S.QUEUED, F.REJECTED, S.REJECTED),
    (S.QUEUED, F.CANCELLED, S.CANCELED),
    (S.QUEUED, F.FORCE_CANCELLED, S.CANCELED),
    (S.QUEUED, F.REMOVED, S.REMOVED),
    (S.IN_PROGRESS, F.STARTED, S.IN_PROGRESS),
    (S.IN_PROGRESS, F.SUCCEEDED, S.SUCCEEDED),
    (S.IN_PROGRESS, F.FAILED, S.FAILED),
    (S.IN_PROGRESS, F.REJECTED, S.REJECTED),
    (S.IN_PROGRESS, F.TIMED_OUT, S.TIMED_OUT),
    (S.IN_PROGRESS, F.FORCE_CANCELLED, S.CANCELED),
    (S.IN_PROGRESS, F.REMOVED, S.REMOVED),
}
J, K = JobStatus, JobFact
LEGAL_JOBS = {
    (J.SCHEDULED, K.STARTED, J.IN_PROGRESS),
    (J.SCHEDULED, K.CANCELLED, J.CANCELED),
    (J.SCHEDULED, K.FORCE_CANCELLED, J.CANCELED),
    (J.SCHEDULED, K.FORCE_DELETED, J.DELETION_IN_PROGRESS),
    (J.IN_PROGRESS, K.FINISHED, J.COMPLETED),
    (J.IN_PROGRESS, K.CANCELLED, J.CANCELED),
    (J.IN_PROGRESS, K.FORCE_CANCELLED, J.CANCELED),
    (J.IN_PROGRESS, K.FORCE_DELETED, J.DELETION_IN_PROGRESS),
    (J.COMPLETED, K.DELETED, J.DELETION_IN_PROGRESS),
    (J.COMPLETED, K.FORCE_DELETED, J.DELETION_IN_PROGRESS),
    (J.CANCELED, K.FORCE_CANCELLED, J.CANCELED),
    (J.CANCELED, K.DELETED, J.DELETION_IN_PROGRESS),
    (J.CANCELED, K.FORCE_DELETED, J.DELETION_IN_PROGRESS),
}


@pytest.mark.parametrize(("status", "fact"), list(itertools.product(S, F)))
def test_a_move_in_the_table_moves_and_any_other_is_refused(status, fact) -> None:
    expected = {after for before, why, after in LEGAL if (before, why) == (status, fact)}

    if expected:
        assert {next_status(status, fact)} == expected
    else:
        with pytest.raises(InvalidStateTransition, match=status):
            next_status(status, fact)


@pytest.mark.parametrize("status", list(S))
def test_a_thing_reports_four_statuses_and_no_other(status) -> None:
    if status in (S.IN_PROGRESS, S.SUCCEEDED, S.FAILED, S.REJECTED):
        assert reported(status) is REPORTS[status]
    else:
        with pytest.raises(InvalidStateTransition, match="not its to set"):
            reported(status)


def test_what_is_final_has_no_moves() -> None:
    assert {S.QUEUED, S.IN_PROGRESS} == PENDING
    assert not set(TRANSITIONS) & FINAL


@pytest.mark.parametrize(("status", "fact"), list(itertools.product(J, K)))
def test_a_job_moves_by_its_table_only(status, fact) -> None:
    expected = {after for before, why, after in LEGAL_JOBS if (before, why) == (status, fact)}

    if expected:
        assert {job_statuses.next_status(status, fact)} == expected
    else:
        with pytest.raises(IllegalMove, match=status):
            job_statuses.next_status(status, fact)
