"""Merge, metadata and delta of shadow documents (AWS reference, sections 1.3 to 1.5).

Everything here is copy on write: an old document stays as it was, so that `documents` can show
both and a failed commit leaves no trace.  So metadata may share its leaves: what one request
touches is all marked by one `{"timestamp": n}`.
"""

from typing import Any, Final, TypeAlias

Tree: TypeAlias = dict[str, Any]
"""A JSON object."""
_BRANCHES: Final = (dict, list)


def merge(old: Tree, change: Tree, metadata: Tree, now_s: int) -> tuple[Tree, Tree]:
    """A section and its metadata after a change; the old ones are left as they are."""
    return _merge(old, change, metadata, {"timestamp": now_s})


def _merge(old: Tree, change: Tree, metadata: Tree, mark: Tree) -> tuple[Tree, Tree]:
    merged, stamped = dict(old), dict(metadata)
    for key, value in change.items():
        if value is None:
            merged.pop(key, None)
            stamped.pop(key, None)
            continue
        if type(value) is dict:
            before = merged.get(key)
            if type(before) is dict:
                marks = stamped.get(key)
                merged[key], stamped[key] = _merge(
                    before, value, marks if type(marks) is dict else {}, mark
                )
                continue
            fresh = _without_nulls(value)
            if fresh is None:
                if before is None:
                    continue
                fresh = {}
            merged[key], stamped[key] = fresh, _stamp(fresh, mark)
            continue
        merged[key], stamped[key] = value, _stamp(value, mark)
    return merged, stamped


def _without_nulls(value: Tree) -> Tree | None:
    """A new object without its nulls; None when nothing but nulls was in it, at any depth."""
    kept: Tree = {}
    for key, inner in value.items():
        if type(inner) is dict:
            inner = _without_nulls(inner)  # noqa: PLW2901  the pruned object takes its place
        if inner is not None:
            kept[key] = inner
    return kept if kept or not value else None


def stamp(value: Any, now_s: int) -> Any:
    """The metadata of a value: a time for each leaf, arrays element by element.

    A null of a request gets a leaf of its own.  All leaves are one object.
    """
    return _stamp(value, {"timestamp": now_s})


def _stamp(value: Any, mark: Tree) -> Any:
    kind = type(value)
    if kind is dict:
        return {
            key: _stamp(inner, mark) if type(inner) in _BRANCHES else mark
            for key, inner in value.items()
        }
    if kind is list:
        return [_stamp(inner, mark) for inner in value]
    return mark


def with_shared_leaves(metadata: Any, leaves: dict[int, Tree]) -> Any:
    """The same metadata, in which times that are equal are one object: a fifth of the memory."""
    if type(metadata) is list:
        return [with_shared_leaves(each, leaves) for each in metadata]
    time_s = metadata.get("timestamp")
    if type(time_s) is int:
        return leaves.setdefault(time_s, metadata)
    return {key: with_shared_leaves(each, leaves) for key, each in metadata.items()}


def delta(desired: Tree, reported: Tree) -> Tree:
    """What is desired and not reported so, each with the path that leads to it."""
    found: Tree = {}
    for key, wanted in desired.items():
        if key not in reported:
            found[key] = wanted
            continue
        said = reported[key]
        if wanted is said:
            continue
        if type(wanted) is dict and type(said) is dict:
            if inner := delta(wanted, said):
                found[key] = inner
        elif not same(wanted, said):
            found[key] = wanted
    return found


def same(left: Any, right: Any) -> bool:
    """Equality as JSON has it: 1 is 1.0, but true is not 1, at any depth."""
    if type(left) is bool or type(right) is bool:
        return left is right
    if type(left) is list:
        return (
            type(right) is list
            and len(left) == len(right)
            and all(same(a, b) for a, b in zip(left, right, strict=True))
        )
    if type(left) is dict:
        return (
            type(right) is dict
            and left.keys() == right.keys()
            and all(same(value, right[key]) for key, value in left.items())
        )
    return bool(left == right)


def pick(metadata: Tree, shape: Tree) -> Tree:
    """The part of the metadata that belongs to the keys of `shape`, as deep as it goes."""
    picked: Tree = {}
    for key, value in shape.items():
        marks = metadata.get(key)
        if marks is None:
            continue
        if type(value) is dict and type(marks) is dict:
            picked[key] = pick(marks, value)
        else:
            picked[key] = marks
    return picked
