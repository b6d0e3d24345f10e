"""The JSON Schema of scenarios: for editors, and for saying in words what a key may hold."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from device_sim.scenarios.model import Scenario
from device_sim.scenarios.strict import ALLOWED

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_KEY: Final = "[key]"
"""How pydantic calls a key of a table that is itself wrong."""
_MANY: Final = 12
"""Words that are too many to be listed in a mistake."""
Node = Mapping[str, Any]


class Known(NamedTuple):
    """What the schema says of a place in a scenario."""

    path: tuple[str | int, ...]
    node: Node


@cache
def json_schema() -> Node:
    """JSON Schema 2020-12 of a scenario file."""
    return {"$schema": DIALECT, **Scenario.model_json_schema(), "title": "robofleet scenario"}


def known(place: Sequence[str | int]) -> Known:
    """What the schema says of a place as pydantic names it."""
    node: Node = json_schema()
    table: Node = node
    path: list[str | int] = []
    for part in place:
        node = _plain(node)
        if "discriminator" in node:
            node = _refer(node["discriminator"]["mapping"][part])
            continue
        if part == _KEY:
            return Known(tuple(path), table["propertyNames"])
        path.append(part)
        table = node
        if isinstance(part, int):
            node = node.get("items", {})
        else:
            node = node.get("properties", {}).get(part) or node.get("additionalProperties") or {}
    return Known(tuple(path), _plain(node))


def keys(node: Node) -> Sequence[str]:
    """The keys a table may have."""
    return sorted(node.get("properties", {}))


def is_list(path: Sequence[str | int]) -> bool:
    """Whether a key of the file holds a list of tables."""
    try:
        items = _plain(known(path).node.get("items", {}))
    except (KeyError, TypeError):
        return False
    return "properties" in items or "discriminator" in items


def kinds(node: Node) -> Sequence[str]:
    """The values of the key that says which kind of table one is."""
    return list(node.get("discriminator", {}).get("mapping", {}))


def allowed(node: Node) -> str:
    """What a key may hold, in words."""
    if ALLOWED in node:
        return str(node[ALLOWED])
    if "const" in node:
        return f'"{node["const"]}"'
    if "enum" in node:
        return one_of_words(node["enum"])
    if "oneOf" in node:
        return f"a table with `what` as {one_of_words(kinds(node))}"
    match node.get("type"):
        case "integer":
            return f"a whole number{_bounds(node)}"
        case "number":
            return f"a number{_bounds(node)}"
        case "boolean":
            return "true or false"
        case "array":
            return f"a list of up to {node['maxItems']:,}" if "maxItems" in node else "a list"
        case "object":
            return _table(node)
        case _:
            return _string(node)


def one_of_words(words: Sequence[str]) -> str:
    """A choice of words; of many of them the first."""
    if len(words) > _MANY:
        return f'one of {len(words)} such as "{words[0]}"'
    return "one of " * (len(words) > 1) + ", ".join(f'"{word}"' for word in words)


def _table(node: Node) -> str:
    if "properties" in node:
        return "a table with " + ", ".join(keys(node))
    name = allowed(node.get("propertyNames", {"type": "string"}))
    return f"a table of {allowed(_plain(node['additionalProperties']))} for {name}"


def _string(node: Node) -> str:
    if "maxLength" in node:
        return f"a text of {node.get('minLength', 0)} to {node['maxLength']} characters"
    return "a text"


def _bounds(node: Node) -> str:
    low, above = node.get("minimum"), node.get("exclusiveMinimum")
    high = node.get("maximum")
    said = f" from {_number(low)}" if low is not None else ""
    said += f" above {_number(above)}" if above is not None else ""
    return said + (f" to {_number(high)}" if high is not None else "")


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.10g}"


def _plain(node: Node) -> Node:
    """A node without references and without the choice of leaving it out."""
    while True:
        choices = [each for each in node.get("anyOf", ()) if each.get("type") != "null"]
        if "$ref" in node:
            node = _refer(node["$ref"])
        elif len(choices) == 1 and ALLOWED not in node:
            beside = {name: node[name] for name in ("propertyNames",) if name in node}
            node = {**choices[0], **beside}
        else:
            return node


def _refer(reference: str) -> Node:
    node: Node = json_schema()["$defs"][reference.rpartition("/")[2]]
    return node
