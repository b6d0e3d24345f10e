"""One promise for every table, kept by each adapter."""

import boto3
import moto
import pytest

from cloud_functions.errors import InvalidRequest, VersionConflict
from cloud_functions.ports import Delete, Put
from cloud_functions.storage.dynamodb_table import DynamoDbTable
from cloud_functions.storage.file_blobs import FileBlobs, FileBuckets
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


ODD_KEYS = [
    *(
        "a",
        "a/b",
        "a/b/c",
        "hash/out//all",
        "/lead",
        "trail/",
        "/",
        "é ü/%2F?*.json",
        "é ü//F?*.json",
    ),
    *("%2F", "a%2Fb", "%objects/a", ".", "..", "...", ".hidden", "a\\b", "new\nline", '"<>|'),
    *("k" * 300, "k" * 1024, "é" * 512, "d/" * 512, "f" * 300 + "/x", "x/" + "f" * 300),
    *("é" * 511 + "aa", "A b+c=d&e@f,g!h", "🤖/🗺.json"),
]


def test_any_key_of_s3_is_a_name_of_its_own(blobs) -> None:
    assert [blobs.get(key) for key in ODD_KEYS] == [None] * len(ODD_KEYS)

    for number, key in enumerate(ODD_KEYS):
        blobs.put(key, b"old")
        blobs.put(key, b"%d" % number)

    assert [blobs.get(key) for key in ODD_KEYS] == [b"%d" % n for n in range(len(ODD_KEYS))]
    assert [blobs.delete(key) for key in ODD_KEYS] == [True] * len(ODD_KEYS)
    assert [blobs.get(key) for key in ODD_KEYS] == [None] * len(ODD_KEYS)


def test_a_key_and_one_below_it_come_in_any_order(blobs) -> None:
    for first, second in (("p", "p/q"), ("r/s", "r")):
        blobs.put(first, b"1")
        blobs.put(second, b"2")
        assert (blobs.get(first), blobs.get(second)) == (b"1", b"2")

        assert blobs.delete(first)
        assert (blobs.get(first), blobs.get(second)) == (None, b"2")
        blobs.put(second, b"3")
        blobs.put(first, b"4")
        assert (blobs.get(first), blobs.get(second)) == (b"4", b"3")

        assert (blobs.delete(second), blobs.delete(second)) == (True, False)
        assert (blobs.get(first), blobs.get(second)) == (b"4", None)


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../b", "a//b", "a/./b", "..", "."])
def test_a_blobs_file_never_leaves_its_folder(tmp_path, name) -> None:
    folder = tmp_path / "deep" / "blobs"

    FileBlobs(folder).put(name, b"x")

    (found,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert found.is_relative_to(folder)
    assert found.read_bytes() == b"x"


@pytest.mark.parametrize("name", ["", "k" * 1025, "é" * 513, "\ud800"])
def test_what_is_no_key_of_s3_is_refused(tmp_path, name) -> None:
    for does in (FileBlobs(tmp_path).get, FileBlobs(tmp_path).delete):
        with pytest.raises(InvalidRequest):
            does(name)
    with pytest.raises(InvalidRequest):
        FileBlobs(tmp_path).put(name, b"")


def test_a_file_laid_into_the_folder_is_a_blob(tmp_path) -> None:
    (tmp_path / "fleet/v2").mkdir(parents=True)
    (tmp_path / "fleet/v2/job.json").write_bytes(b"laid")
    blobs = FileBlobs(tmp_path)

    assert blobs.get("v2/job.json") is None
    assert blobs.get("fleet/v2/job.json") == b"laid"
    assert FileBuckets(tmp_path).get("fleet/v2/job.json") == b"laid"
    blobs.put("fleet", b"over a folder")
    assert (blobs.get("fleet"), blobs.get("fleet/v2/job.json")) == (b"over a folder", b"laid")


@pytest.mark.parametrize("key", ODD_KEYS)
def test_a_bucket_is_the_same_seen_alone_and_among_others(tmp_path, key) -> None:
    FileBlobs(tmp_path / "raw").put(key, b"x")
    FileBlobs(tmp_path / "raw").put("raw", b"other")

    assert FileBuckets(tmp_path).get(f"raw/{key}") == b"x"


@pytest.mark.parametrize("name", ["", "raw", "raw/", "/x", "../x", "a b/x"])
def test_a_name_without_bucket_or_key_is_refused(tmp_path, name) -> None:
    with pytest.raises(InvalidRequest):
        FileBuckets(tmp_path).put(name, b"")
