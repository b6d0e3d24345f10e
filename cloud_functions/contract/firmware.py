"""The job document that tells a robot to install firmware (AWS reference, section 4.4).

The service carries any JSON object; this is the one that robots of this product understand.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

INSTALL: Final = "install"
"""The only operation robots know."""
MAX_VERSION: Final = 128
MAX_URL: Final = 4096
MAX_SIZE_BYTES: Final = 2**31 - 1
_MAX_FAMILIES: Final = 20
_SHA256: Final = re.compile(r"[0-9a-f]{64}\Z")


class InvalidDocument(Exception):
    """No document that a robot can follow; the message says what is wrong and what is allowed."""


@dataclass(frozen=True, slots=True)
class FirmwareDocument:
    """What is to be installed, from where, and for whom."""

    version: str
    url: str
    size_bytes: int = 0
    """0 where the document does not say."""
    sha256: str = ""
    families: Sequence[str] = ()
    """Whom it is for; empty for everybody."""
    simulated: Mapping[str, Any] = field(default_factory=dict)
    """What simulated robots are to make of it; real ones pass it over."""

    @classmethod
    def parse(cls, said: Any) -> "FirmwareDocument":
        """The document behind a job's.  Raises InvalidDocument."""
        if not isinstance(said, Mapping):
            raise InvalidDocument("the job document is a JSON object")
        operation = said.get("operation")
        if operation != INSTALL:
            raise InvalidDocument(f"operation is {INSTALL!r}, not {_shown(operation)}")
        simulated = said.get("simulated", {})
        if not isinstance(simulated, Mapping):
            raise InvalidDocument(f"simulated is an object, not {_shown(simulated)}")
        return cls(
            version=_version(said.get("version")),
            url=_url(said.get("url")),
            size_bytes=_size(said.get("size", 0)),
            sha256=_sum(said.get("sha256", "")),
            families=_families(said.get("families", [])),
            simulated=simulated,
        )


def _version(said: Any) -> str:
    """A text; a whole number is taken for its digits."""
    if type(said) is int and said >= 0:
        said = str(said)
    if isinstance(said, str) and 0 < len(said) <= MAX_VERSION and said.isprintable():
        return said
    raise InvalidDocument(
        f"version is a text of 1 to {MAX_VERSION} characters or a number, not {_shown(said)}"
    )


def _url(said: Any) -> str:
    if isinstance(said, str) and len(said) <= MAX_URL and said.startswith(("https://", "http://")):
        return said
    raise InvalidDocument(f"url is an https address, not {_shown(said)}")


def _size(said: Any) -> int:
    if type(said) is int and 0 <= said <= MAX_SIZE_BYTES:
        return said
    raise InvalidDocument(f"size is 0 to {MAX_SIZE_BYTES} bytes, not {_shown(said)}")


def _sum(said: Any) -> str:
    if isinstance(said, str) and (not said or _SHA256.match(said)):
        return said
    raise InvalidDocument(f"sha256 is 64 hexadecimal digits, not {_shown(said)}")


def _families(said: Any) -> Sequence[str]:
    is_list = isinstance(said, list) and len(said) <= _MAX_FAMILIES
    if is_list and all(isinstance(each, str) for each in said):
        return tuple(said)
    raise InvalidDocument(f"families is a list of up to {_MAX_FAMILIES} names, not {_shown(said)}")


def _shown(value: Any) -> str:
    """A value for a message: short, printable, one line."""
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004  a line's worth
