"""AWS Signature Version 4: what a request is signed with, and whether a signature is right.

Theory of operation.  A request becomes a text in one form (method, path, query, signed headers,
payload's hash); that text with date, region and service becomes the text to sign; a key derived
from the secret, date, region and service signs it.  Signing and checking build the same texts.

What is easy to break: the path is encoded a second time, so `/topics/a%2Fb` is signed as
`/topics/a%252Fb`; and a presigned URL's security token may have been added after the signature.
"""

import datetime
import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, quote

from cloud_functions.contract.whole_numbers import whole_number
from cloud_functions.region import REGION

ALGORITHM: Final = "AWS4-HMAC-SHA256"
_TERMINATOR: Final = "aws4_request"
_DATE: Final = "%Y%m%dT%H%M%SZ"
_UNSIGNED: Final = "UNSIGNED-PAYLOAD"
_SKEW_S: Final = 900.0
_LONGEST_S: Final = 604_800
_SCOPE_PARTS: Final = 5
_SIGNATURE: Final = "X-Amz-Signature"
_TOKEN: Final = "X-Amz-Security-Token"  # noqa: S105  the name of a parameter


class SignatureRefused(ValueError):
    """The signature is missing, broken or wrong; `code` is AWS's name for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Credentials(NamedTuple):
    """What somebody signs with."""

    access_key: str
    secret: str


class Signed(NamedTuple):
    """A request as it was signed; `path` and `query` as they stand in the request line.

    Headers have lower-case names.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


class Claim(NamedTuple):
    """What a request says of its signature."""

    access_key: str
    scope: str
    date: str
    signed_headers: Sequence[str]
    signature: str
    expires_s: int
    is_presigned: bool


# ------------------------------------------------------------ signing


def signed_headers(
    credentials: Credentials, request: Signed, *, service: str, now_s: float, region: str = REGION
) -> Mapping[str, str]:
    """The headers that sign a request; it is sent with them and those it has."""
    date = datetime.datetime.fromtimestamp(now_s, datetime.UTC).strftime(_DATE)
    headers = {**request.headers, "x-amz-date": date}
    scope = f"{date[:8]}/{region}/{service}/{_TERMINATOR}"
    names = sorted(headers)
    form = _canonical(request._replace(headers=headers), names, quote(request.path, safe="/~"))
    signature = _signature(credentials.secret, scope, date, form)
    return {
        "x-amz-date": date,
        "authorization": (
            f"{ALGORITHM} Credential={credentials.access_key}/{scope},"
            f" SignedHeaders={';'.join(names)}, Signature={signature}"
        ),
    }


# ------------------------------------------------------------ checking


def claim_of(request: Signed) -> Claim:
    """What a request says of its signature, in a header or in its query.

    Raises SignatureRefused if it says nothing or something broken.
    """
    header = request.headers.get("authorization", "")
    if header.startswith(ALGORITHM):
        said = {
            name.strip(): value
            for name, sign, value in (
                part.partition("=") for part in header[len(ALGORITHM) :].split(",")
            )
            if sign
        }
        return _claim(
            said.get("Credential", ""),
            request.headers.get("x-amz-date", ""),
            said.get("SignedHeaders", ""),
            said.get("Signature", ""),
            expires_s=0,
            is_presigned=False,
        )
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    if _SIGNATURE in query:
        expires = query.get("X-Amz-Expires", "0")
        return _claim(
            query.get("X-Amz-Credential", ""),
            query.get("X-Amz-Date", ""),
            query.get("X-Amz-SignedHeaders", ""),
            query[_SIGNATURE],
            expires_s=whole_number(expires) or 0,
            is_presigned=True,
        )
    raise SignatureRefused("MissingAuthenticationTokenException", "the request is not signed")


def _claim(
    credential: str, date: str, names: str, signature: str, *, expires_s: int, is_presigned: bool
) -> Claim:
    access_key, slash, scope = credential.partition("/")
    is_whole = slash and scope.count("/") == _SCOPE_PARTS - 2 and scope.endswith(_TERMINATOR)
    if not is_whole or not date or not names or not signature:
        raise SignatureRefused(
            "IncompleteSignatureException",
            "a signature has Credential=KEY/DATE/REGION/SERVICE/aws4_request, SignedHeaders,"
            " Signature and X-Amz-Date",
        )
    return Claim(access_key, scope, date, names.split(";"), signature, expires_s, is_presigned)


def verify(credentials: Credentials, request: Signed, now_s: float) -> None:
    """Returns if the request is signed with these credentials now.  Raises SignatureRefused."""
    claim = claim_of(request)
    if claim.access_key != credentials.access_key:
        raise SignatureRefused(
            "UnrecognizedClientException", f"the access key {claim.access_key} is not known here"
        )
    _check_time(claim, now_s)
    if "host" not in claim.signed_headers:
        raise SignatureRefused("InvalidSignatureException", "the header host must be signed")
    for form in _forms(request, claim):
        wanted = _signature(credentials.secret, claim.scope, claim.date, form)
        if hmac.compare_digest(wanted, claim.signature):
            return
    raise SignatureRefused(
        "InvalidSignatureException",
        "the signature does not fit the request: another secret, or the request was changed",
    )


def _check_time(claim: Claim, now_s: float) -> None:
    try:
        date = datetime.datetime.strptime(claim.date, _DATE).replace(tzinfo=datetime.UTC)
    except ValueError:
        raise SignatureRefused(
            "IncompleteSignatureException", f"X-Amz-Date is YYYYMMDDTHHMMSSZ, not {claim.date!r}"
        ) from None
    age_s = now_s - date.timestamp()
    longest_s = min(claim.expires_s, _LONGEST_S) or _SKEW_S
    if not -_SKEW_S <= age_s <= max(longest_s, 0) or not claim.scope.startswith(claim.date[:8]):
        raise SignatureRefused("InvalidSignatureException", f"the signature of {claim.date} is old")


def _forms(request: Signed, claim: Claim) -> Iterable[str]:
    """The forms a right signature may have been made of."""
    bare = request._replace(query=_without(request.query, _SIGNATURE))
    untold = bare._replace(query=_without(bare.query, _TOKEN))
    paths = dict.fromkeys([quote(request.path, safe="/~"), request.path or "/"])
    for path in paths:
        yield _canonical(bare, claim.signed_headers, path)
        if claim.is_presigned and untold.query != bare.query:
            yield _canonical(untold, claim.signed_headers, path)


def _without(query: str, name: str) -> str:
    return "&".join(pair for pair in query.split("&") if pair.partition("=")[0] != name)


# ------------------------------------------------------------ the texts


def _canonical(request: Signed, names: Sequence[str], path: str) -> str:
    headers = request.headers
    lines = [f"{name}:{' '.join(headers.get(name, '').split())}" for name in names]
    return "\n".join(
        [
            request.method,
            path or "/",
            _canonical_query(request.query),
            *lines,
            "",
            ";".join(names),
            _payload_hash(request),
        ]
    )


def _canonical_query(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    encoded = [(quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in pairs]
    return "&".join(f"{name}={value}" for name, value in sorted(encoded))


def _payload_hash(request: Signed) -> str:
    """The hash that was signed: of what really came, unless the sender left it out aloud."""
    if request.headers.get("x-amz-content-sha256") == _UNSIGNED:
        return _UNSIGNED
    return hashlib.sha256(request.body).hexdigest()


def _signature(secret: str, scope: str, date: str, form: str) -> str:
    digest = hashlib.sha256(form.encode()).hexdigest()
    to_sign = f"{ALGORITHM}\n{date}\n{scope}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, to_sign.encode(), "sha256").hex()
