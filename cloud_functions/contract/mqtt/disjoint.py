"""Topic filters that overlap, made into some that do not.

A broker may deliver a message once for each subscription that matches it (MQTT 5, section
3.3.4), and Mosquitto does.  A client that subscribes to filters of which no two match one topic
gets every message once, and looks for itself which of its own filters it was for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Node:
    below: dict[str, "_Node"] = field(default_factory=dict)
    is_end: bool = False


def disjoint(filters: Iterable[str]) -> list[str]:
    """Filters that match all these match, perhaps more, and no topic twice; sorted."""
    root = _Node()
    for topic_filter in filters:
        levels = topic_filter.split("/")
        while (other := _overlapping(root, levels, 0)) is not None:
            _remove(root, other)
            levels = _joined(levels, other)
        _add(root, levels)
    return sorted("/".join(levels) for levels in _all(root))


def _overlapping(node: _Node, levels: Sequence[str], index: int) -> list[str] | None:
    """A stored filter that shares a topic with these levels, from `index` on; None if none does."""
    if (rest := node.below.get("#")) is not None and rest.is_end and _may(levels, index, "#"):
        return ["#"]
    if index == len(levels):
        return [] if node.is_end else None
    level = levels[index]
    if level == "#":
        return _any(node, levels, index)
    names = list(node.below) if level == "+" else [level, "+"]
    for name in names:
        child = node.below.get(name)
        if child is None or name == "#" or not _may(levels, index, name):
            continue
        found = _overlapping(child, levels, index + 1)
        if found is not None:
            return [name, *found]
    return None


def _any(node: _Node, levels: Sequence[str], index: int) -> list[str] | None:
    """Any filter stored at or below a node: `#` matches them all, its parent level too."""
    if node.is_end:
        return []
    for name, child in node.below.items():
        if _may(levels, index, name) and (found := _any(child, levels, index + 1)) is not None:
            return [name, *found]
    return None


def _may(levels: Sequence[str], index: int, name: str) -> bool:
    """A wildcard on the first level does not match what begins with `$`."""
    if index > 0 or not levels:
        return True
    wild = ("+", "#")
    return not (
        (levels[0] in wild and name.startswith("$")) or (name in wild and levels[0].startswith("$"))
    )


def _joined(one: Sequence[str], other: Sequence[str]) -> list[str]:
    """The narrowest filter that matches what either matches."""
    levels: list[str] = []
    for mine, theirs in zip(one, other, strict=False):
        if "#" in (mine, theirs):
            return [*levels, "#"]
        levels.append(mine if mine == theirs else "+")
    if len(one) != len(other):
        levels.append("#")
    return levels


def _add(root: _Node, levels: Iterable[str]) -> None:
    node = root
    for level in levels:
        node = node.below.setdefault(level, _Node())
    node.is_end = True


def _remove(root: _Node, levels: Sequence[str]) -> None:
    trail = [root]
    for level in levels:
        trail.append(trail[-1].below[level])
    trail[-1].is_end = False
    for parent, level, child in reversed(list(zip(trail, levels, trail[1:], strict=False))):
        if child.is_end or child.below:
            break
        del parent.below[level]


def _all(node: _Node) -> Iterable[list[str]]:
    if node.is_end:
        yield []
    for name, child in node.below.items():
        for rest in _all(child):
            yield [name, *rest]
