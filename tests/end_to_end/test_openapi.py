"""The running API keeps what its OpenAPI document says, for requests made up from it."""

import hashlib

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from cloud_functions.contract import api
from mobile_client import calls
from mobile_client.phone import LOCAL_CLIENT_ID

THING, CODE = "r1", "ABCD-EFGH"
EXAMPLES = 12
"""Requests of each operation, kind and robot."""
KEPT = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


class Caller:
    """An owner of one robot."""

    def __init__(self, http: str) -> None:
        self.http = http
        attributes = {"claimCodeHash": hashlib.sha256(CODE.encode()).hexdigest()}
        self.post(f"/things/{THING}", {"attributePayload": {"attributes": attributes}})
        reported = {"family": "i7", "name": "Attic", "connected": True}
        self.post(f"/things/{THING}/shadow", {"state": {"reported": reported}})
        email, password = "ada@example.com", "a-long-password"
        self.send(calls.sign_up(LOCAL_CLIENT_ID, email, password))
        self.token = self.send(calls.sign_in(LOCAL_CLIENT_ID, email, password)).access
        self.send(calls.pair(THING, CODE))

    def post(self, path: str, body: object) -> None:
        assert httpx2.post(self.http + path, json=body).is_success

    def send(self, call):
        headers = call.headers_with(getattr(self, "token", None))
        answer = httpx2.request(
            call.method, self.http + call.path, content=call.body, headers=headers
        )
        return call.answer(answer.status_code, answer.content)


@pytest.fixture
def owner(start_cloud):
    return Caller(start_cloud("--broker", "builtin", "--free-ports").endpoints["http"])


def operations(owner: Caller):
    schema = schemathesis.openapi.from_url(owner.http + "/openapi.json")
    return [found.ok() for found in schema.get_all_operations()]


def try_out(owner: Caller, operation, mode: GenerationMode, thing: str | None, kept: list) -> None:
    """A few requests of one operation, of a made-up robot or of the owner's."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def once(case) -> None:
        if thing is not None:
            case.path_parameters["thing"] = thing
        headers = {"Authorization": f"Bearer {owner.token}"}
        answer = case.call(base_url=owner.http, headers=headers)
        if answer.status_code == 400 and "bytes" in answer.json()["error"]["message"]:
            return  # the size of a whole is beyond JSON Schema
        case.validate_response(answer, checks=kept)

    once()


def test_every_route_answers_as_documented_whatever_it_is_asked(owner) -> None:
    found = operations(owner)
    for operation in found:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try_out(owner, operation, mode, None, KEPT)

    assert len(found) > 10


def test_what_the_document_allows_is_taken_for_a_robot_of_ones_own(owner) -> None:
    taken = [*KEPT, checks.positive_data_acceptance]
    tried = []
    for operation in operations(owner):
        takes_any = operation.method != "delete" and "/missions/" not in operation.path
        if "{thing}" in operation.path and takes_any:
            try_out(owner, operation, GenerationMode.POSITIVE, THING, taken)
            tried.append((operation.method.upper(), operation.path))

    assert ("PUT", "/robots/{thing}/schedule") in tried
    assert ("POST", "/robots/{thing}/commands") in tried


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/robots/%0D/alerts", "not_found"),
        ("/robots/a%2Fb/alerts", "not_found"),
        ("/robots/a%3Fb", "not_found"),
    ],
)
def test_what_hides_behind_percent_signs_reaches_the_handler(owner, path, code) -> None:
    headers = {"Authorization": f"Bearer {owner.token}"}

    answer = httpx2.get(owner.http + path, headers=headers)

    assert answer.status_code == 404
    assert api.Error.model_validate_json(answer.content).error.code == code


def test_a_schedule_with_null_in_it_is_refused_at_the_door(owner) -> None:
    entry = {"days": [1], "hour": 9, "minute": 0, "params": {"regions": [None]}}
    headers = {"Authorization": f"Bearer {owner.token}"}

    answer = httpx2.put(
        f"{owner.http}/robots/{THING}/schedule", json={"entries": [entry]}, headers=headers
    )

    said = api.Error.model_validate_json(answer.content).error
    assert answer.status_code == 400
    assert said.message.startswith("entries.0.params: ")
    assert "params.regions.0 is a text, a number" in said.message
