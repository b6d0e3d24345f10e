"""Topics and topic filters (MQTT 5, section 4.7): what is valid, what matches, and a tree."""

from collections.abc import Iterator
from typing import Final, Generic, TypeVar

MAX_TOPIC_BYTES: Final = 65_535
SHARE_PREFIX: Final = "$share/"


class InvalidTopic(ValueError):
    """The text cannot be the topic of a PUBLISH."""


class InvalidTopicFilter(ValueError):
    """The text cannot be subscribed to."""


def validate_topic(topic: str) -> None:
    """Raises InvalidTopic unless something can be published there."""
    if not topic:
        raise InvalidTopic("a topic has at least one character")
    if "+" in topic or "#" in topic:
        raise InvalidTopic(f"a topic has no wildcards: {topic!r}")
    if "\0" in topic or len(topic.encode(errors="replace")) > MAX_TOPIC_BYTES:
        raise InvalidTopic(f"a topic has at most {MAX_TOPIC_BYTES} bytes and no null character")


def validate_filter(topic_filter: str) -> None:
    """Raises InvalidTopicFilter unless it can be subscribed to; shared ones included."""
    plain = unshared(topic_filter)
    if not plain:
        raise InvalidTopicFilter("a topic filter has at least one character")
    if "\0" in plain or len(plain.encode(errors="replace")) > MAX_TOPIC_BYTES:
        raise InvalidTopicFilter(f"a topic filter has at most {MAX_TOPIC_BYTES} bytes and no null")
    levels = plain.split("/")
    for index, level in enumerate(levels):
        if level == "#" and index < len(levels) - 1:
            raise InvalidTopicFilter(f"# stands only at the end: {plain!r}")
        if len(level) > 1 and ("#" in level or "+" in level):
            raise InvalidTopicFilter(f"a wildcard fills its whole level: {plain!r}")


def share_group(topic_filter: str) -> str | None:
    """The group of a shared subscription, `$share/<group>/<filter>`; None for a plain filter."""
    if not topic_filter.startswith(SHARE_PREFIX):
        return None
    return topic_filter.split("/", 2)[1]


def unshared(topic_filter: str) -> str:
    """The filter itself without `$share/<group>/`.  Raises InvalidTopicFilter for a broken one."""
    if not topic_filter.startswith(SHARE_PREFIX):
        return topic_filter
    parts = topic_filter.split("/", 2)
    if len(parts) < 3 or not parts[1] or "+" in parts[1] or "#" in parts[1]:  # noqa: PLR2004  three parts
        raise InvalidTopicFilter(f"a shared filter is $share/<group>/<filter>: {topic_filter!r}")
    return parts[2]


def matches(topic_filter: str, topic: str, *, parent: bool = True) -> bool:
    """Whether a message on the topic reaches a subscriber of the filter.

    A wildcard on the first level does not match topics that begin with `$`.  By the standard
    `a/#` matches its parent `a` too; at AWS IoT it does not (AWS reference, section 8.1), which
    is `parent=False`.
    """
    if topic_filter == topic:
        return True
    wanted, given = topic_filter.split("/"), topic.split("/")
    if given[0].startswith("$") and wanted[0] in ("+", "#"):
        return False
    for index, level in enumerate(wanted):
        if level == "#":
            return parent or index < len(given)
        if index >= len(given) or level not in ("+", given[index]):
            return False
    return len(wanted) == len(given)


T = TypeVar("T")


_KNOWN_TOPICS: Final = 100_000
"""Topics whose wildcard matches are remembered, some 20 MB when full."""


class _Node(Generic[T]):
    """One level: the filters that end here, and the levels below."""

    __slots__ = ("below", "ends")

    def __init__(self) -> None:
        self.below: dict[str, _Node[T]] = {}
        self.ends: dict[T, None] = {}


class FilterTree(Generic[T]):
    """Values by topic filter; a look-up costs what matches, not what is stored.

    `parent` as in `matches`.
    """

    def __init__(self, *, parent: bool = True) -> None:
        self._parent = parent
        self._root: _Node[T] = _Node()
        self._exact: dict[str, dict[T, None]] = {}
        self._known: dict[str, tuple[T, ...]] = {}

    def add(self, topic_filter: str, value: T) -> None:
        """Store a value under a valid filter; the same pair twice is stored once."""
        if "+" not in topic_filter and "#" not in topic_filter:
            self._exact.setdefault(topic_filter, {})[value] = None
            return
        self._known.clear()
        node = self._root
        for level in topic_filter.split("/"):
            node = node.below.setdefault(level, _Node())
        node.ends[value] = None

    def remove(self, topic_filter: str, value: T) -> None:
        """Take a pair out; nothing happens when it is not there.  Empty branches go too."""
        if "+" not in topic_filter and "#" not in topic_filter:
            values = self._exact.get(topic_filter, {})
            values.pop(value, None)
            if not values:
                self._exact.pop(topic_filter, None)
            return
        self._known.clear()
        trail: list[tuple[_Node[T], str]] = []
        node = self._root
        for level in topic_filter.split("/"):
            below = node.below.get(level)
            if below is None:
                return
            trail.append((node, level))
            node = below
        node.ends.pop(value, None)
        for parent, level in reversed(trail):
            child = parent.below[level]
            if child.ends or child.below:
                break
            del parent.below[level]

    def match(self, topic: str) -> list[T]:
        """The values of all filters that match, each once; those of the topic itself first."""
        wild = self._known.get(topic)
        if wild is None:
            wild = self._wild(topic)
        exact = self._exact.get(topic)
        if not exact:
            return list(wild)
        return list(exact | dict.fromkeys(wild)) if wild else list(exact)

    def _wild(self, topic: str) -> tuple[T, ...]:
        """What filters with wildcards match; remembered, since topics come again and again."""
        found: dict[T, None] = {}
        if self._root.below:
            for node in self._nodes(topic.split("/")):
                found.update(node.ends)
        if len(self._known) >= _KNOWN_TOPICS:
            self._known.clear()
        wild = self._known[topic] = tuple(found)
        return wild

    def _nodes(self, levels: list[str]) -> Iterator[_Node[T]]:
        is_reserved = levels[0].startswith("$")
        here = [self._root]
        for index, level in enumerate(levels):
            below: list[_Node[T]] = []
            for node in here:
                wild = not (is_reserved and index == 0)
                if wild and (rest := node.below.get("#")) is not None:
                    yield rest
                if (named := node.below.get(level)) is not None:
                    below.append(named)
                if wild and (any_one := node.below.get("+")) is not None:
                    below.append(any_one)
            here = below
        for node in here:
            if node.ends:
                yield node
            if self._parent and (rest := node.below.get("#")) is not None:
                yield rest
