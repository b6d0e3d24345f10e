"""Evaluates policies (AWS reference, section 6.2): default deny, a Deny wins, else any Allow."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from cloud_functions.policies.document import Document, Statement, parse
from cloud_functions.policies.request import ARN_PREFIX, Request, Unresolvable


class Decision(NamedTuple):
    """Whether somebody may, and which statement says so."""

    allowed: bool
    reason: str


_NOBODY: Final = Decision(allowed=False, reason="no statement allows it")


def decide(documents: Iterable[Document], request: Request) -> Decision:
    """The decision over all policies of a principal."""
    allowed: Decision | None = None
    for document in documents:
        for statement in document.statements:
            if statement.allows and allowed is not None:
                continue
            if _concerns(statement, request):
                effect = "allowed" if statement.allows else "denied"
                decision = Decision(statement.allows, f"{effect} by {statement.where}")
                if not statement.allows:
                    return decision
                allowed = decision
    return allowed or _NOBODY


def _concerns(statement: Statement, request: Request) -> bool:
    """Whether a statement matches; one with a variable that has no value here does not."""
    try:
        return statement.concerns(request)
    except Unresolvable:
        return False


__all__ = ["ARN_PREFIX", "Decision", "decide", "parse"]
