"""Links to blobs: they work until they expire, and only for what they were signed for."""

import httpx2
import pytest
from starlette.applications import Starlette

from cloud_functions.jobs.plan.document import S3Object
from cloud_functions.runtime.http.signed_links import SignedLinks, load_secret, routes
from cloud_functions.storage.file_blobs import FileBlobs

PLACE = S3Object("firmware", "v2/image.bin")


@pytest.fixture
def blobs(tmp_path):
    stored = FileBlobs(tmp_path / "blobs")
    stored.put("firmware/v2/image.bin", b"0123456789")
    return stored


@pytest.fixture
def links(tmp_path):
    return SignedLinks(load_secret(tmp_path / "pki" / "links.key"), "http://cloud.test")


async def fetch(links, blobs, address: str, now_s: float, **headers: str):
    app = Starlette(routes=list(routes(links, blobs, lambda: now_s)))
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport) as client:
        return await client.get(address, headers=headers)


async def test_a_link_works_until_it_expires(links, blobs) -> None:
    address = links.sign(PLACE, 60, 1000.5)

    early, late = [await fetch(links, blobs, address, now) for now in (1060.0, 1060.5)]

    assert (early.status_code, early.content) == (200, b"0123456789")
    assert late.status_code == 403
    assert "Request has expired" in late.text


async def test_a_link_is_for_one_blob_and_one_time(links, blobs) -> None:
    address = links.sign(PLACE, 60, 1000.0)
    others = [
        address.replace("image", "other"),
        address.replace("firmware", "maps"),
        address.replace("Expires=1060", "Expires=9060"),
        address.replace("Expires=1060", "Expires=never"),
        address.partition("?")[0],
        SignedLinks(b"another secret", "http://cloud.test").sign(PLACE, 60, 1000.0),
    ]

    answers = [await fetch(links, blobs, each, 1000.0) for each in others]

    assert {answer.status_code for answer in answers} == {403}


@pytest.mark.parametrize("key", ["nothing", "no name for a blob", "v2"])
async def test_what_is_not_there_is_not_found(links, blobs, key) -> None:
    address = links.sign(S3Object("firmware", key), 60, 0.0)

    answer = await fetch(links, blobs, address, 0.0)

    assert answer.status_code == 404
    assert "NoSuchKey" in answer.text


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("bytes=0-3", (206, b"0123", "bytes 0-3/10")),
        ("bytes=8-", (206, b"89", "bytes 8-9/10")),
        ("bytes=8-99", (206, b"89", "bytes 8-9/10")),
        ("bytes=-3", (206, b"789", "bytes 7-9/10")),
        ("bytes=10-", (416, None, "bytes */10")),
        ("bytes=4-2", (416, None, "bytes */10")),
        ("bytes=0-1,3-4", (200, b"0123456789", None)),
        ("lines=1-2", (200, b"0123456789", None)),
    ],
)
async def test_a_range_of_bytes_is_served(links, blobs, asked, expected) -> None:
    status, body, said = expected

    answer = await fetch(links, blobs, links.sign(PLACE, 60, 0.0), 0.0, Range=asked)

    assert answer.status_code == status
    assert body is None or answer.content == body
    assert answer.headers.get("content-range") == said


def test_the_secret_is_made_once_and_for_nobody_else(tmp_path) -> None:
    path = tmp_path / "pki" / "links.key"

    first = load_secret(path)

    assert load_secret(path) == first
    assert len(first) == 32
    assert path.stat().st_mode & 0o077 == 0
