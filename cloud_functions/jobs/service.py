"""Answers jobs requests over MQTT in batches, and lets time pass for all jobs.

An answer goes to the client that asked, whether it subscribed or not; where the broker does not
say who asked, it goes out on the topic (AWS reference, section 4.2).
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import orjson

from cloud_functions.cells import CellStore
from cloud_functions.contract import topics
from cloud_functions.contract.topics import Answer, JobsOperation, JobsTopic
from cloud_functions.device_service import Changes
from cloud_functions.jobs.books.draft import Asked, Draft
from cloud_functions.jobs.clock import JobsClock
from cloud_functions.jobs.conductor import Conductor
from cloud_functions.jobs.device import DeviceRequests
from cloud_functions.jobs.errors import Internal, InvalidTopic, JobsError
from cloud_functions.jobs.executions.execution import Execution
from cloud_functions.jobs.limits import DEFAULT_LIMITS, JobLimits
from cloud_functions.jobs.ports import Links, Targets
from cloud_functions.jobs.wire import answers, request
from cloud_functions.ports import Message
from cloud_functions.registry.event_configurations import EventSwitches

JOBS_REQUESTS: Final = (f"{topics.THINGS_PREFIX}+/jobs/#",)
_NOBODY: Final = "n/a"
Result = TypeVar("Result")

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class JobsStatistics:
    """Counted since the start, over MQTT."""

    jobs_accepted: int = 0
    jobs_rejected: int = 0


class JobsService:
    """The jobs of the things of this process's cell."""

    def __init__(
        self,
        store: CellStore,
        *,
        targets: Targets,
        links: Links,
        switches: EventSwitches,
        limits: JobLimits = DEFAULT_LIMITS,
    ) -> None:
        self.statistics = JobsStatistics()
        self.limits = limits
        self.conductor = Conductor(
            store, targets=targets, links=links, switches=switches, limits=limits
        )
        self.device = DeviceRequests(self.conductor)
        self._clock = JobsClock(self.conductor)

    # ------------------------------------------------------------ device_service.DeviceService

    @property
    def topic_filters(self) -> Sequence[str]:
        """Everything below every thing's jobs: what is no request is answered as such."""
        return JOBS_REQUESTS

    def handle(self, batch: Sequence[Message], now_s: float) -> Draft:
        """Every jobs request of a batch; messages that are none are passed over."""
        requests = [
            (topic, message)
            for message in batch
            if (topic := topics.parse_jobs(message.topic)) is not None
        ]

        def work(draft: Draft) -> None:
            for topic, message in requests:
                self._handle(topic, message, now_s, draft)

        try:
            return self.decided(work)[1]
        except Exception:
            _logger.exception("%d jobs requests could not be decided", len(requests))
            asked = [Asked(message, None) for _, message in requests]
            return Draft(messages=self._refused(asked, now_s))

    def tick(self, now_s: float) -> Draft:
        """What time brings: schedules, time-outs, rollouts, and who joined or left."""
        try:
            return self.decided(lambda draft: self._clock.tick(draft, now_s))[1]
        except Exception:
            _logger.exception("a second of the jobs' clock was lost")
            return Draft()

    def failed(self, changes: Changes, now_s: float) -> list[Message]:
        """A commit failed: forget what was decided, and tell everybody who asked over MQTT."""
        assert isinstance(changes, Draft)
        self._forget(changes)
        return self._refused(changes.asked, now_s)

    def decided(self, work: Callable[[Draft], Result]) -> tuple[Result, Draft]:
        """What some work returns, and all that is to be committed for it.

        When it raises, nothing of it is kept.
        """
        draft = Draft()
        try:
            result = work(draft)
            self.conductor.jobs.seal(draft)
        except BaseException:
            self._forget(draft)
            raise
        return result, draft

    def _forget(self, draft: Draft) -> None:
        self.conductor.jobs.forget(draft)
        self.conductor.executions.forget(draft)

    @staticmethod
    def _refused(who: Sequence[Asked], now_s: float) -> list[Message]:
        error = Internal("It could not be stored; try again")
        return [
            _answer(asked.message, Answer.REJECTED, answers.rejected(error, now_s, asked.token))
            for asked in who
        ]

    # ------------------------------------------------------------ requests

    def _handle(self, topic: JobsTopic, message: Message, now_s: float, draft: Draft) -> None:
        place = len(draft.messages)  # the answer comes before what others are told
        token: str | None = None
        try:
            said = request.parse_body(message.payload, self.limits)
            token = request.client_token(said, self.limits)
            body = answers.accepted(self._decide(topic, said, now_s, draft), now_s, token)
            answer = _answer(message, Answer.ACCEPTED, body)
            self.statistics.jobs_accepted += 1
        except JobsError as error:
            body = answers.rejected(error, now_s, token)
            answer = _answer(message, Answer.REJECTED, body)
            self.statistics.jobs_rejected += 1
        else:
            if topic.operation is not JobsOperation.GET:
                draft.asked.append(Asked(message, token))
        draft.messages.insert(place, answer)

    def _decide(
        self, topic: JobsTopic, said: Mapping[str, Any], now_s: float, draft: Draft
    ) -> Mapping[str, Any]:
        thing, job_id, device = topic.thing, topic.job_id, self.device
        if topic.operation is None:
            raise InvalidTopic("no request has this topic")
        if topic.operation is JobsOperation.START_NEXT:
            asked = request.read_start_next(said, self.limits)
            return self._told(device.start_next(draft, thing, asked, now_s), now_s)
        if job_id is None:
            return answers.pending(device.pending(thing, now_s))
        if topic.operation is JobsOperation.GET:
            describe = request.read_describe(said)
            execution = device.describe(thing, job_id, describe, now_s)
            return self._told(execution, now_s, has_document=describe.includes_document)
        update = request.read_update(said, self.limits)
        execution = device.update(draft, thing, job_id, update, now_s)
        document = self._fragment(execution, now_s) if update.includes_document else None
        return answers.updated(update, execution, document)

    def _told(
        self, execution: Execution | None, now_s: float, *, has_document: bool = True
    ) -> dict[str, Any]:
        if execution is None:
            return {}
        document = self._fragment(execution, now_s) if has_document else None
        return {"execution": answers.described(execution, document)}

    def _fragment(self, execution: Execution, now_s: float) -> orjson.Fragment:
        return orjson.Fragment(self.conductor.document(execution, now_s))


def _answer(message: Message, answer: Answer, body: bytes) -> Message:
    receiver = "" if message.client_id == _NOBODY else message.client_id
    return Message(f"{message.topic}/{answer}", body, receiver=receiver)
