"""A table of cases: what a statement should make of a message, as data (docs/rules.md).

A case is `{id, sql, topic, payload | payload_base64, sql_version?, context?, expected?}`.
`payload` is the JSON value of the message's payload and is written as JSON; `payload_base64` is
the payload's bytes.  What comes out is `{id, outcome, payload | payload_base64 | error}`.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from cloud_functions.contract.mqtt.topic_filter import InvalidTopic, matches, validate_topic
from cloud_functions.contract.topics import BASIC_INGEST_PREFIX
from cloud_functions.errors import InvalidDeclaration
from cloud_functions.region import ACCOUNT
from cloud_functions.rules.case_context import (
    check_context,
    properties_of,
    refuse_misspelt,
)
from cloud_functions.rules.context import Context, Sources
from cloud_functions.rules.engine import ingest_topic
from cloud_functions.rules.errors import RuleFailed
from cloud_functions.rules.external import Call, CallFailed, Memory, Needs
from cloud_functions.rules.parser import parse
from cloud_functions.rules.payloads import NotJson, read_json
from cloud_functions.rules.rule import Rule
from cloud_functions.rules.values import UNDEFINED, Value, as_json, equal
from cloud_functions.rules.versions import SqlVersion, read_version

_MEMBERS: Final = frozenset(
    ["id", "sql", "topic", "payload", "payload_base64", "sql_version", "context", "expected"]
)


class Word(StrEnum):
    """What can come of a case."""

    PAYLOAD = "payload"
    NO_ACTION = "no_action"
    NO_MATCH = "no_match"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a case: a payload with its value, or an error with its reason."""

    word: Word
    value: Value = UNDEFINED
    reason: str = ""

    def as_members(self) -> dict[str, Value]:
        """The outcome as a JSON object's members."""
        said: dict[str, Value] = {"outcome": self.word.value}
        if self.word is Word.PAYLOAD and isinstance(self.value, bytes):
            said["payload_base64"] = base64.b64encode(self.value).decode()
        elif self.word is Word.PAYLOAD:
            said["payload"] = self.value
        if self.word is Word.ERROR:
            said["error"] = self.reason
        return said


@dataclass(frozen=True, slots=True)
class Case:
    """A statement, a message and its circumstances; `expected` None when nobody said."""

    id: Value
    sql: str
    topic: str
    payload: bytes
    sql_version: str = SqlVersion.SECOND
    context: Mapping[str, Any] = field(default_factory=dict)
    expected: Mapping[str, Any] | None = None

    @classmethod
    def parse(cls, raw: Any, index: int = 0) -> "Case":
        """The case behind a JSON value.  Raises InvalidDeclaration naming the case."""
        if not isinstance(raw, dict):
            raise InvalidDeclaration(f"case {index}: a case is an object")
        name = raw.get("id", index)
        refuse_misspelt(f"case {name}", raw, _MEMBERS)
        context = raw.get("context") or {}
        expected = raw.get("expected")
        if not isinstance(context, dict) or not isinstance(expected, dict | None):
            raise InvalidDeclaration(f"case {name}: context and expected are objects")
        check_context(f"case {name}: context", context)
        for member in ("sql", "topic"):
            if not isinstance(raw.get(member), str):
                raise InvalidDeclaration(f"case {name}: {member} is a text")
        try:
            validate_topic(raw["topic"])
        except InvalidTopic as error:
            raise InvalidDeclaration(f"case {name}: topic: {error}") from None
        version = raw.get("sql_version", SqlVersion.SECOND.value)
        return cls(
            name, raw["sql"], raw["topic"], _payload(name, raw), str(version), context, expected
        )


def _payload(name: Value, raw: Mapping[str, Any]) -> bytes:
    """The message's payload; empty when the case has none."""
    if "payload_base64" not in raw:
        return as_json(raw["payload"]) if "payload" in raw else b""
    if "payload" in raw:
        raise InvalidDeclaration(f"case {name}: payload or payload_base64, not both")
    return _from_base64(f"case {name}: payload_base64", raw["payload_base64"])


def _from_base64(where: str, text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise InvalidDeclaration(f"{where} is no base64") from None


def read_cases(raw: bytes) -> list[Case]:
    """The cases of a file, a JSON list.  Raises InvalidDeclaration."""
    try:
        listed = read_json(raw)
    except NotJson as error:
        raise InvalidDeclaration(f"a file of cases is JSON: {error}") from None
    if not isinstance(listed, list):
        raise InvalidDeclaration("a file of cases is a list")
    return [Case.parse(each, index) for index, each in enumerate(listed)]


# ------------------------------------------------------------ running


def run(case: Case, sources: Sources | None = None) -> Outcome:
    """What comes of a case."""
    try:
        statement = parse(case.sql, read_version(case.sql_version))
    except InvalidDeclaration as error:
        return Outcome(Word.ERROR, reason=str(error))
    topic = topic_seen(case.topic, statement.topic_filter, case.context.get("ruleName"))
    if topic is None:
        return Outcome(Word.NO_MATCH)
    rule = Rule(str(case.context.get("ruleName", "case")), statement, ())
    try:
        value = _result(rule, context_of(case, topic, sources), case.context.get("external"))
    except RuleFailed as error:
        return Outcome(Word.ERROR, reason=str(error))
    if value is UNDEFINED:
        return Outcome(Word.NO_ACTION)
    return Outcome(Word.PAYLOAD, value)


def topic_seen(topic: str, topic_filter: str | None, rule_name: str | None = None) -> str | None:
    """The topic as the rule sees it, None where the message does not concern it.

    A Basic Ingest topic names its rule (AWS reference, section 2.7); without `rule_name` it is
    this one.
    """
    if topic.startswith(BASIC_INGEST_PREFIX):
        name, rest = ingest_topic(topic)
        if rule_name not in (None, name):
            return None
        return rest if topic_filter is None or matches(topic_filter, rest, parent=False) else None
    if topic_filter is None or not matches(topic_filter, topic, parent=False):
        return None
    return topic


def context_of(case: Case, topic: str, sources: Sources | None = None) -> Context:
    """The message of a case with its circumstances, which are checked already."""
    said = case.context
    known = sources or Sources()
    return Context(
        topic=topic,
        payload=case.payload,
        client_id=str(said.get("clientId", "n/a")),
        timestamp_ms=said.get("timestamp", 0),
        principal=str(said.get("principal", "")),
        source_ip=str(said.get("sourceIp", "")),
        properties=properties_of(said.get("mqtt5", {})),
        protocol="http" if "http" in str(said.get("protocol", "mqtt")).lower() else "mqtt",
        account=str(said.get("accountId", ACCOUNT)),
        rule_name=str(said.get("ruleName", "")),
        trace_id=str(said.get("traceId", "")),
        sources=Sources(
            new_uuid=(lambda: str(said["newuuid"])) if "newuuid" in said else known.new_uuid,
            rand=(lambda: float(said["rand"])) if "rand" in said else known.rand,
            stopwatch=known.stopwatch,
        ),
    )


def _result(rule: Rule, context: Context, answers: Any) -> Value:
    """What the rule makes; external calls are answered from the case's own list."""
    memory = Memory()
    while True:
        try:
            return rule.result(rule.scope(context.again(memory)))
        except Needs as needs:
            memory.answers[needs.call.key] = _answer(needs.call, answers)


def _answer(call: Call, answers: Any) -> Value | CallFailed:
    """The answer that a case gives: `{call, arguments?, answer | error}`."""
    for each in answers if isinstance(answers, Sequence) else ():
        if each.get("call") != call.name:
            continue
        if "arguments" in each and not equal(each["arguments"], list(call.arguments)):
            continue
        return CallFailed(str(each["error"])) if "error" in each else each.get("answer")
    asked = as_json(list(call.arguments)).decode()
    return CallFailed(f"{call.name}() needs an answer in the case's context.external for {asked}")


# ------------------------------------------------------------ comparing


def difference(outcome: Outcome, expected: Mapping[str, Any]) -> str:
    """What is not as expected, empty if all is.

    `expected` has the members of an outcome; of an `error` it is enough that it is in the text.
    """
    got = outcome.as_members()
    wanted_word = expected.get("outcome", Word.PAYLOAD.value)
    if got["outcome"] != wanted_word:
        reason = f": {outcome.reason}" if outcome.reason else ""
        return f"the outcome is {got['outcome']}, not {wanted_word}{reason}"
    if "error" in expected and str(expected["error"]) not in outcome.reason:
        return f"the error does not say {expected['error']!r}: {outcome.reason}"
    for member in ("payload", "payload_base64"):
        if member in expected:
            if member not in got:
                return f"there is no {member}"
            if not _agrees(got[member], expected[member]):
                return f"{member} is {as_json(got[member]).decode()}"
    return ""


def _agrees(got: Value, wanted: Value) -> bool:
    """Whether a value is the wanted one; of a decimal written with the digits of a double those."""
    if isinstance(wanted, list) and isinstance(got, list):
        return len(wanted) == len(got) and all(map(_agrees, got, wanted))
    if isinstance(wanted, dict) and isinstance(got, dict):
        return wanted.keys() == got.keys() and all(_agrees(got[key], wanted[key]) for key in got)
    if isinstance(wanted, float) and isinstance(got, Decimal):
        return float(got) == wanted
    return equal(got, wanted)
