"""Jobs with a store in memory, a registry made of lists, and a clock the test turns."""

import json
from collections import defaultdict

import pytest

from cloud_functions.jobs.control.creation import Creation
from cloud_functions.jobs.control.listing import Listing
from cloud_functions.jobs.control.operations import Operations
from cloud_functions.jobs.control.templates import Templates
from cloud_functions.jobs.limits import JobLimits
from cloud_functions.jobs.service import JobsService
from cloud_functions.ports import Message
from cloud_functions.registry.event_configurations import EventConfigurations, EventSwitches

ARN = "arn:aws:iot:us-east-1:000000000000:"


class MemoryStore:
    """A cell's store in dictionaries."""

    def __init__(self) -> None:
        self.spaces = defaultdict(dict)

    def get(self, space, key):
        return self.spaces[space].get(key)

    def scan(self, space, prefix=b""):
        for key in sorted(self.spaces[space]):
            if key.startswith(prefix):
                yield key, self.spaces[space][key]

    def commit(self, writes) -> None:
        for space, key, raw in writes:
            if raw is None:
                self.spaces[space].pop(key, None)
            else:
                self.spaces[space][key] = raw


class ListedTargets:
    """Things and groups as the test lists them."""

    def __init__(self) -> None:
        self.things = set()
        self.groups = {}
        self.changes = 0

    def revision(self):
        return self.changes

    def has_thing(self, name):
        return name in self.things

    def things_of_group(self, name):
        return self.groups.get(name)


class PlainLinks:
    """Links that show what was to be signed."""

    def sign(self, place, expires_in_s, now_s):
        return f"http://blobs/{place.bucket}/{place.key}?until={int(now_s) + expires_in_s}"


class EventStore:
    """Keeps event configurations in memory."""

    def __init__(self) -> None:
        self.kept = EventConfigurations()

    def event_configurations(self):
        return self.kept

    def put_event_configurations(self, configurations) -> None:
        self.kept = configurations


class World:
    """Jobs, and what stands around them."""

    def __init__(self, things=(), limits=None, store=None) -> None:
        self.store = store or MemoryStore()
        self.targets = ListedTargets()
        self.targets.things |= set(things)
        self.blobs = {}
        self.switches = EventSwitches(EventStore())
        self.limits = limits or JobLimits()
        self.now = 1_000.0
        self.restart()

    def restart(self) -> None:
        """What a new process knows: only what was committed."""
        self.service = JobsService(
            self.store,
            targets=self.targets,
            links=PlainLinks(),
            switches=self.switches,
            limits=self.limits,
        )
        self.conductor = self.service.conductor
        self.templates = Templates(self.store)
        self.creation = Creation(self.conductor, self.templates, self.blobs)
        self.operations = Operations(self.conductor)
        self.listing = Listing(self.conductor)

    def commit(self, draft) -> list[Message]:
        self.store.commit(draft.writes)
        return draft.messages

    def do(self, change) -> list[Message]:
        """A change of the control plane, committed; what was told."""
        return self.commit(self.service.decided(change)[1])

    def create(self, job_id="j1", *, things=("t1",), groups=(), **said) -> list[Message]:
        targets = [f"{ARN}thing/{name}" for name in things]
        targets += [f"{ARN}thinggroup/{name}" for name in groups]
        said = {"targets": targets, "document": '{"do":"it"}', **said}
        return self.do(lambda draft: self.creation.create_job(draft, job_id, said, self.now))

    def cancel(self, job_id="j1", *, force=False, **said) -> list[Message]:
        return self.do(
            lambda draft: self.operations.cancel(draft, job_id, said, self.now, is_forced=force)
        )

    def delete(self, job_id="j1", *, force=False) -> list[Message]:
        return self.do(
            lambda draft: self.operations.delete(draft, job_id, self.now, is_forced=force)
        )

    def cancel_execution(self, job_id, thing, *, force=False, **said) -> list[Message]:
        return self.do(
            lambda draft: self.operations.cancel_execution(
                draft, job_id, thing, said, self.now, is_forced=force
            )
        )

    def delete_execution(self, job_id, thing, number, *, force=False) -> list[Message]:
        return self.do(
            lambda draft: self.operations.delete_execution(
                draft, job_id, thing, number, self.now, is_forced=force
            )
        )

    def publish(self, topic, body=None, client_id="device") -> list[Message]:
        raw = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        message = Message(topic, raw, client_id=client_id)
        return self.commit(self.service.handle([message], self.now))

    def say(self, thing, what, **body) -> tuple[str, dict]:
        """The answer to a request of a thing: `accepted` or `rejected`, and the body."""
        answer = self.publish(f"$aws/things/{thing}/jobs/{what}", body)[0]
        return answer.topic.rpartition("/")[2], json.loads(answer.payload)

    def report(self, thing, job_id, status, **body) -> tuple[str, dict]:
        return self.say(thing, f"{job_id}/update", status=status, **body)

    def tick(self, seconds=0.0) -> list[Message]:
        self.now += seconds
        return self.commit(self.service.tick(self.now))

    def members(self, group, *things) -> None:
        """The members of a group, from now on."""
        self.targets.things |= set(things)
        self.targets.groups[group] = list(things)
        self.targets.changes += 1

    def status(self, thing, job_id="j1", number=None):
        found = self.conductor.executions.find(job_id, thing, number)
        return None if found is None else str(found.status)

    def job(self, job_id="j1"):
        return self.conductor.jobs.get(job_id)

    def counts(self, job_id="j1") -> dict:
        """What DescribeJob counts, without the zeros."""
        details = self.listing.describe_job(job_id)["job"]["jobProcessDetails"]
        return {
            name.removeprefix("numberOf").removesuffix("Things"): number
            for name, number in details.items()
            if number and name != "processingTargets"
        }


@pytest.fixture
def world():
    return World(["t1", "t2", "t3"])


@pytest.fixture
def make_world():
    return World
