"""Policy documents: read once, refused with what was found and what is allowed, compiled.

AWS reference, section 6.2.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cloud_functions.policies.conditions import Condition, Presence, read_conditions
from cloud_functions.policies.errors import MalformedPolicy, found_instead
from cloud_functions.policies.keys import TIME_KEYS
from cloud_functions.policies.patterns import Pattern
from cloud_functions.policies.request import Request

VERSION: Final = "2012-10-17"
MAX_CHARACTERS: Final = 2048
"""White space does not count."""

_DOCUMENT: Final = ("Version", "Id", "Statement")
_STATEMENT: Final = ("Sid", "Effect", "Action", "Resource", "NotResource", "Condition")
_EFFECTS: Final = ("Allow", "Deny")
_ACTION: Final = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
_ARN: Final = re.compile(r"\*|arn:[^:]*:[^:]*:[^:]*:[^:]*:.+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; `where` is how reasons name it."""

    where: str
    allows: bool
    actions: Sequence[Pattern]
    resources: Sequence[Pattern]
    excludes: bool
    """Whether `resources` are NotResource: all others are meant."""
    conditions: Sequence[Condition | Presence]

    def concerns(self, request: Request) -> bool:
        """Whether the request is one it speaks of.  Raises Unresolvable."""
        if not any(action.matches(request.action, request) for action in self.actions):
            return False
        is_named = any(pattern.matches(request.arn, request) for pattern in self.resources)
        if is_named is self.excludes:
            return False
        return all(condition.holds(request) for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class Document:
    """A policy, compiled."""

    statements: Sequence[Statement]

    @property
    def asks_for_time(self) -> bool:
        """Whether its answer may change while nothing but time does."""
        return any(name in TIME_KEYS for each in self.statements for name in _names(each))


def _names(statement: Statement) -> Iterator[str]:
    for pattern in statement.resources:
        yield from pattern.variables
    for condition in statement.conditions:
        yield condition.key


def parse(text: str, name: str = "") -> Document:
    """The policy behind a text; `name` is said in reasons.  Raises MalformedPolicy."""
    try:
        raw = json.loads(text)
    except ValueError as error:
        raise MalformedPolicy(f"policy: not JSON ({error})") from None
    if not isinstance(raw, dict):
        raise found_instead("document", type(raw).__name__, ["an object with Version, Statement"])
    if (size := len("".join(text.split()))) > MAX_CHARACTERS:
        raise MalformedPolicy(f"policy: {size} characters, at most {MAX_CHARACTERS} are allowed")
    _check_members(raw, _DOCUMENT, "document")
    if raw.get("Version", VERSION) != VERSION:
        raise found_instead("Version", raw["Version"], [VERSION])
    if "Statement" not in raw:
        raise found_instead("document", sorted(raw), ["Version and Statement"])
    said = raw["Statement"]
    several = said if isinstance(said, list) else [said]
    prefix = f"policy {name} " if name else ""
    return Document(tuple(_statement(each, n, prefix) for n, each in enumerate(several, 1)))


def _check_members(raw: Mapping[str, Any], allowed: Sequence[str], where: str) -> None:
    for member in sorted(raw.keys() - set(allowed)):
        raise found_instead(where, member, allowed)


def _statement(raw: Any, number: int, prefix: str) -> Statement:
    where = f"statement {number}"
    if not isinstance(raw, dict):
        raise found_instead(where, raw, ["an object with Effect, Action, Resource"])
    _check_members(raw, _STATEMENT, where)
    if raw.get("Effect") not in _EFFECTS:
        raise found_instead(f"{where}.Effect", raw.get("Effect"), _EFFECTS)
    if ("Resource" in raw) is ("NotResource" in raw):
        raise MalformedPolicy(f"policy, {where}: one of Resource and NotResource is needed")
    member = "NotResource" if "NotResource" in raw else "Resource"
    sid = raw.get("Sid")
    if sid is not None and not isinstance(sid, str):
        raise found_instead(f"{where}.Sid", sid, ["a text"])
    return Statement(
        where=f"{prefix}{where}" + (f" ({sid})" if sid else ""),
        allows=raw["Effect"] == "Allow",
        actions=_patterns(raw, "Action", where, _ACTION, "iot:Publish or iot:*", folded=True),
        resources=_patterns(raw, member, where, _ARN, "an ARN (arn:aws:iot:...) or *"),
        excludes=member == "NotResource",
        conditions=read_conditions(raw.get("Condition", {}), where),
    )


def _patterns(
    raw: Mapping[str, Any],
    member: str,
    where: str,
    form: re.Pattern[str],
    example: str,
    *,
    folded: bool = False,
) -> Sequence[Pattern]:
    place = f"{where}.{member}"
    said = raw.get(member)
    texts = [said] if isinstance(said, str) else said
    if not isinstance(texts, list) or not texts:
        raise found_instead(place, said, ["a text", "a list of texts"])
    for text in texts:
        if not isinstance(text, str) or not form.fullmatch(text):
            raise found_instead(place, text, [example])
    return tuple(Pattern(text, folded=folded) for text in texts)
