"""The JSON Schema: editors understand it, and it agrees with the models."""

import datetime
import json
import tomllib

import jsonschema_rs
import pytest

from device_sim import scenario
from device_sim.robot.households.mix import Mix
from device_sim.scenarios.households import Households
from device_sim.scenarios.schema import DIALECT, json_schema

VALIDATOR = jsonschema_rs.Draft202012Validator(json_schema())


def plain(name: str) -> object:
    """A scenario as JSON has it: dates and times are texts."""
    said = tomllib.loads(scenario.text_of(name)[1])

    def text(value: datetime.datetime | datetime.time) -> str:
        return value.isoformat()

    return json.loads(json.dumps(said, default=text))


def test_it_is_a_schema_of_its_dialect() -> None:
    jsonschema_rs.meta.validate(json_schema())

    assert json_schema()["$schema"] == DIALECT


@pytest.mark.parametrize("name", scenario.names())
def test_named_scenarios_agree_with_it(name: str) -> None:
    VALIDATOR.validate(plain(name))


def test_it_refuses_what_the_models_refuse() -> None:
    good = {"title": "x", "fleet": {"size": 3}}

    for wrong in (
        {"title": 5}, {"fleet": {"size": 0}}, {"fleet": {"size": 3, "families": {"i8": 1}}},
        {"weather": {}}, {"steps": [{"what": "earthquake", "at": "2h"}]},
        {"steps": [{"what": "outage", "at": "2h", "for": "two"}]},
        {"network": [{"who": {"country": "de"}}]},
    ):  # fmt: skip
        assert VALIDATOR.is_valid(good)
        assert not VALIDATOR.is_valid(good | wrong), wrong


def test_every_key_is_described() -> None:
    tables = [json_schema(), *json_schema()["$defs"].values()]

    for table in tables:
        for name, key in table["properties"].items():
            named = json_schema()["$defs"].get(key.get("$ref", "").rpartition("/")[2], {})
            assert key.get("description", named.get("description")), (table["title"], name)


def test_households_of_a_scenario_are_those_of_the_physics() -> None:
    assert Households().mix == Mix()
    assert Households(pets=0.9, countries={"DE": 1.0}).mix == Mix(pets=0.9, countries={"DE": 1.0})
    assert set(Mix.__slots__) - {"families"} == set(Households.model_fields) - {"cancelled"}
