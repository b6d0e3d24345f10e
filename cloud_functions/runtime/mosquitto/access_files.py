"""What Mosquitto reads of the registry: the access list, and the certificates it must refuse."""

import datetime
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from cloud_functions.policies.document import Document
from cloud_functions.registry.authority import Authority
from cloud_functions.registry.certificates import Status
from cloud_functions.runtime.mosquitto.access_list import Client, access_list, widened
from cloud_functions.runtime.mosquitto.configuration import MosquittoFiles
from cloud_functions.runtime.mosquitto.revocations import Revocations
from cloud_functions.storage.sqlite_registry import SqliteRegistry

_logger = logging.getLogger(__name__)

_NAMED: Final = 100
"""Widened statements named in the log at one writing."""


class AccessFiles:
    """Written again whenever the registry changes; `cloud_name` is the cloud's own certificate."""

    def __init__(self, files: MosquittoFiles, authority: Authority) -> None:
        self._files = files
        self._revocations = Revocations(
            authority.ca_path, authority.key_path, datetime.datetime.now(datetime.UTC)
        )
        self.cloud_name = ""
        self.principals: Mapping[str, str] = {}
        """Certificate ids by common name, as of the last writing."""
        self._told: set[str] = set()

    def write(self, registry: SqliteRegistry) -> None:
        """Write both files; what the list cannot say is logged."""
        certificates = registry.certificates.find()
        self.principals = {each.common_name: each.id for each in certificates}
        clients = list(_clients(registry))
        text, problems = access_list(clients)
        for problem in problems:
            _logger.warning("%s", problem)
        self._warn_of_widened(clients)
        if self.cloud_name:
            text += f"\nuser {self.cloud_name}\ntopic readwrite #\ntopic readwrite $aws/#\n"
        self._files.access.write_text(text)
        self._files.access.chmod(0o600)
        closed = [each.pem for each in certificates if each.status is not Status.ACTIVE]
        self._revocations.write(self._files.revoked, closed)

    def _warn_of_widened(self, clients: Sequence[Client]) -> None:
        """Name each statement that Mosquitto cannot hold its clients to, once."""
        known: dict[str, Document] = {}
        now = Counter(said for client in clients for said in widened(client, known))
        new = sorted(now.keys() - self._told)
        for said in new[:_NAMED]:
            _logger.warning("%s (certificates so far: %d)", said, now[said])
        if len(new) > _NAMED:
            _logger.warning("and so for %d further statements", len(new) - _NAMED)
        self._told = set(now)


def _clients(registry: SqliteRegistry) -> Iterator[Client]:
    """The active certificates with what decides on them."""
    for each in registry.certificates.find():
        if each.status is Status.ACTIVE:
            yield Client(
                each.id,
                each.common_name,
                each.pem,
                registry.attached_things(each.id),
                registry.policy_documents(each.id),
            )
