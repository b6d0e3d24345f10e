"""Certificates that wait for their thing: who holds the token may register one of them.

The token is chance, and only its SHA-256 is kept, so that a copied store opens nothing.  It
expires after an hour, and the certificate with it (AWS reference, section 5).  A temporary claim
waits in the same book, without a token, for the end of its five minutes.
"""

import hashlib
import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import orjson

from cloud_functions.cells import Space, Write

TOKEN_LIFETIME_S: Final = 3600.0
CLAIM_LIFETIME_S: Final = 300.0
_PREFIX: Final = b"waiting/"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A certificate that is deleted at `expires_s`, unless it is used before if `unless_used`."""

    digest: str
    certificate_id: str
    expires_s: float
    unless_used: bool = True

    def write(self) -> Write:
        """To be committed, so that it is remembered."""
        said = [self.certificate_id, self.expires_s, self.unless_used]
        return Write(Space.PROVISIONING, _PREFIX + self.digest.encode(), orjson.dumps(said))

    def forget(self) -> Write:
        """To be committed, so that it is forgotten."""
        return Write(Space.PROVISIONING, _PREFIX + self.digest.encode(), None)


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


class WaitingBook:
    """The certificates that wait, by the digest of their token and by their end."""

    def __init__(self, most: int, stored: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self._most = most
        self._by_digest: dict[str, Waiting] = {}
        self._ends: list[tuple[float, str]] = []
        for key, raw in stored:
            if key.startswith(_PREFIX):
                certificate_id, expires_s, unless_used = orjson.loads(raw)
                digest = key.removeprefix(_PREFIX).decode()
                self.add(Waiting(digest, certificate_id, expires_s, unless_used))

    def __len__(self) -> int:
        return len(self._by_digest)

    @property
    def is_full(self) -> bool:
        """Whether no more may wait."""
        return len(self._by_digest) >= self._most

    def add(self, waiting: Waiting) -> None:
        """One more."""
        self._by_digest[waiting.digest] = waiting
        heapq.heappush(self._ends, (waiting.expires_s, waiting.digest))

    def find(self, token: str, now_s: float) -> Waiting | None:
        """The certificate a token is for, None for a token that is none, was used or expired."""
        found = self._by_digest.get(digest_of(token))
        if found is None or not found.unless_used or found.expires_s <= now_s:
            return None
        return found

    def remove(self, waiting: Waiting) -> None:
        """It waits no more."""
        self._by_digest.pop(waiting.digest, None)

    def expired(self, now_s: float, most: int) -> list[Waiting]:
        """Some of those whose time has come; they wait no more."""
        over: list[Waiting] = []
        while self._ends and self._ends[0][0] <= now_s and len(over) < most:
            _, digest = heapq.heappop(self._ends)
            found = self._by_digest.get(digest)
            if found is not None and found.expires_s <= now_s:
                over.append(self._by_digest.pop(digest))
        return over
