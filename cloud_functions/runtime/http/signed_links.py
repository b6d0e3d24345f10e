"""Links to blobs that work without credentials until they expire, as S3's presigned URLs do.

A link is `/_s3/BUCKET/KEY?Expires=EPOCH&Signature=HEX`; the signature is an HMAC over the place and
the time with a secret of the data directory.  A blob's name is its bucket and its key.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from cloud_functions.contract.whole_numbers import whole_number
from cloud_functions.errors import InvalidRequest
from cloud_functions.jobs.plan.document import S3Object
from cloud_functions.ports import BlobStore, Clock


def load_secret(path: Path) -> bytes:
    """The secret in the file, made at the first time."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(32))
    return path.read_bytes()


class SignedLinks:
    """An adapter of `jobs.ports.Links` for the cloud at this address."""

    def __init__(self, secret: bytes, address: str) -> None:
        self._secret = secret
        self._address = address

    def sign(self, place: S3Object, expires_in_s: int, now_s: float) -> str:
        """An address that works until it expires."""
        expires = str(int(now_s) + expires_in_s)
        query = urlencode({"Expires": expires, "Signature": self._signature(place, expires)})
        return f"{self._address}/_s3/{quote(place.bucket)}/{quote(place.key)}?{query}"

    def refusal(self, place: S3Object, expires: str, signature: str, now_s: float) -> str | None:
        """Why an address does not work, None if it does."""
        if not hmac.compare_digest(self._signature(place, expires).encode(), signature.encode()):
            return "The signature does not match"
        return "Request has expired" if int(expires) < now_s else None

    def _signature(self, place: S3Object, expires: str) -> str:
        said = f"{place.bucket}/{place.key}\n{expires}".encode()
        return hmac.new(self._secret, said, hashlib.sha256).hexdigest()


def routes(links: SignedLinks, blobs: BlobStore, clock: Clock) -> Sequence[BaseRoute]:
    """The route that serves signed links, whole or a range of bytes."""

    async def get(request: Request) -> Response:
        place = S3Object(request.path_params["bucket"], request.path_params["key"])
        query = request.query_params
        expires, signature = query.get("Expires", ""), query.get("Signature", "")
        refusal = links.refusal(place, expires, signature, clock())
        if refusal is not None:
            return _error(403, "AccessDenied", refusal)
        try:
            found = blobs.get(f"{place.bucket}/{place.key}")
        except InvalidRequest:
            found = None
        if found is None:
            return _error(404, "NoSuchKey", "The specified key does not exist.")
        return _served(found, request.headers.get("range", ""))

    return [Route("/_s3/{bucket}/{key:path}", get, methods=["GET"])]


def _served(found: bytes, asked: str) -> Response:
    headers = {"accept-ranges": "bytes"}
    wanted = _range(asked, len(found))
    if wanted is None:
        return Response(found, media_type="application/octet-stream", headers=headers)
    if not wanted:
        headers["content-range"] = f"bytes */{len(found)}"
        return _error(416, "InvalidRange", "The requested range is not satisfiable", headers)
    headers["content-range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{len(found)}"
    part = found[wanted.start : wanted.stop]
    return Response(part, 206, media_type="application/octet-stream", headers=headers)


def _range(asked: str, size: int) -> range | None:
    """The bytes of a Range header with one range; empty where there are none, None without."""
    unit, _, text = asked.partition("=")
    first, dash, last = text.strip().partition("-")
    if unit.strip() != "bytes" or not dash:
        return None
    begin, end = whole_number(first or "0"), whole_number(last or str(size))
    if begin is None or end is None or min(begin, end) < 0 or not first + last:
        return None
    if not first:
        return range(max(0, size - end), size)
    return range(begin, min(end + 1, size))


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    """An error as S3 writes it."""
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Response(body, status, media_type="application/xml", headers=headers)
