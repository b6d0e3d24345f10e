"""The job document: what it may be, where it comes from, and its links (AWS reference, 4.1)."""

import re
from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

import orjson

from cloud_functions.jobs.errors import InvalidRequest
from cloud_functions.jobs.limits import JobLimits

_LINK: Final = re.compile(r"\$\{aws:iot:s3-presigned-url:([^}\"\\]+)\}")
_PATH_STYLE: Final = re.compile(r"s3([.-][a-z0-9-]+)*\.amazonaws\.com(\.cn)?\Z")
_HOST_STYLE: Final = re.compile(r"(.+)\.s3([.-][a-z0-9-]+)*\.amazonaws\.com(\.cn)?\Z")


class S3Object(NamedTuple):
    """A place in S3, and so in the blob store."""

    bucket: str
    key: str


def check_document(text: str, limits: JobLimits) -> str:
    """The document itself, if it may be one.  Raises InvalidRequest."""
    if len(text.encode()) > limits.document_bytes:
        raise InvalidRequest(f"document has at most {limits.document_bytes} bytes")
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(f"document is not JSON: {error}") from None
    if not isinstance(said, dict):
        raise InvalidRequest("document is a JSON object")
    return text


def s3_object(url: str) -> S3Object:
    """The object behind an S3 URL of either style.  Raises InvalidRequest."""
    parts = urlsplit(url)
    path = unquote(parts.path).lstrip("/")
    host = parts.hostname or ""
    if parts.scheme == "https" and _PATH_STYLE.match(host):
        bucket, _, key = path.partition("/")
    elif parts.scheme == "https" and (found := _HOST_STYLE.match(host)):
        bucket, key = found.group(1), path
    else:
        bucket = key = ""
    if not bucket or not key:
        raise InvalidRequest(
            f"{url!r} is no S3 object: https://s3.REGION.amazonaws.com/BUCKET/KEY or"
            " https://BUCKET.s3.REGION.amazonaws.com/KEY"
        )
    return S3Object(bucket, key)


def check_links(document: str) -> None:
    """Every place for a signed link names an S3 object.  Raises InvalidRequest."""
    for found in _LINK.finditer(document):
        s3_object(found.group(1))


def delivered(document: str, sign: Callable[[S3Object], str] | None) -> str:
    """The document as a thing gets it: with `sign`, every place for a link holds one."""
    if sign is None:
        return document
    return _LINK.sub(lambda found: sign(s3_object(found.group(1))), document)
