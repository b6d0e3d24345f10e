"""The certificates of robots in a folder, as `robofleet certificate THING --out DIR/THING` writes.

A thing's own folder comes first; what lies in the folder itself is for all the others.
"""

import functools
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from device_sim.link.port import LinkRefused

CERTIFICATE: Final = "certificate.pem"
KEY: Final = "private.key"
CA: Final = "ca.pem"
_MOST_CONTEXTS: Final = 64
"""Kept at a time: robots that share a certificate share its context."""


@dataclass(frozen=True, slots=True)
class Certificates:
    """Who the robots of a fleet are, and whom they trust."""

    folder: Path

    def __call__(self, thing: str) -> ssl.SSLContext:
        """A thing's context.  Raises LinkRefused."""
        return _context(*self.files(thing))

    def files(self, thing: str) -> tuple[Path, Path, Path | None]:
        """Certificate, key and CA of a thing; without a CA the system's are trusted.

        Raises LinkRefused.
        """
        for folder in (self.folder / thing, self.folder):
            certificate, key, ca = folder / CERTIFICATE, folder / KEY, folder / CA
            if certificate.exists() and key.exists():
                return certificate, key, ca if ca.exists() else None
        raise LinkRefused(
            f"no certificate for {thing}: there is neither {self.folder / thing / CERTIFICATE}"
            f" nor {self.folder / CERTIFICATE} with its {KEY};"
            f" make one with `robofleet certificate {thing} --out {self.folder / thing}`"
        )


@functools.lru_cache(maxsize=_MOST_CONTEXTS)
def _context(certificate: Path, key: Path, ca: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    except (OSError, ssl.SSLError) as error:
        raise LinkRefused(f"{ca} holds no certificates of an authority: {error}") from None
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise LinkRefused(f"{certificate} and {key} do not belong together: {error}") from None
    return context
