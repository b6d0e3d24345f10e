"""Topics and topic filters (MQTT 5, section 4.7): what is valid, what matches, and a table."""

from collections.abc import Collection, Iterator
from typing import Final, Generic, NamedTuple, TypeVar

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


_KNOWN_TOPICS: Final = 20_000
"""Topics whose wildcard matches are remembered, some 4 MB when full."""


class _Shape(NamedTuple):
    """Where the wildcards of a filter stand: `plus` levels, and whether `#` is behind `levels`."""

    levels: int
    plus: tuple[int, ...]
    has_rest: bool

    def filter_of(self, levels: list[str]) -> str:
        """The one filter of this shape that can match a topic of these levels."""
        said = levels[: self.levels]
        for index in self.plus:
            said[index] = "+"
        if self.has_rest:
            said.append("#")
        return "/".join(said)

    @property
    def is_wild_at_first(self) -> bool:
        """Whether the first level is a wildcard, which no topic that begins with `$` matches."""
        return not self.levels or 0 in self.plus


def _shape(topic_filter: str) -> _Shape:
    levels = topic_filter.split("/")
    has_rest = levels[-1] == "#"
    if has_rest:
        levels.pop()
    plus = tuple(index for index, level in enumerate(levels) if level == "+")
    return _Shape(len(levels), plus, has_rest)


class FilterTable(Generic[T]):
    """Values by topic filter; a look-up costs how many shapes filters have, not how many there are.

    Of filters whose wildcards stand at the same levels only one can match a topic, and the topic
    says which.  `parent` as in `matches`.
    """

    def __init__(self, *, parent: bool = True) -> None:
        self._parent = parent
        self._exact: dict[str, Collection[T]] = {}
        self._wild: dict[str, Collection[T]] = {}
        self._whole: dict[int, dict[_Shape, int]] = {}
        """How many filters have a shape, by its levels; and those with `#`."""
        self._open: dict[_Shape, int] = {}
        self._known: dict[str, tuple[T, ...]] = {}

    def add(self, topic_filter: str, value: T) -> None:
        """Store a value under a valid filter; the same pair twice is stored once."""
        if not _is_wild(topic_filter):
            _put(self._exact, topic_filter, value)
            return
        self._known.clear()
        if topic_filter not in self._wild:
            self._count(_shape(topic_filter), 1)
        _put(self._wild, topic_filter, value)

    def remove(self, topic_filter: str, value: T) -> None:
        """Take a pair out; nothing happens when it is not there."""
        if not _is_wild(topic_filter):
            _take(self._exact, topic_filter, value)
            return
        self._known.clear()
        if _take(self._wild, topic_filter, value):
            self._count(_shape(topic_filter), -1)

    def _count(self, shape: _Shape, more: int) -> None:
        shapes = self._open if shape.has_rest else self._whole.setdefault(shape.levels, {})
        shapes[shape] = shapes.get(shape, 0) + more
        if not shapes[shape]:
            del shapes[shape]
        if not shapes and not shape.has_rest:
            del self._whole[shape.levels]

    def match(self, topic: str) -> list[T]:
        """The values of all filters that match, each once; those of the topic itself first."""
        wild = self._known.get(topic)
        if wild is None:
            wild = self._found(topic)
        exact = self._exact.get(topic)
        if not exact:
            return list(wild)
        return list(dict.fromkeys((*exact, *wild))) if wild else list(exact)

    def _found(self, topic: str) -> tuple[T, ...]:
        """What filters with wildcards match; remembered, since topics come again and again."""
        found: dict[T, None] = {}
        levels = topic.split("/")
        is_reserved = topic.startswith("$")
        for shape in self._fitting(len(levels)):
            if not (is_reserved and shape.is_wild_at_first):
                values = self._wild.get(shape.filter_of(levels))
                if values is not None:
                    found.update(dict.fromkeys(values))
        if len(self._known) >= _KNOWN_TOPICS:
            self._known.clear()
        wild = self._known[topic] = tuple(found)
        return wild

    def _fitting(self, levels: int) -> Iterator[_Shape]:
        """The shapes of filters that a topic of so many levels may match."""
        yield from self._whole.get(levels, ())
        most = levels if self._parent else levels - 1
        yield from (shape for shape in self._open if shape.levels <= most)


def _is_wild(topic_filter: str) -> bool:
    return "+" in topic_filter or "#" in topic_filter


def _put(filters: dict[str, Collection[T]], topic_filter: str, value: T) -> None:
    """Most filters have one value, which takes a tuple; more of them take a dictionary."""
    values = filters.get(topic_filter)
    if values is None:
        filters[topic_filter] = (value,)
    elif isinstance(values, dict):
        values[value] = None
    elif value not in values:
        filters[topic_filter] = dict.fromkeys((*values, value))


def _take(filters: dict[str, Collection[T]], topic_filter: str, value: T) -> bool:
    """Whether it was the last value of the filter, which goes with it."""
    values = filters.get(topic_filter)
    if values is None or value not in values:
        return False
    if isinstance(values, dict):
        del values[value]
        if values:
            return False
    del filters[topic_filter]
    return True
