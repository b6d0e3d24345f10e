"""Mosquitto's configuration and its access list, made from the registry (design, decision 8)."""

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.policies.evaluate import ARN_PREFIX, parse

_THING: Final = "${iot:Connection.Thing.ThingName}"
_TOPIC: Final = f"{ARN_PREFIX}topic/"
_FILTER: Final = f"{ARN_PREFIX}topicfilter/"
_USER: Final = re.compile(r"[\x21-\x7e]+( [\x21-\x7e]+)*\Z")
"""A common name that one line of the list can hold: it may be anybody's choice."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Client:
    """A certificate as Mosquitto knows it, with its things and its policies' texts."""

    common_name: str
    things: Sequence[str]
    documents: Sequence[str]


@dataclass(frozen=True, slots=True)
class MosquittoFiles:
    """What Mosquitto reads and writes."""

    folder: Path
    ca: Path
    certificate: Path
    key: Path

    @property
    def configuration(self) -> Path:
        """mosquitto.conf."""
        return self.folder / "mosquitto.conf"

    @property
    def access(self) -> Path:
        """The access list of the mutual-TLS port."""
        return self.folder / "acl"


def configuration(files: MosquittoFiles, host: str, mqtt_port: int, mqtts_port: int) -> str:
    """The configuration's text.

    Mosquitto's defaults drop a slow subscriber's messages silently: the two maxima are lifted.
    Started by root it would become another user, who cannot read the key: `user` keeps it.
    """
    return f"""\
user root
per_listener_settings true
persistence true
persistence_location {files.folder.resolve()}/
autosave_interval 1
max_queued_messages 0
max_inflight_messages 0
log_dest stderr
log_type error
log_type warning
log_type notice

listener {mqtt_port} {host}
allow_anonymous true
set_tcp_nodelay true

listener {mqtts_port} {host}
cafile {files.ca.resolve()}
certfile {files.certificate.resolve()}
keyfile {files.key.resolve()}
require_certificate true
use_identity_as_username true
acl_file {files.access.resolve()}
set_tcp_nodelay true
"""


def access_list(clients: Iterable[Client]) -> str:
    """The access list: what each client may read and write, nothing else.

    One whose policies an access list cannot say gets nothing, and the log says why.
    """
    lines = ["# made from the registry; written again when it changes"]
    for client in clients:
        if not _USER.match(client.common_name):
            continue
        try:
            rules = rules_of(client)
        except InvalidDeclaration as error:
            _logger.warning("client %s may do nothing: %s", client.common_name, error)
            continue
        if rules:
            lines += ["", f"user {client.common_name}", *rules]
    return "\n".join(lines) + "\n"


def rules_of(client: Client) -> list[str]:
    """The lines of one client.  Raises InvalidDeclaration for a policy that cannot be said."""
    rules = {
        rule
        for document in client.documents
        for thing in client.things or ("",)
        for rule in _rules(document, thing)
    }
    return sorted(rules)


def _rules(document: str, thing: str) -> list[str]:
    """Topics in Mosquitto's words; `*` can only be the last level or one whole level."""
    rules: set[str] = set()
    for statement in parse(document):
        if not statement.allows:
            raise InvalidDeclaration(
                "Mosquitto's access list cannot say Deny: use --broker builtin"
            )
        for action in statement.actions:
            for resource in statement.resources:
                rules.update(_rule(action, resource, thing))
    return sorted(rules)


def _rule(action: str, resource: str, thing: str) -> list[str]:
    if _THING in resource and not thing:
        return []  # a variable without value matches nothing
    text = resource.replace(_THING, thing)
    if "${" in text:
        raise InvalidDeclaration(f"Mosquitto's access list cannot say {resource}")
    if action in ("iot:Publish", "iot:*", "*") and text.startswith(_TOPIC):
        return [f"topic write {_wild(text.removeprefix(_TOPIC))}"]
    if action in ("iot:Receive", "iot:*", "*") and text.startswith(_TOPIC):
        return [f"topic read {_wild(text.removeprefix(_TOPIC))}"]
    if action in ("iot:Subscribe", "iot:*", "*") and text.startswith(_FILTER):
        return [f"topic read {_wild(text.removeprefix(_FILTER))}"]
    return []


def _wild(pattern: str) -> str:
    levels = pattern.split("/")
    for index, level in enumerate(levels):
        if level == "*":
            levels[index] = "#" if index == len(levels) - 1 else "+"
        elif "*" in level or "?" in level:
            raise InvalidDeclaration(f"Mosquitto's access list cannot say {pattern}")
    return "/".join(levels)
