"""Whether a caller of AWS's APIs is who the signature says (design, section 4)."""

import json
import secrets
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Final

from starlette.requests import HTTPConnection

from cloud_functions.contract.aws_signature import (
    Credentials,
    SignatureRefused,
    Signed,
    claim_of,
    verify,
)
from cloud_functions.errors import Forbidden, InvalidDeclaration

_KEY_PREFIX: Final = "AKIALOCAL"


class AwsAuthMode(StrEnum):
    """`any` accepts whatever somebody signs with, `sigv4` the local credentials alone."""

    ANY = "any"
    SIGV4 = "sigv4"


class NotSigned(Forbidden):
    """The signature is missing or wrong; the code is AWS's."""

    def __init__(self, refused: SignatureRefused) -> None:
        super().__init__(str(refused))
        self.code = refused.code


def mode_of(text: str) -> AwsAuthMode:
    """The mode behind a flag.  Raises InvalidDeclaration."""
    try:
        return AwsAuthMode(text)
    except ValueError:
        raise InvalidDeclaration(f"--aws-auth is any or sigv4, not {text!r}") from None


def local_credentials(path: Path) -> Credentials:
    """The credentials in a file of the data directory, made at the first call."""
    if not path.exists():
        made = Credentials(_KEY_PREFIX + secrets.token_hex(5).upper(), secrets.token_urlsafe(30))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(json.dumps(made._asdict(), indent=2) + "\n")
    said = json.loads(path.read_text())
    return Credentials(said["access_key"], said["secret"])


class AwsAuth:
    """Checks signatures, or (without credentials) only that there is one where it must be."""

    def __init__(self, credentials: Credentials | None, clock: Callable[[], float]) -> None:
        self._credentials = credentials
        self._clock = clock

    @property
    def is_strict(self) -> bool:
        """Whether signatures must be right."""
        return self._credentials is not None

    def check(self, connection: HTTPConnection, body: bytes, *, must_be_signed: bool) -> str:
        """The access key it is signed with, empty if it is not and need not be.

        Raises NotSigned.
        """
        request = _signed(connection, body)
        try:
            if self._credentials is not None:
                verify(self._credentials, request, self._clock())
            elif not must_be_signed:
                return ""
            return claim_of(request).access_key
        except SignatureRefused as refused:
            raise NotSigned(refused) from None


def _signed(connection: HTTPConnection, body: bytes) -> Signed:
    scope = connection.scope
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    return Signed(
        scope.get("method", "GET"),
        scope["raw_path"].decode("latin-1").partition("?")[0],
        scope["query_string"].decode("latin-1"),
        headers,
        body,
    )
