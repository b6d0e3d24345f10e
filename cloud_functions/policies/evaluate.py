"""Evaluates policies (AWS reference, section 6.2): default deny, a Deny wins, else Allow."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.region import ACCOUNT, REGION

ARN_PREFIX: Final = f"arn:aws:iot:{REGION}:{ACCOUNT}:"
_VARIABLE: Final = re.compile(r"\$\{([^}]+)\}")
_MEMBERS: Final = frozenset({"Sid", "Effect", "Action", "Resource"})


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a document."""

    allows: bool
    actions: Sequence[str]
    resources: Sequence[str]


def parse(text: str) -> Sequence[Statement]:
    """The statements of a document.  Raises InvalidDeclaration naming what is wrong."""
    try:
        document = json.loads(text)
        raw = document["Statement"]
    except (ValueError, KeyError, TypeError):
        raise InvalidDeclaration("a policy is a JSON object with Statement") from None
    return [_statement(each) for each in (raw if isinstance(raw, list) else [raw])]


def _statement(raw: Mapping[str, Any]) -> Statement:
    for member in sorted(raw.keys() - _MEMBERS):
        raise InvalidDeclaration(
            f"policy: {member} is not supported; there are Effect, Action, Resource"
        )
    effect = raw.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise InvalidDeclaration(f"policy: Effect is Allow or Deny, not {effect!r}")
    return Statement(effect == "Allow", _texts(raw, "Action"), _texts(raw, "Resource"))


def _texts(raw: Mapping[str, Any], member: str) -> Sequence[str]:
    value = raw.get(member)
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise InvalidDeclaration(f"policy: {member} is a text or a list of texts")
    return tuple(texts)


def is_allowed(
    statements: Sequence[Statement], action: str, resource: str, variables: Mapping[str, str]
) -> bool:
    """Whether the statements let a principal do it; `resource` without the ARN's prefix."""
    allowed = False
    for statement in statements:
        if _concerns(statement, action, ARN_PREFIX + resource, variables):
            if not statement.allows:
                return False
            allowed = True
    return allowed


def _concerns(statement: Statement, action: str, arn: str, variables: Mapping[str, str]) -> bool:
    return any(_like(pattern, action, {}) for pattern in statement.actions) and any(
        _like(pattern, arn, variables) for pattern in statement.resources
    )


def _like(pattern: str, text: str, variables: Mapping[str, str]) -> bool:
    """`*` is anything, `?` one character; a variable without value makes the match fail."""
    parts: list[str] = []
    position = 0
    for hole in _VARIABLE.finditer(pattern):
        value = variables.get(hole.group(1))
        if value is None:
            return False
        parts += [_wild(pattern[position : hole.start()]), re.escape(value)]
        position = hole.end()
    parts.append(_wild(pattern[position:]))
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def _wild(text: str) -> str:
    return re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")
