"""What the product's own rules make of what robots say."""

import orjson
import pytest

from cloud_functions.ports import Message
from cloud_functions.rules.engine import RulesEngine
from cloud_functions.rules.rule import read_rule
from cloud_functions.runtime.options import DEFAULT_TEMPLATE
from cloud_functions.runtime.template.reader import read

ACCEPTED = "$aws/things/r/shadow/update/accepted"
FIRST = {"cleanMissionStatus": {"phase": "charge"}, "batPct": 97, "connected": True}


@pytest.fixture(scope="module")
def engine() -> RulesEngine:
    return RulesEngine([read_rule(rule) for rule in read(DEFAULT_TEMPLATE).rules])


@pytest.mark.parametrize(
    ("reported", "calls"),
    [
        ({"signal": {"rssi": -50}}, 0),
        ({"bbrun": {"hr": 3}}, 0),
        ({"batPct": 0}, 1),
        ({"connected": False}, 1),
        ({"lastCommandResult": {"id": "1"}}, 1),
        (FIRST, 1),
    ],
)
def test_a_report_is_told_once_if_a_phone_shows_it(engine, reported, calls) -> None:
    body = orjson.dumps({"state": {"reported": reported}, "version": 2})

    assert len(engine.fire(Message(ACCEPTED, body), 0)) == calls


def test_a_wish_is_told_to_nobody(engine) -> None:
    body = orjson.dumps({"state": {"desired": {"command": [{"id": "1"}]}}, "version": 2})

    assert engine.fire(Message(ACCEPTED, body), 0) == []
