"""A message as a statement sees it."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeVar

from cloud_functions.region import ACCOUNT
from cloud_functions.rules.errors import RuleFailed
from cloud_functions.rules.external import Call, Memory, recalled
from cloud_functions.rules.payloads import NotJson, read_json, with_whole_numbers
from cloud_functions.rules.values import UNDEFINED, Value, as_json, is_within

SEARCH_BUDGET_S: Final = 0.1
"""Seconds that all regular expressions of one message may search."""
MAX_ELEMENTS: Final = 100_000
"""Elements that all nested queries of one message may visit."""
MAX_VARIABLES_BYTES: Final = 131_072
"""What SET may keep in all (AWS reference, section 2.2)."""

T = TypeVar("T")
Definition = Callable[["Context"], Value]


@dataclass(frozen=True, slots=True)
class Sources:
    """What evaluation asks the outside for; by default nothing is random and no time passes."""

    new_uuid: Callable[[], str] = lambda: "00000000-0000-4000-8000-000000000000"
    rand: Callable[[], float] = lambda: 0.5
    stopwatch: Callable[[], float] = lambda: 0.0
    """Seconds from any beginning, to stop searches that take too long."""


_SILENT: Final = Sources()
_NOTHING: Final[Mapping[str, Any]] = {}


class Context:
    """The message and its circumstances; the payload is parsed once, by the first who asks.

    `properties` are the MQTT 5 properties by their names in `contract.mqtt`.  A message that came
    by HTTP has another `protocol` than "mqtt".
    """

    variables: Mapping[str, Definition] = _NOTHING
    memory: Memory | None = None
    _known: dict[str, Value]
    _kept: int
    _place: int

    def __init__(
        self,
        *,
        topic: str,
        payload: bytes,
        client_id: str = "n/a",
        timestamp_ms: int = 0,
        principal: str = "",
        source_ip: str = "",
        properties: Mapping[str, Any] | None = None,
        protocol: str = "mqtt",
        account: str = ACCOUNT,
        rule_name: str = "",
        trace_id: str = "",
        sources: Sources = _SILENT,
    ) -> None:
        self.topic = topic
        self.raw = payload
        self.client_id = client_id
        self.timestamp_ms = timestamp_ms
        self.principal = principal
        self.source_ip = source_ip
        self.properties = properties or _NOTHING
        self.protocol = protocol
        self.account = account
        self.rule_name = rule_name
        self.sources = sources
        self.elements: dict[int, Value] = {}
        self._visited = 0
        self._searched_s = 0.0
        self._trace_ids = [trace_id] if trace_id else []  # one list of all copies

    # ------------------------------------------------------------ the message

    @cached_property
    def payload_as_sent(self) -> Value:
        """The JSON value of the payload; the bytes themselves if they are not JSON."""
        try:
            return read_json(self.raw)
        except NotJson:
            return self.raw

    @cached_property
    def payload(self) -> Value:
        """The same with whole decimals as Ints, as the second SQL version sees it."""
        value = self.payload_as_sent
        return value if value is self.raw else with_whole_numbers(self.raw, value)

    @cached_property
    def levels(self) -> list[str]:
        """The levels of the topic."""
        return self.topic.split("/")

    @property
    def trace_id(self) -> str:
        """The UUID of the message, the same for all that is done because of it."""
        if not self._trace_ids:
            self._trace_ids.append(self.sources.new_uuid())
        return self._trace_ids[0]

    @property
    def is_mqtt(self) -> bool:
        """Whether it came over MQTT."""
        return self.protocol == "mqtt"

    def member(self, members: tuple[str, ...]) -> Value:
        """The value at a path of the payload, UNDEFINED where the path ends early."""
        value = self.payload
        for name in members:
            if not isinstance(value, dict):
                return UNDEFINED
            value = value.get(name, UNDEFINED)
        return value

    # ------------------------------------------------------------ one rule's evaluation

    def scope(self, variables: Mapping[str, Definition]) -> "Context":
        """The same message for the evaluation of one rule, with what its SET defines."""
        here = copy.copy(self)
        here.variables = variables
        here._known = {}  # noqa: SLF001  the copy is ours
        here._kept = 0  # noqa: SLF001
        return here

    def again(self, memory: Memory) -> "Context":
        """The same message evaluated once more, with what was answered and drawn before."""
        here = copy.copy(self)
        here.memory = memory
        here._place = 0  # noqa: SLF001  the copy is ours
        return here

    def variable(self, name: str) -> Value:
        """A variable's value, found when it is first asked for.  Raises RuleFailed."""
        definition = self.variables.get(name)
        if definition is None:
            return UNDEFINED
        if name not in self._known:
            value = definition(self)
            self._keep(value)
            self._known[name] = value
        return self._known[name]

    def _keep(self, value: Value) -> None:
        within = is_within(value, 3 * MAX_VARIABLES_BYTES)
        self._kept += len(as_json(value)) if within else MAX_VARIABLES_BYTES + 1
        if self._kept > MAX_VARIABLES_BYTES:
            raise RuleFailed("the variables of SET hold more than 128 KiB")

    def answer(self, call: Call) -> Value:
        """The answer of an external call.  Raises Needs, CallFailed."""
        return recalled(self.memory, call)

    def new_uuid(self) -> str:
        """A new identifier, the same when the message is evaluated again."""
        return str(self._draw(self.sources.new_uuid))

    def rand(self) -> float:
        """A number from 0 to below 1, the same when the message is evaluated again."""
        return float(self._draw(self.sources.rand))

    def _draw(self, source: Callable[[], Value]) -> Value:
        if self.memory is None:
            return source()
        drawn = self.memory.drawn
        if self._place == len(drawn):
            drawn.append(source())
        self._place += 1
        return drawn[self._place - 1]

    # ------------------------------------------------------------ bounds

    def visit(self, elements: int) -> None:
        """A nested query goes over so many elements.  Raises RuleFailed."""
        self._visited += elements
        if self._visited > MAX_ELEMENTS:
            raise RuleFailed(f"nested queries visit more than {MAX_ELEMENTS} elements")

    def within_budget(self, search: Callable[[float], T], otherwise: T) -> T:
        """What a search finds in the seconds that are left for this message."""
        left_s = SEARCH_BUDGET_S - self._searched_s
        if left_s <= 0:
            return otherwise
        began = self.sources.stopwatch()
        try:
            found = search(left_s)
        except TimeoutError:
            self._searched_s = SEARCH_BUDGET_S
            return otherwise
        self._searched_s += self.sources.stopwatch() - began
        return found
