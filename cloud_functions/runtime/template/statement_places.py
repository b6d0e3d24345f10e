"""Where a place inside a statement stands in the file that the statement was written in.

YAML folds lines, takes away indentation and resolves quotes, so the statement is walked beside the
file's text: white space stands for any white space, everything else for itself.
"""

from cloud_functions.runtime.template.yaml_nodes import Place


def place_in_file(source: str, begin: Place, statement: str, position: int) -> Place | None:
    """The place of a position of the statement whose YAML value begins there.

    None where the value is not the statement itself, but a function of CloudFormation or the like.
    """
    at = _start(source, begin)
    quote = source[at] if source[at : at + 1] in ("'", '"') else ""
    if quote:
        at += 1
    elif source[at : at + 1] in ("|", ">"):
        at = source.find("\n", at) + 1 or len(source)
    for index, wanted in enumerate(statement):
        if not wanted.isspace():
            at = _next(source, at, quote)
        if index == position:
            return _place(source, at)
        if wanted.isspace():
            continue
        if source[at : at + 1] != wanted:
            return None
        at += 2 if quote == wanted == "'" else 1
    return _place(source, at) if position >= len(statement) else None


def _next(source: str, at: int, quote: str) -> int:
    """Beyond white space, and beyond the backslash of an escape."""
    while at < len(source) and source[at].isspace():
        at += 1
    if quote == '"' and source[at : at + 1] == "\\":
        at += 1
        if source[at : at + 1] == "\n":  # a folded line
            return _next(source, at, quote)
    return at


def _start(source: str, place: Place) -> int:
    line, column = place
    at = 0
    for _ in range(line - 1):
        at = source.find("\n", at) + 1
    return at + column - 1


def _place(source: str, at: int) -> Place:
    line = source.count("\n", 0, at) + 1
    return line, at - source.rfind("\n", 0, at)
