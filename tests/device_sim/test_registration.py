"""Robots become known to a cloud: many at a time, and again without harm."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from device_sim.registration import NotRegistered, register, thing_body, write_slips
from device_sim.robot.population import RobotSpec

SPECS = [RobotSpec(f"robot-{number}") for number in range(200)]


class _Desk(BaseHTTPRequestHandler):
    """Writes down what is asked."""

    protocol_version = "HTTP/1.1"
    known: dict[str, dict]
    lines: set
    refused = taken = "nobody"
    changed: dict[str, dict]

    def do_POST(self) -> None:
        self.known[self.path] = self._body()
        self.lines.add(self.client_address)
        refused = {self.refused: 400, self.taken: 409}
        self._answer(refused.get(self.path.rpartition("/")[2], 200))

    def do_PATCH(self) -> None:
        self.changed[self.path] = self._body()
        self._answer(200)

    def _body(self) -> dict:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, status: int) -> None:
        said = json.dumps({"message": "not this one"} if status >= 400 else {}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_arguments) -> None:
        pass


@pytest.fixture
def desk():
    Desk = type("Desk", (_Desk,), {"known": {}, "lines": set(), "changed": {}})  # noqa: N806  a class
    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    Desk.url = f"http://127.0.0.1:{server.server_port}"
    yield Desk
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_robot_that_was_another_before_is_changed(desk) -> None:
    desk.taken = SPECS[0].thing

    register(desk.url, SPECS[:2], 7)

    assert desk.changed == {f"/things/{SPECS[0].thing}": thing_body(SPECS[0], 7)}


def test_the_slips_are_for_their_owners_eyes(tmp_path) -> None:
    assert write_slips(tmp_path, SPECS[:1], 7).stat().st_mode & 0o777 == 0o600


def test_all_robots_are_registered_over_a_few_connections_that_stay_open(desk) -> None:
    told = []

    register(desk.url, SPECS, 7, told=told.append)

    assert desk.known == {f"/things/{spec.thing}": thing_body(spec, 7) for spec in SPECS}
    assert len(desk.lines) <= 16
    assert told[-1] == len(SPECS)


def test_a_robot_that_is_refused_is_named_with_the_clouds_own_words(desk) -> None:
    desk.refused = "robot-71"

    with pytest.raises(NotRegistered, match="robot-71: not this one"):
        register(desk.url, SPECS, 7)


def test_a_cloud_that_is_not_there_is_named() -> None:
    with pytest.raises(NotRegistered, match=r"no cloud answers at http://127\.0\.0\.1:1: "):
        register("http://127.0.0.1:1", SPECS[:3], 7)


def test_slips_are_written_for_every_robot(tmp_path) -> None:
    path = write_slips(tmp_path, SPECS[:2], 7)

    assert [slip["thing"] for slip in json.loads(path.read_text())] == ["robot-0", "robot-1"]
