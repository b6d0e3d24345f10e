"""What was answered is there after kill -9; what was not committed never was."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cloud_functions.ports import Message
from cloud_functions.storage.lmdb_cell import LmdbCell

DEVICE = """
import importlib.util, json, sys
from pathlib import Path
from cloud_functions.storage.lmdb_cell import LmdbCell
spec = importlib.util.spec_from_file_location("world", sys.argv[2])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
things = [f"t{n}" for n in range(7)]
world = module.World(things, store=LmdbCell(Path(sys.argv[1])))
world.create(things=things)
n = 0
while True:
    thing = things[n % 7]
    world.now += 1
    answer, body = world.report(thing, "j1", "IN_PROGRESS", includeJobExecutionState=True)
    assert answer == "accepted", body
    n += 1
    print(thing, body["executionState"]["versionNumber"], flush=True)
"""


def test_after_kill_9_every_version_that_was_answered_is_there(tmp_path, make_world) -> None:
    folder = tmp_path / "cell.lmdb"
    helper = Path(__file__).with_name("conftest.py")
    device = subprocess.Popen(
        [sys.executable, "-c", DEVICE, str(folder), str(helper)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert device.stdout is not None
    answered: dict[str, int] = {}
    for number, line in enumerate(device.stdout):
        thing, version = line.split()
        answered[thing] = int(version)
        if number >= 60:
            break
    device.kill()
    for line in device.stdout:
        thing, version = line.split()
        answered[thing] = int(version)
    device.stdout.close()
    device.wait()

    store = LmdbCell(folder)
    world = make_world(answered, store=store)

    assert len(answered) == 7
    for thing, version in answered.items():
        assert world.conductor.executions.find("j1", thing).version >= version
    assert world.counts() == {"InProgress": 7}
    store.close()


def test_what_was_not_committed_never_was(world) -> None:
    world.create()
    message = Message("$aws/things/t1/jobs/start-next", b"{}", client_id="t1")

    world.service.handle([message], world.now)
    world.restart()

    assert world.status("t1") == "QUEUED"
    assert world.say("t1", "start-next")[1]["execution"]["versionNumber"] == 2


def test_a_failed_commit_is_answered_as_an_internal_error_and_forgotten(world) -> None:
    world.create()
    body = b'{"status":"SUCCEEDED","clientToken":"c"}'
    message = Message("$aws/things/t1/jobs/j1/update", body, client_id="phone")
    draft = world.service.handle([message], world.now)

    (answer,) = world.service.failed(draft, world.now)

    said = json.loads(answer.payload)
    assert (answer.topic, answer.receiver) == (f"{message.topic}/rejected", "phone")
    assert (said["code"], said["clientToken"]) == ("InternalError", "c")
    assert (world.status("t1"), world.job().status) == ("QUEUED", "IN_PROGRESS")


def test_a_creation_that_failed_may_be_asked_for_again(world) -> None:
    said = {
        "targets": ["arn:aws:iot:us-east-1:000000000000:thing/t1"],
        "document": '{"do":"it"}',
    }
    _, draft = world.service.decided(
        lambda draft: world.creation.create_job(draft, "j1", said, world.now)
    )
    world.service.failed(draft, world.now)

    assert world.conductor.jobs.find("j1") is None
    assert world.status("t1") is None
    assert len(world.create()) == 2


class BrokenTargets:
    """A registry that cannot be read."""

    def revision(self):
        return object()

    def has_thing(self, _name):
        raise OSError("disk full")

    def things_of_group(self, _name):
        raise OSError("disk full")


def test_what_cannot_be_decided_is_refused_whole_and_forgotten(world) -> None:
    world.create()
    world.conductor.targets = BrokenTargets()
    batch = [
        Message("$aws/things/t1/jobs/start-next", b"{}", client_id="t1"),
        Message("$aws/things/t9/jobs/get", b"{}", client_id="t9"),
    ]

    draft = world.service.handle(batch, world.now)

    assert draft.writes == []
    assert [message.receiver for message in draft.messages] == ["t1", "t9"]
    assert all(b"InternalError" in message.payload for message in draft.messages)
    assert world.status("t1") == "QUEUED"
    assert world.tick(1) == []
    with pytest.raises(OSError, match="disk full"):
        world.create("j2")
    assert world.conductor.jobs.find("j2") is None
