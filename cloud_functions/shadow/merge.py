"""Merge, metadata and delta of shadow documents (AWS reference, sections 1.3 to 1.5).

Everything here is copy on write: an old document stays as it was, so that `documents` can show
both and a failed commit leaves no trace.
"""

from typing import Any, TypeAlias

Tree: TypeAlias = dict[str, Any]
"""A JSON object."""


def merge(old: Tree, change: Tree, metadata: Tree, now_s: int) -> tuple[Tree, Tree]:
    """A section and its metadata after a change; the old ones are left as they are."""
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
                merged[key], stamped[key] = merge(
                    before, value, marks if type(marks) is dict else {}, now_s
                )
                continue
            fresh = _without_nulls(value)
            if fresh is None:
                if before is None:
                    continue
                fresh = {}
            merged[key], stamped[key] = fresh, stamp(fresh, now_s)
            continue
        merged[key], stamped[key] = value, stamp(value, now_s)
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
    """The metadata of a value: a time for each leaf, arrays element by element."""
    kind = type(value)
    if kind is dict:
        return {key: stamp(inner, now_s) for key, inner in value.items()}
    if kind is list:
        return [stamp(inner, now_s) for inner in value]
    return {"timestamp": now_s}


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


def touched(change: Tree, now_s: int) -> Tree:
    """Metadata for exactly the keys of a request; a nulled key gets a leaf of its own."""
    return {
        key: touched(value, now_s) if type(value) is dict else stamp(value, now_s)
        for key, value in change.items()
    }
