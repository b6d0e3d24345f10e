"""A data directory of the first layout goes on: its three tables are taken over on opening."""

import sqlite3

import pytest

from cloud_functions.registry.certificates import Status
from cloud_functions.storage.sqlite_registry import SqliteRegistry

FIRST = """
CREATE TABLE things (
  name TEXT PRIMARY KEY, attributes TEXT NOT NULL, version INTEGER NOT NULL, id TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE certificates (
  id TEXT PRIMARY KEY, common_name TEXT NOT NULL, pem TEXT NOT NULL, thing TEXT NOT NULL,
  policy TEXT NOT NULL, status TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE policies (name TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE accounts (email TEXT PRIMARY KEY) WITHOUT ROWID;
INSERT INTO things VALUES ('r1', '{"family": "s9"}', 2, 'an-id');
INSERT INTO policies VALUES ('own-topics', '{}');
INSERT INTO certificates VALUES ('c1', 'cn1', 'pem1', 'r1', 'own-topics', 'ACTIVE');
INSERT INTO certificates VALUES ('c2', 'cn2', 'pem2', 'nobody', 'nothing', 'REVOKED');
INSERT INTO accounts VALUES ('ada@example.com');
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "cloud.db"
    connection = sqlite3.connect(path)
    connection.executescript(FIRST)
    connection.close()
    return path


def test_things_certificates_and_policies_are_there_with_their_attachments(path) -> None:
    for _ in range(2):  # opened twice, taken over once
        store = SqliteRegistry(path)

        thing, first, second = (
            store.things.get("r1"),
            store.certificate("c1"),
            store.certificate("c2"),
        )
        assert (thing.attributes, thing.version, thing.thing_id) == ({"family": "s9"}, 2, "an-id")
        assert (first.common_name, first.pem, first.status) == ("cn1", "pem1", Status.ACTIVE)
        assert second.status is Status.REVOKED
        assert store.policy_documents("c1") == ["{}"]
        assert [each.name for each in store.attached_things("c1")] == ["r1"]
        assert store.policy_documents("c2") == store.attached_things("c2") == []
        store.close()


def test_what_others_keep_in_the_file_stays(path) -> None:
    SqliteRegistry(path).close()

    connection = sqlite3.connect(path)
    names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    connection.close()
    assert "accounts" in names
    assert not {"things", "certificates", "policies"} & names
