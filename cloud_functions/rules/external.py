"""Functions whose answer lies outside the message: evaluation asks, somebody else answers.

Evaluation is pure and does not wait.  Where it comes to a call whose answer is not known yet it
raises `Needs`; `outcome` has the call answered and evaluates again, until nothing is missing.  A
`Memory` makes every evaluation of one message see the same: the answers so far, and what chance
and new identifiers gave before.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from cloud_functions.rules.errors import RuleFailed
from cloud_functions.rules.values import Value, as_json

if TYPE_CHECKING:
    from cloud_functions.rules.context import Context

MAX_CALLS: Final = 32
"""Different calls that one message may make one rule ask; a nested query could ask for ever."""

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked: the function's name and its arguments, without the role."""

    name: str
    arguments: tuple[Value, ...]

    @property
    def key(self) -> bytes:
        """Equal for calls that ask the same."""
        return self.name.encode() + as_json(list(self.arguments))


class Needs(Exception):
    """Evaluation cannot go on without this answer."""

    def __init__(self, call: Call) -> None:
        super().__init__(call.name)
        self.call = call


class CallFailed(RuleFailed):
    """An external call gave no answer; the whole rule fails unless `get_or_default` is around."""

    code = "external_call_failed"


@dataclass(slots=True)
class Memory:
    """What stays the same over the evaluations of one message by one rule."""

    answers: dict[bytes, Value | CallFailed] = field(default_factory=dict)
    drawn: list[Value] = field(default_factory=list)


class External(Protocol):
    """Answers external calls."""

    async def answer(self, call: Call) -> Value:
        """The answer as a JSON value.  Raises CallFailed."""


class Evaluates(Protocol[T_co]):
    """A rule, as far as it is evaluated."""

    def outcome(self, context: "Context") -> T_co:
        """What its actions should do.  Raises Needs, RuleFailed."""


async def outcome(rule: Evaluates[T], context: "Context", external: External) -> T:
    """What a rule makes of a message once all its calls are answered.  Raises RuleFailed."""
    memory = Memory()
    while True:
        try:
            return rule.outcome(context.again(memory))
        except Needs as needs:
            if len(memory.answers) == MAX_CALLS:
                raise CallFailed(f"a rule asks at most {MAX_CALLS} different things") from None
            memory.answers[needs.call.key] = await _answer(external, needs.call)


async def _answer(external: External, call: Call) -> Value | CallFailed:
    try:
        return await external.answer(call)
    except CallFailed as failure:
        return failure


def recalled(memory: Memory | None, call: Call) -> Value:
    """The known answer of a call.  Raises Needs, or CallFailed where it had none."""
    if memory is None:
        raise Needs(call)
    key = call.key
    if key not in memory.answers:
        raise Needs(call)
    answer = memory.answers[key]
    if isinstance(answer, CallFailed):
        raise answer
    return answer
