"""Mosquitto's access list, made from policies as far as it can say them (design, decision 10).

Theory of operation.  The list knows, for each user, topics to read and to write, and topics denied
altogether; it does not see CONNECT, SUBSCRIBE or the retain flag.  So what may be read is what may
be received *and* lies in a filter that may be subscribed to; a star that is a whole level becomes
`#` at the end and `+` before it.  A statement that cannot be said leaves its certificate without
any access, never with too much, and is named with its reason.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.policies import keys
from cloud_functions.policies.document import Document, Statement, parse
from cloud_functions.policies.evaluate import decide
from cloud_functions.policies.patterns import Pattern
from cloud_functions.policies.request import ARN_PREFIX, Request, Unresolvable, values_of
from cloud_functions.registry.principals import AttachedThing
from cloud_functions.registry.subject import certificate_fields

BUILT_IN: Final = "run `robofleet up --broker builtin`, which enforces every statement"
_CONNECT: Final = "iot:Connect"
_PUBLISH: Final = "iot:Publish"
_RECEIVE: Final = "iot:Receive"
_SUBSCRIBE: Final = "iot:Subscribe"
_RETAIN: Final = "iot:RetainPublish"
_KINDS: Final = {_PUBLISH: "topic/", _RECEIVE: "topic/", _SUBSCRIBE: "topicfilter/"}
_EVERYTHING: Final = ("#", "$aws/#")
_ONE_LINE: Final = re.compile(r"[\x21-\x7e]+( [\x21-\x7e]+)*")
"""What a line of the list can hold: a common name may be anybody's choice."""


class CannotSay(InvalidDeclaration):
    """An access list cannot say a statement; the message names it."""


@dataclass(frozen=True, slots=True)
class Client:
    """An active certificate as Mosquitto knows it, with its things and its policies' texts."""

    id: str
    common_name: str
    pem: str
    things: Sequence[AttachedThing]
    documents: Sequence[str]


def access_list(clients: Iterable[Client]) -> tuple[str, Sequence[str]]:
    """The list's text, and what it cannot say: those clients may do nothing."""
    lines = ["# made from the registry; written again when it changes"]
    problems: list[str] = []
    known: dict[str, Document] = {}
    for client in clients:
        if not _ONE_LINE.fullmatch(client.common_name):
            problems.append(f"certificate {client.id}: its common name does not fit one line")
            continue
        try:
            rules = _rules(client, known)
        except InvalidDeclaration as error:
            problems.append(f"certificate {client.id} may do nothing: {error}")
            continue
        if rules:
            lines += ["", f"user {client.common_name}", *rules]
    return "\n".join(lines) + "\n", problems


def widened(client: Client, known: dict[str, Document]) -> Iterator[str]:
    """The statements that let a client connect under some ids only: the list lets it under any.

    `known` are documents that were read already; one that cannot be read gives nothing.
    """
    request = Request(_CONNECT, "")
    limited: list[Statement] = []
    for text in client.documents:
        try:
            document = known[text] if text in known else known.setdefault(text, parse(text))
        except InvalidDeclaration:
            continue
        for each in document.statements:
            if each.allows and any(action.matches(_CONNECT, request) for action in each.actions):
                if _is_for_any_id(each):
                    return
                limited.append(each)
    for each in limited:
        said = ", ".join(pattern.text for pattern in each.resources)
        yield (
            f"{each.where} limits iot:Connect ({said}), and Mosquitto's access list knows no"
            f" client ids: its certificates may connect under any; {BUILT_IN}"
        )


def _is_for_any_id(statement: Statement) -> bool:
    everything = {"*", f"{ARN_PREFIX}*", f"{ARN_PREFIX}client/*"}
    is_everything = any(pattern.text in everything for pattern in statement.resources)
    return is_everything and not statement.excludes and not statement.conditions


def _rules(client: Client, known: dict[str, Document]) -> Sequence[str]:
    """The lines of one client, denials first.  Raises CannotSay, MalformedPolicy.

    `known` are documents that were read already: thousands of clients share a few.
    """
    documents: list[Document] = []
    for text in client.documents:
        if text not in known:
            known[text] = parse(text)
        documents.append(known[text])
    found: dict[str, None] = {}
    for thing in client.things or (None,):
        found.update(dict.fromkeys(_rules_as(documents, _values(client, thing))))
    return sorted(found)  # `topic deny` sorts before `topic read` and `topic write`


def _values(client: Client, thing: AttachedThing | None) -> Request:
    """A request that carries what is known of the client without its connection."""
    said: dict[str, str | Sequence[str]] = {keys.CERTIFICATE_ID: client.id}
    if any("iot:certificate." in text.lower() for text in client.documents):
        said |= certificate_fields(client.pem)
    if thing is not None:
        said |= {keys.THING_NAME: thing.name, keys.THING_IS_ATTACHED: "true"}
        said |= {keys.thing_attribute(name): text for name, text in thing.attributes.items()}
        if thing.type_name:
            said |= {keys.THING_TYPE_NAME: thing.type_name}
    return Request("", "", values_of(said))


def _rules_as(documents: Sequence[Document], known: Request) -> Iterator[str]:
    statements = [each for document in documents for each in document.statements]
    if not _may_connect(statements):
        return
    allowed = {action: _filters(statements, action, known, allows=True) for action in _KINDS}
    denied = {action: _filters(statements, action, known, allows=False) for action in _KINDS}
    read = [
        both
        for one in allowed[_RECEIVE]
        for other in allowed[_SUBSCRIBE]
        if (both := intersection(one, other)) is not None
    ]
    write = allowed[_PUBLISH]
    yield from _denials(denied, read, write)
    yield from (f"topic deny {each}" for each in _parents([*read, *write], documents, known))
    yield from (f"topic read {each}" for each in read)
    yield from (f"topic write {each}" for each in write)


def _may_connect(statements: Sequence[Statement]) -> bool:
    """Whether any statement lets it connect at all; which client id, the list cannot say."""
    request = Request(_CONNECT, "")
    may = False
    for each in statements:
        if any(action.matches(_CONNECT, request) for action in each.actions):
            is_everything = [pattern.text for pattern in each.resources] == ["*"]
            if not each.allows and (not is_everything or each.excludes or each.conditions):
                raise _cannot(each, "a Deny of iot:Connect that does not mean everybody")
            if not each.allows:
                return False
            may = True
    return may


def _filters(
    statements: Sequence[Statement], action: str, known: Request, *, allows: bool
) -> Sequence[str]:
    """The MQTT filters of all statements of one effect that speak of an action."""
    found: dict[str, None] = {}
    for each in statements:
        if each.allows is not allows or not any(a.matches(action, known) for a in each.actions):
            continue
        if each.conditions:
            raise _cannot(each, "Condition")
        if each.excludes:
            raise _cannot(each, "NotResource")
        for resource in each.resources:
            found.update(dict.fromkeys(_filters_of(each, resource, _KINDS[action], known)))
    if not allows and action == _PUBLISH:
        _refuse_half_denials(statements)
    return list(found)


def _refuse_half_denials(statements: Sequence[Statement]) -> None:
    """A Deny of retaining alone: the list does not see the flag."""
    request = Request(_RETAIN, "")
    for each in statements:
        names = [a for a in (_RETAIN, _PUBLISH) if any(p.matches(a, request) for p in each.actions)]
        if not each.allows and names == [_RETAIN]:
            raise _cannot(each, "a Deny of iot:RetainPublish alone")


def _filters_of(
    statement: Statement, resource: Pattern, kind: str, known: Request
) -> Sequence[str]:
    if resource.text == "*":
        return _EVERYTHING
    try:
        text = resource.resolved(known)
    except Unresolvable as name:
        if str(name) in (keys.CLIENT_ID.casefold(), keys.SOURCE_IP.casefold()):
            raise _cannot(statement, resource.text) from None
        return ()  # a variable without value: the statement does not match
    *_, suffix = text.split(":", 5)
    prefix = text[: len(text) - len(suffix)]
    if not Pattern(prefix).matches(ARN_PREFIX, known):
        return ()
    if suffix == "*":
        return _EVERYTHING
    if not suffix.startswith(kind):
        if "*" in suffix.partition("/")[0]:
            raise _cannot(statement, resource.text)
        return ()
    return [_filter(statement, suffix.removeprefix(kind))]


def _filter(statement: Statement, pattern: str) -> str:
    """A pattern as an MQTT filter; a denied one must not lose anything on the way."""
    levels = pattern.split("/")
    for index, level in enumerate(levels):
        is_last = index == len(levels) - 1
        if level == "*" and (is_last or statement.allows):
            levels[index] = "#" if is_last else "+"
        elif "*" in level or "?" in level:
            raise _cannot(statement, pattern)
    found = "/".join(levels)
    if not _ONE_LINE.fullmatch(found):
        raise _cannot(statement, pattern)
    return found


def _cannot(statement: Statement, what: str) -> CannotSay:
    return CannotSay(f"{statement.where}: Mosquitto's access list cannot say {what!r}; {BUILT_IN}")


# ------------------------------------------------------------ filters against each other


def intersection(one: str, other: str) -> str | None:
    """The filter of the topics that both filters match, None if there are none."""
    first, second = one.split("/"), other.split("/")
    if first[0].startswith("$") is not second[0].startswith("$"):
        return None  # wildcards on the first level do not see reserved topics
    found: list[str] = []
    for index in range(max(len(first), len(second))):
        here = first[index] if index < len(first) else None
        there = second[index] if index < len(second) else None
        if "#" in (here, there):
            rest = second if here == "#" else first
            return "/".join([*found, *rest[index:]]) or "#"
        if here is None or there is None or (here != there and "+" not in (here, there)):
            return None
        found.append(there if here == "+" else here)
    return "/".join(found)


def _denials(
    denied: dict[str, Sequence[str]], read: Sequence[str], write: Sequence[str]
) -> Iterator[str]:
    """`topic deny` ends reading and writing: it must not take away what stays allowed."""
    unread = [*denied[_RECEIVE], *denied[_SUBSCRIBE]]
    for each in dict.fromkeys([*denied[_PUBLISH], *unread]):
        others = read if each not in unread else ()
        others = others if each in denied[_PUBLISH] else [*others, *write]
        if any(intersection(each, other) is not None for other in others):
            raise CannotSay(
                f"a Deny on {each} for one of iot:Publish and iot:Receive, while the other is"
                f" allowed there: Mosquitto's access list denies both or none; {BUILT_IN}"
            )
        yield f"topic deny {each}"


def _parents(
    filters: Sequence[str], documents: Sequence[Document], known: Request
) -> Iterator[str]:
    """`a/#` lets `a` pass too, which `a/*` does not: such parents are denied."""
    for parent in {each.removesuffix("/#") for each in filters if each.endswith("/#")}:
        if "+" in parent:
            continue
        asked = [
            Request(action, f"topic/{parent}", known.values) for action in (_PUBLISH, _RECEIVE)
        ]
        if not any(decide(documents, request).allowed for request in asked):
            yield parent
