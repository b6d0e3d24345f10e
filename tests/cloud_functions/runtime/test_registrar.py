"""The registrar: many changes in one commit, each whole, and told after it."""

import asyncio
import sqlite3

import pytest

from cloud_functions.registry import certificates, things
from cloud_functions.registry.certificates import Status
from cloud_functions.registry.errors import InvalidInput
from cloud_functions.runtime import registrar as module
from cloud_functions.runtime.registrar import Registrar, TooManyRequests
from cloud_functions.storage.sqlite_registry import SqliteRegistry


class Listener:
    """Remembers what it was told, and what was on disk then."""

    def __init__(self, path) -> None:
        self.path = path
        self.events: list[str] = []
        self.closed: list[list[str]] = []

    def publish(self, _kind, topic, _body) -> None:
        name = topic.split("/")[3]
        store = SqliteRegistry(self.path)
        assert store.things.get(name) is not None
        store.close()
        self.events.append(topic)

    def changed(self, closed) -> None:
        self.closed.append(list(closed))


@pytest.fixture
def listener(tmp_path):
    return Listener(tmp_path / "cloud.db")


@pytest.fixture
async def registrar(tmp_path, listener):
    made = Registrar(
        tmp_path / "cloud.db", changed=listener.changed, publish_event=listener.publish
    )
    yield made
    await made.close()


def create(name: str, attributes=None):
    return lambda transaction: things.create(transaction, name, attributes or {})


def create_and_refuse(registrar) -> None:
    with registrar.open() as transaction:
        things.create(transaction, "r2", {})
        raise InvalidInput("no")


async def test_an_answer_comes_after_the_commit_and_the_event_after_it(
    registrar, listener, tmp_path
) -> None:
    made = await registrar.run(create("r1"))

    other = SqliteRegistry(tmp_path / "cloud.db")
    assert other.things.get("r1") == made
    other.close()
    assert listener.events == ["$aws/events/thing/r1/created"]
    assert listener.closed == []


async def test_what_arrives_together_is_committed_together(registrar, monkeypatch) -> None:
    commits: list[int] = []
    commit = Registrar._commit

    def counted(self, batch):
        commits.append(len(batch))
        return commit(self, batch)

    monkeypatch.setattr(Registrar, "_commit", counted)

    await asyncio.gather(*(registrar.run(create(f"r{n}")) for n in range(200)))

    assert sum(commits) == 200
    assert len(commits) < 20


async def test_one_that_is_refused_leaves_nothing_and_the_others_go_on(registrar, listener) -> None:
    def writes_then_refuses(transaction):
        things.create(transaction, "bad", {})
        raise InvalidInput("no")

    said = await asyncio.gather(
        registrar.run(create("a")),
        registrar.run(writes_then_refuses),
        registrar.run(create("b")),
        registrar.run(lambda transaction: [t.name for t in transaction.store.things.find()]),
        return_exceptions=True,
    )

    assert isinstance(said[1], InvalidInput)
    assert said[3] == ["a", "b"]
    assert listener.events == [f"$aws/events/thing/{name}/created" for name in "ab"]


async def test_a_commit_that_fails_is_told_to_all_and_to_no_listener(
    registrar, listener, monkeypatch
) -> None:
    def full(_self, _batch):
        raise sqlite3.OperationalError("disk full")

    monkeypatch.setattr(Registrar, "_commit", full)

    said = await asyncio.gather(
        *(registrar.run(create(name)) for name in "ab"), return_exceptions=True
    )

    assert [str(each) for each in said] == ["disk full", "disk full"]
    assert listener.events == []


async def test_who_may_do_what_is_told_once_for_a_commit(registrar, listener, foreign_pem) -> None:
    pems = [foreign_pem(f"c{n}") for n in range(3)]
    ids = await asyncio.gather(
        *(
            registrar.run(lambda t, pem=pem: certificates.add(t, pem, Status.ACTIVE).id)
            for pem in pems
        )
    )
    listener.closed.clear()

    await asyncio.gather(
        *(registrar.run(lambda t, i=i: certificates.update(t, i, Status.REVOKED)) for i in ids)
    )

    assert sorted(each for told in listener.closed for each in told) == sorted(ids)
    assert len(listener.closed) < 3


async def test_a_listener_in_trouble_does_not_take_the_answer_away(tmp_path, caplog) -> None:
    def broken(_kind, _topic, _body):
        raise RuntimeError("nobody listens")

    registrar = Registrar(tmp_path / "cloud.db", publish_event=broken)

    assert (await registrar.run(create("r1"))).name == "r1"
    assert "nobody listens" in caplog.text
    await registrar.close()


async def test_too_many_that_wait_are_refused(registrar, monkeypatch) -> None:
    monkeypatch.setattr(module, "_MAX_WAITING", 3)

    said = await asyncio.gather(
        *(registrar.run(create(f"r{n}")) for n in range(5)), return_exceptions=True
    )

    assert [isinstance(each, TooManyRequests) for each in said] == [False] * 3 + [True] * 2


async def test_a_transaction_for_who_cannot_wait_is_told_as_well(registrar, listener) -> None:
    with registrar.open() as transaction:
        things.create(transaction, "r1", {})
        assert listener.events == []
    with pytest.raises(InvalidInput):
        create_and_refuse(registrar)

    assert listener.events == ["$aws/events/thing/r1/created"]
    names = await registrar.run(lambda t: [thing.name for thing in t.store.things.find()])
    assert names == ["r1"]
