"""What is wrong with a policy, for whoever wrote it."""

from collections.abc import Iterable

from cloud_functions.errors import InvalidDeclaration


class MalformedPolicy(InvalidDeclaration):
    """The document is no policy; the message says where, what was found and what is allowed."""

    code = "MalformedPolicyException"


def found_instead(where: str, found: object, allowed: Iterable[str]) -> MalformedPolicy:
    """The refusal that names what was found and what is allowed."""
    return MalformedPolicy(f"policy, {where}: found {found!r}, allowed: {', '.join(allowed)}")
