"""A shadow's document and what an accepted update makes of it (AWS reference, 1.3 to 1.7)."""

from typing import Any, Final, NamedTuple

import orjson

from cloud_functions.shadow import errors
from cloud_functions.shadow.merge import Tree, delta, merge, pick, stamp, with_shared_leaves
from cloud_functions.shadow.request import (
    DEFAULT_LIMITS,
    SECTIONS,
    ShadowLimits,
    UpdateRequest,
)

TOMBSTONE_S: Final = 48 * 3600
"""How long a deleted shadow's version is remembered (reference, 1.7)."""
_STORED_TIME: Final = b',"timestamp":'
"""What a document's JSON goes on with where it is stored."""


class Document(NamedTuple):
    """One shadow.  `deleted_s` is set on a tombstone, which keeps nothing but the version.

    `encoded` is the JSON `{"state":…,"metadata":…,"version":n}` of it, made once; of a tombstone it
    is empty.
    """

    state: Tree
    metadata: Tree
    version: int
    timestamp_s: int
    deleted_s: int | None = None
    encoded: bytes = b""


def revive(raw: bytes) -> Document:
    """A document from its stored bytes."""
    stored = orjson.loads(raw)
    deleted_s, timestamp_s = stored.get("deleted"), stored["timestamp"]
    encoded = b"" if deleted_s is not None else raw[: raw.rindex(_STORED_TIME)] + b"}"
    metadata = with_shared_leaves(stored["metadata"], {})
    return Document(stored["state"], metadata, stored["version"], timestamp_s, deleted_s, encoded)


def preserve(document: Document) -> bytes:
    """The bytes to store."""
    if document.deleted_s is None:
        return document.encoded[:-1] + _STORED_TIME + b"%d}" % document.timestamp_s
    return orjson.dumps(
        {
            "state": {},
            "metadata": {},
            "version": document.version,
            "timestamp": document.timestamp_s,
            "deleted": document.deleted_s,
        }
    )


def update(
    current: Document | None,
    request: UpdateRequest,
    now_s: int,
    limits: ShadowLimits = DEFAULT_LIMITS,
) -> Document:
    """The document after the request.  Raises ShadowError.

    `current` None or a tombstone means no shadow exists.
    """
    _check_version(current, request.version)
    exists = current is not None and current.deleted_s is None
    state: Tree = current.state if exists and current is not None else {}
    metadata: Tree = current.metadata if exists and current is not None else {}
    if request.state is None:
        state, metadata = {}, {}
    else:
        state, metadata = _merged(state, metadata, request.state, now_s)
    version = _next_version(current, now_s)
    raw_state = orjson.dumps(state)
    # What counts is the JSON of the sections; the frame around them is at most 24 bytes.
    if len(raw_state) > limits.state_bytes and _sections_bytes(state) > limits.state_bytes:
        raise errors.too_large()
    encoded = b'{"state":%b,"metadata":%b,"version":%d}' % (
        raw_state,
        orjson.dumps(metadata),
        version,
    )
    return Document(state, metadata, version, now_s, None, encoded)


def _merged(state: Tree, metadata: Tree, change: Tree, now_s: int) -> tuple[Tree, Tree]:
    state, metadata = dict(state), dict(metadata)
    for section, wanted in change.items():
        if wanted is None:
            merged: Tree = {}
            stamped: Tree = {}
        else:
            merged, stamped = merge(
                state.get(section, {}), wanted, metadata.get(section, {}), now_s
            )
        if merged:
            state[section], metadata[section] = merged, stamped
        else:
            state.pop(section, None)
            metadata.pop(section, None)
    return state, metadata


def _check_version(current: Document | None, version: int | None) -> None:
    if version is None:
        return
    if current is None or current.deleted_s is not None:
        if version != 1:
            raise errors.invalid_version()
    elif version != current.version:
        raise errors.conflict()


def _next_version(current: Document | None, now_s: int) -> int:
    """One more; a deletion has taken a version too, and is forgotten after 48 hours."""
    if current is None:
        return 1
    if current.deleted_s is None:
        return current.version + 1
    return 1 if now_s - current.deleted_s >= TOMBSTONE_S else current.version + 2


def delete(current: Document, now_s: int) -> Document:
    """The tombstone of a shadow."""
    return Document({}, {}, current.version, now_s, now_s)


def _sections_bytes(state: Tree) -> int:
    return sum(len(orjson.dumps(state[section])) for section in SECTIONS if section in state)


# ---------------------------------------------------------------- bodies


def _tail(timestamp_s: int, token: str | None) -> bytes:
    if token is None:
        return b',"timestamp":%d}' % timestamp_s
    return b',"timestamp":%d,"clientToken":%b}' % (timestamp_s, orjson.dumps(token))


def accepted_body(request: UpdateRequest, document: Document) -> bytes:
    """`update/accepted`: what the request contained and its metadata (1.6)."""
    now_s = document.timestamp_s
    if request.state is None:
        head = b'{"state":null,"metadata":{"timestamp":%d}' % now_s
    else:
        marks = {section: stamp(change, now_s) for section, change in request.state.items()}
        head = b'{"state":%b,"metadata":%b' % (orjson.dumps(request.state), orjson.dumps(marks))
    return head + b',"version":%d' % document.version + _tail(now_s, request.client_token)


def documents_body(before: Document | None, after: Document, token: str | None) -> bytes:
    """`update/documents`: the shadow before and after (1.6)."""
    exists = before is not None and before.deleted_s is None
    previous = before.encoded if exists and before is not None else b"null"
    return b'{"previous":%b,"current":%b%b' % (
        previous,
        after.encoded,
        _tail(after.timestamp_s, token),
    )


def delta_of(document: Document) -> Tree:
    """What is out of step (1.5)."""
    desired = document.state.get("desired")
    if not desired:
        return {}
    reported = document.state.get("reported")
    return delta(desired, reported) if reported else desired


def delta_body(document: Document, token: str | None) -> bytes | None:
    """`update/delta`, or None when desired and reported agree (1.5, 1.6)."""
    difference = delta_of(document)
    if not difference:
        return None
    marks = pick(document.metadata.get("desired", {}), difference)
    return b'{"version":%d,"timestamp":%d,"state":%b,"metadata":%b%b' % (
        document.version,
        document.timestamp_s,
        orjson.dumps(difference),
        orjson.dumps(marks),
        b"}" if token is None else b',"clientToken":%b}' % orjson.dumps(token),
    )


def get_body(document: Document, now_s: int, token: str | None) -> bytes:
    """`get/accepted`: state with delta, metadata, version, the time of this answer (1.6)."""
    state: dict[str, Any] = dict(document.state)
    if difference := delta_of(document):
        state["delta"] = difference
    head = b'{"state":%b,"metadata":%b,"version":%d' % (
        orjson.dumps(state),
        orjson.dumps(document.metadata),
        document.version,
    )
    return head + _tail(now_s, token)


def deleted_body(document: Document, now_s: int, token: str | None) -> bytes:
    """`delete/accepted`: the version that was deleted (1.6)."""
    return b'{"version":%d' % document.version + _tail(now_s, token)


def rejected_body(error: errors.ShadowError, now_s: int, token: str | None) -> bytes:
    """`rejected`: code and text (1.8)."""
    said = {"code": error.status, "message": error.message, "timestamp": now_s}
    if token is not None:
        said["clientToken"] = token
    return orjson.dumps(said)
