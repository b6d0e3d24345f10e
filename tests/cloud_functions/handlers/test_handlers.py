"""Handlers over real tables and recording fakes for what lies outside."""

import hashlib
import importlib
import json

import pytest

from cloud_functions import bootstrap
from cloud_functions.errors import InvalidRequest, NotFound, TooLarge, Unauthorized
from cloud_functions.handlers.entrypoint import entrypoint
from cloud_functions.storage.file_blobs import FileBlobs
from cloud_functions.storage.sqlite_table import SqliteTables

NOW = 1_700_000_000.0
CODE = "ABCD-EFGH"


class RecordingShadows:
    def __init__(self) -> None:
        self.documents: dict[str, dict] = {}
        self.desired: list[tuple] = []

    def get(self, thing):
        if thing not in self.documents:
            raise NotFound("No shadow")
        return self.documents[thing]

    def desire(self, thing, desired, client_token):
        self.desired.append((thing, dict(desired), client_token))
        document = self.documents.setdefault(thing, {"state": {}, "version": 0})
        document["state"].setdefault("desired", {}).update(desired)
        document["version"] += 1
        return document["version"]


class Things:
    def attributes(self, thing):
        if not thing.startswith("r"):
            raise NotFound(f"Thing {thing} cannot be found.")
        return {"claimCodeHash": hashlib.sha256(CODE.encode()).hexdigest()}


class RecordingPhones:
    def __init__(self) -> None:
        self.sent: list[tuple[str, dict]] = []
        self.gone: set[str] = set()

    def post(self, connection_id, data):
        self.sent.append((connection_id, json.loads(data)))
        return connection_id not in self.gone


class House:
    """All handlers over one set of stores."""

    def __init__(self, folder) -> None:
        self.shadows, self.phones = RecordingShadows(), RecordingPhones()
        self.tables = SqliteTables(folder / "t.db")
        self.now_s = NOW

        def verify(token: str) -> str:
            if token != "good":
                raise Unauthorized("the token is not valid")
            return "ada"

        self.cloud = bootstrap.assemble(
            table=self.tables.table("t"),
            blobs=FileBlobs(folder / "blobs"),
            shadows=self.shadows,
            things=Things(),
            phones=self.phones,
            verify=verify,
            clock=lambda: self.now_s,
        )

    def run(self, name: str, event: dict):
        module = importlib.import_module(f"cloud_functions.handlers.{name}")
        return entrypoint(module.handle, cloud=lambda: self.cloud)(event)

    def http(self, name: str, *, who: str = "ada", body=None, query=None, **path):
        event = {
            "requestContext": {"authorizer": {"jwt": {"claims": {"sub": who}}}},
            "pathParameters": path,
            "queryStringParameters": query,
            "body": body if isinstance(body, str) else json.dumps(body or {}),
        }
        said = self.run(name, event)
        return said["statusCode"], json.loads(said["body"]) if said["body"] else None

    def pair(self, thing: str = "r1", who: str = "ada"):
        return self.http("pair_robot", who=who, body={"serial": thing, "claimCode": CODE})


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    yield made
    made.tables.close()


def test_a_robot_is_paired_by_its_claim_code_and_listed(house: House) -> None:
    house.shadows.documents["r1"] = {
        "state": {"reported": {"name": "Attic", "batPct": 80, "connected": True}},
        "version": 4,
    }

    assert house.pair()[0] == 201
    assert house.pair()[0] == 201  # again is the same
    status, said = house.http("list_robots")

    assert status == 200
    (robot,) = said["robots"]
    assert (robot["thing"], robot["name"], robot["batPct"]) == ("r1", "Attic", 80)


def test_an_owner_finds_robots_by_a_query_among_the_own_ones(house: House) -> None:
    for thing, level, who in (("r1", 15, "ada"), ("r2", 80, "ada"), ("r3", 10, "bob")):
        house.shadows.documents[thing] = {
            "state": {"reported": {"batPct": level, "connected": True}, "delta": {"a": 1}},
            "version": 4,
        }
        house.pair(thing, who)

    def find(query: str) -> list[str]:
        _, said = house.http("list_robots", query={"q": query})
        return [robot["thing"] for robot in said["robots"]]

    assert find("shadow.reported.batPct<20 AND connectivity.connected:true") == ["r1"]
    assert find("*") == find("") == find("shadow.hasDelta:true") == ["r1", "r2"]
    assert find("NOT thingName:r1") == ["r2"]
    assert find("thingName:r3 OR batPct:10") == []


def test_a_query_that_is_none_is_refused_with_its_column(house: House) -> None:
    house.pair()

    status, said = house.http("list_robots", query={"q": "a AND"})

    assert (status, said["error"]["code"]) == (400, "invalid_request")
    assert said["error"]["message"].startswith("q: column 6: a term is needed here")


def test_a_wrong_code_an_unknown_robot_and_a_taken_one_are_refused(house: House) -> None:
    wrong = house.http("pair_robot", body={"serial": "r1", "claimCode": "XXXX-XXXX"})
    unknown = house.http("pair_robot", body={"serial": "x1", "claimCode": CODE})
    house.pair()
    taken = house.pair(who="bob")

    assert (wrong[0], unknown[0], taken[0]) == (403, 404, 409)
    assert taken[1]["error"]["code"] == "conflict"


def test_somebody_elses_robot_is_not_found(house: House) -> None:
    house.pair()

    for name in ("get_robot", "get_settings", "get_schedule", "list_missions", "list_alerts"):
        status, said = house.http(name, who="bob", thing="r1")
        assert (status, said["error"]["code"]) == (404, "not_found")


def test_a_command_is_desired_once_however_often_it_is_posted(house: House) -> None:
    house.pair()
    body = {"id": "c-1", "command": "start", "expiresIn": 20}

    first = house.http("send_command", thing="r1", body=body)
    house.now_s += 5
    again = house.http("send_command", thing="r1", body=body)

    assert first == again
    assert first[0] == 202
    ((thing, desired, token),) = house.shadows.desired
    assert (thing, token) == ("r1", "c-1")
    (command,) = desired["command"]
    assert (command["command"], command["expires"] - command["time"]) == ("start", 20)


def test_a_command_replaced_before_it_was_seen_is_named_superseded(house: House) -> None:
    house.pair()
    house.http("send_command", thing="r1", body={"id": "c-1", "command": "start"})

    _, said = house.http("send_command", thing="r1", body={"id": "c-2", "command": "dock"})

    assert said["superseded"] == "c-1"


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("{", "the body"),
        ({"id": "1", "command": "fly"}, "command"),
        ({"id": "", "command": "start"}, "id"),
        ({"command": "start"}, "id"),
        ({"id": "1", "command": "start", "speed": 3}, "speed"),
        ({"id": "1", "command": "start", "expiresIn": 0}, "expiresIn"),
    ],
)
def test_a_bad_command_is_refused_by_the_member_that_is_wrong(house, body, complaint) -> None:
    house.pair()

    status, said = house.http("send_command", thing="r1", body=body)

    assert status == 400
    assert said["error"]["message"].startswith(complaint)
    assert house.shadows.desired == []


def test_settings_are_set_in_pairs(house: House) -> None:
    house.pair()
    house.shadows.documents["r1"] = {
        "state": {"reported": {"carpetBoost": True, "vacHigh": False}},
        "version": 1,
    }

    status, said = house.http("update_settings", thing="r1", body={"vacHigh": True})

    assert status == 200
    assert house.shadows.desired[0][1] == {"vacHigh": True, "carpetBoost": True}
    assert said["desired"] == {"carpetBoost": True, "vacHigh": True}


@pytest.mark.parametrize("family", ["900", "i7"])
def test_a_schedule_is_kept_in_the_familys_own_form(house: House, family: str) -> None:
    house.pair()
    house.shadows.documents["r1"] = {"state": {"reported": {"family": family}}, "version": 1}
    entries = [{"days": [1], "hour": 9, "minute": 30}]

    put = house.http("put_schedule", thing="r1", body={"entries": entries})
    got = house.http("get_schedule", thing="r1")

    assert (put[0], got[0]) == (200, 200)
    (entry,) = got[1]["entries"]
    assert (entry["days"], entry["hour"], entry["minute"]) == ([1], 9, 30)
    key = "cleanSchedule" if family == "900" else "cleanSchedule2"
    assert key in house.shadows.desired[0][1]


def test_a_mission_is_recorded_once_and_its_map_is_found(house: House) -> None:
    house.pair()
    record = {"missionId": "01ABC", "startTime": 100, "done": "ok", "sqft": 200}
    event = {"thing": "r1", "record": record, "map": {"path": [[0, 0]]}}

    house.run("record_mission", event)
    house.now_s += 1
    house.run("record_mission", event)
    house.run(
        "record_mission", {**event, "record": {**record, "missionId": "01ABD", "startTime": 200}}
    )

    _, said = house.http("list_missions", thing="r1")
    assert [each["missionId"] for each in said["missions"]] == ["01ABD", "01ABC"]
    assert house.http("get_map", thing="r1", id="01ABC") == (200, {"path": [[0, 0]]})
    assert house.http("get_map", thing="r1", id="01ZZZ")[0] == 404
    assert house.http("get_map", thing="r1", id="../../x")[0] == 404


def test_a_mission_carries_cloud_time_however_far_ahead_its_robots_clock_is(house: House) -> None:
    house.pair()
    event = {"requestContext": {"connectionId": "one"}, "queryStringParameters": {"token": "good"}}
    house.run("connect", event)
    ahead = {"missionId": "01A", "startTime": int(NOW) + 90_000, "timestamp": int(NOW) + 93_600}
    house.run("record_mission", {"thing": "r1", "record": ahead})
    house.now_s += 60  # the robots were started again: their clocks begin at cloud time anew
    later = {"missionId": "01B", "startTime": int(NOW) + 50, "nMssn": 2}
    house.run("record_mission", {"thing": "r1", "record": later})

    _, said = house.http("list_missions", thing="r1")

    newest, oldest = said["missions"]
    assert (newest["missionId"], newest["recordedAt"]) == ("01B", int(NOW) + 60)
    assert newest["nMssn"] == 2
    assert (oldest["startTime"], oldest["recordedAt"]) == (int(NOW) + 90_000, int(NOW))
    assert [sent["body"]["recordedAt"] for _, sent in house.phones.sent] == [
        int(NOW),
        int(NOW) + 60,
    ]


@pytest.mark.parametrize(
    "record", [{}, {"missionId": ""}, {"missionId": "1", "startTime": "soon"}, 7, None]
)
def test_what_is_no_mission_is_not_recorded(house: House, record) -> None:
    house.pair()

    with pytest.raises(InvalidRequest, match="record with a missionId"):
        house.run("record_mission", {"thing": "r1", "record": record})

    assert house.http("list_missions", thing="r1")[1]["missions"] == []


def test_an_alert_is_open_until_it_is_cured(house: House) -> None:
    house.pair()
    house.run("raise_alert", {"thing": "r1", "kind": "error", "error": 6, "time": NOW})
    before = house.http("list_alerts", thing="r1")[1]["alerts"]
    house.run("raise_alert", {"thing": "r1", "kind": "cured", "error": 6, "time": NOW + 60})

    after = house.http("list_alerts", thing="r1")[1]["alerts"]

    assert [(each["text"], each["open"]) for each in before] == [
        ("The robot is stuck near a cliff.", True)
    ]
    assert not any(each["open"] for each in after)


def test_phones_of_the_owner_are_told_and_those_that_have_gone_are_forgotten(house: House) -> None:
    house.pair()
    for connection in ("one", "two"):
        event = {"requestContext": {"connectionId": connection}}
        said = house.run("connect", {**event, "queryStringParameters": {"token": "good"}})
        assert said["statusCode"] == 200
    house.phones.gone = {"two"}
    news = {"type": "state", "thing": "r1", "at": 5000, "body": {"version": 3}}

    first = house.run("announce", news)
    second = house.run("announce", news)
    house.run("disconnect", {"requestContext": {"connectionId": "one"}})
    third = house.run("announce", news)

    assert (first["told"], second["told"], third["told"]) == (1, 1, 0)
    assert house.phones.sent[0][1]["time"] == 5.0


def test_a_phone_without_a_valid_token_is_not_let_in(house: House) -> None:
    event = {"requestContext": {"connectionId": "x"}, "queryStringParameters": {"token": "bad"}}

    assert house.run("connect", event)["statusCode"] == 401


def test_presence_that_comes_late_is_ignored(house: House) -> None:
    house.pair()
    event = {"clientId": "r1", "eventType": "connected", "versionNumber": 2, "timestamp": 9000}

    assert "late" not in house.run("track_presence", event)
    assert house.run("track_presence", {**event, "versionNumber": 1, "timestamp": 8000})["late"]


def test_an_event_of_a_rule_raises_so_that_it_is_tried_again(house: House) -> None:
    with pytest.raises(Exception, match="record with a missionId"):
        house.run("record_mission", {"thing": "r1", "record": {}})


def test_an_unknown_error_is_answered_without_its_text(house: House) -> None:
    def handle(_event, _cloud):
        raise RuntimeError("secret")

    said = entrypoint(handle, cloud=lambda: house.cloud)({"requestContext": {}})

    assert said["statusCode"] == 500
    assert "secret" not in said["body"]


def test_what_a_shadow_cannot_hold_is_refused_in_the_owners_words(house: House) -> None:
    house.pair()
    large = [{"days": [1], "hour": 9, "minute": 0, "params": {"a": ["x" * 250] * 7}}]

    def full(*_):
        raise TooLarge("The payload exceeds the maximum size allowed")

    door = house.http("put_schedule", thing="r1", body={"entries": large * 3})
    house.shadows.desire = full
    shadow = house.http("put_schedule", thing="r1", body={"entries": large})

    assert door[0] == 400
    assert "a schedule has" in door[1]["error"]["message"]
    assert shadow[0] == 413
    assert "the robot's shadow cannot hold that" in shadow[1]["error"]["message"]
