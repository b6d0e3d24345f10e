"""The messages a robot sends to the jobs service (AWS reference, section 4.2)."""

from typing import Any, Final

import orjson

from cloud_functions.contract import topics
from cloud_functions.contract.jobs import NEXT
from cloud_functions.contract.topics import JobsOperation
from device_sim.firmware.batches import Outbound
from device_sim.firmware.updates.update import Update

STEP_MINUTES: Final = 60
"""[E] How long a robot gives itself before the service calls it timed out; the job may say less."""


def ask_next(row: int, thing: str, token: str) -> Outbound:
    """Which execution is the next one, without starting it."""
    return _message(row, topics.jobs(thing, JobsOperation.GET, NEXT), {"clientToken": token})


def start_next(row: int, thing: str, token: str) -> Outbound:
    """To start the next one; one in progress comes back as it is."""
    body = {
        "statusDetails": {"step": "download"},
        "stepTimeoutInMinutes": STEP_MINUTES,
        "clientToken": token,
    }
    return _message(row, topics.jobs(thing, JobsOperation.START_NEXT), body)


def tell(row: int, thing: str, token: str, update: Update) -> Outbound:
    """The update's news, to be taken only if nobody else has changed the execution since."""
    news, (job_id, number) = update.news, update.key
    assert news is not None
    body = {
        "status": news.status.value,
        "statusDetails": dict(news.details),
        "expectedVersion": update.version,
        "executionNumber": number,
        "includeJobExecutionState": True,
        "clientToken": token,
    }
    return _message(row, topics.jobs(thing, JobsOperation.UPDATE, job_id), body)


def _message(row: int, topic: str, body: dict[str, Any]) -> Outbound:
    return Outbound(row, topic, orjson.dumps(body), 1)
