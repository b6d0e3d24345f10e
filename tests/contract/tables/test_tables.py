"""One promise for every table, kept by each adapter."""

import boto3
import moto
import pytest

from cloud_functions.errors import InvalidRequest, VersionConflict
from cloud_functions.ports import Delete, Put
from cloud_functions.storage.dynamodb_table import DynamoDbTable
from cloud_functions.storage.file_blobs import FileBlobs
from cloud_functions.storage.s3_blobs import S3Blobs
from cloud_functions.storage.sqlite_table import SqliteTables

KEYS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture(params=["sqlite", "dynamodb"])
def table(request, tmp_path, monkeypatch):
    if request.param == "sqlite":
        file = SqliteTables(tmp_path / "tables.db")
        yield file.table("things")
        file.close()
        return
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with moto.mock_aws():
        client = boto3.client("dynamodb")
        client.create_table(
            TableName="things",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")
            ],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
        )
        yield DynamoDbTable(client, "things")


def test_what_was_put_is_got_with_its_version(table) -> None:
    assert table.get(("r", "a")) is None

    first = table.put(("r", "a"), {"battery": 80, "name": "Küche", "share": 0.5, "list": [1, None]})
    second = table.put(("r", "a"), {"battery": 79})

    assert (first, second) == (1, 2)
    assert table.get(("r", "a")) == (("r", "a"), {"battery": 79}, 2)


def test_whole_numbers_keep_their_38_digits(table) -> None:
    item = {"big": 12345678901234567890123, "list": [-(10**37)], "share": 0.1}

    table.put(("r", "a"), item)

    assert table.get(("r", "a")).item == item


def test_a_stale_version_is_refused_and_nothing_changes(table) -> None:
    table.put(("r", "a"), {"n": 1}, expected_version=0)

    with pytest.raises(VersionConflict):
        table.put(("r", "a"), {"n": 2}, expected_version=0)
    with pytest.raises(VersionConflict):
        table.put(("r", "a"), {"n": 2}, expected_version=7)
    assert table.get(("r", "a")).item == {"n": 1}


def test_deleting_says_whether_it_was_there(table) -> None:
    table.put(("r", "a"), {})

    assert (table.delete(("r", "a")), table.delete(("r", "a"))) == (True, False)


def test_a_query_goes_through_a_partition_in_order_page_by_page(table) -> None:
    for sort in ("m#1", "m#3", "m#2", "x#1"):
        table.put(("r", sort), {"s": sort})
    table.put(("other", "m#0"), {})

    def sorts(**asked):
        return [stored.key[1] for stored in table.query("r", **asked)]

    assert sorts(prefix="m#") == ["m#1", "m#2", "m#3"]
    assert sorts(prefix="m#", newest_first=True, limit=2) == ["m#3", "m#2"]
    assert sorts(prefix="m#", newest_first=True, after="m#2") == ["m#1"]
    assert sorts(prefix="m#", after="m#1") == ["m#2", "m#3"]
    assert sorts() == ["m#1", "m#2", "m#3", "x#1"]


def test_changes_are_made_together_or_not_at_all(table) -> None:
    table.put(("r", "a"), {"n": 1})

    table.write([Put(("r", "b"), {"n": 2}, 0), Delete(("r", "a"))])
    with pytest.raises(VersionConflict):
        table.write([Put(("r", "c"), {"n": 3}), Put(("r", "b"), {"n": 9}, expected_version=0)])

    assert table.get(("r", "a")) is None
    assert table.get(("r", "b")).item == {"n": 2}
    assert table.get(("r", "c")) is None


@pytest.fixture(params=["files", "s3"])
def blobs(request, tmp_path, monkeypatch):
    if request.param == "files":
        yield FileBlobs(tmp_path / "blobs")
        return
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with moto.mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="maps")
        yield S3Blobs(client, "maps")


def test_a_blob_is_kept_replaced_and_removed(blobs) -> None:
    assert blobs.get("missions/r/1.json") is None

    blobs.put("missions/r/1.json", b"one")
    blobs.put("missions/r/1.json", b"two")

    assert blobs.get("missions/r/1.json") == b"two"
    assert (blobs.delete("missions/r/1.json"), blobs.delete("missions/r/1.json")) == (True, False)


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../b", "", "a//b", "a/./b"])
def test_a_blobs_name_cannot_leave_its_folder(tmp_path, name) -> None:
    with pytest.raises(InvalidRequest):
        FileBlobs(tmp_path).put(name, b"")
