"""What a phone makes of messages that overtake each other."""

from itertools import permutations

import orjson
import pytest

from mobile_client.live import Views

REPORTS = [
    (5, {"cleanMissionStatus": {"phase": "charge"}, "batPct": 100, "connected": True}),
    (6, {"cleanMissionStatus": {"phase": "run"}}),
    (7, {"batPct": 99}),
]


def message(version: int, reported: dict) -> bytes:
    body = {"version": version, "reported": reported}
    return orjson.dumps({"type": "state", "thing": "r", "time": 0, "body": body})


@pytest.mark.parametrize("order", list(permutations(REPORTS)))
def test_in_whatever_order_reports_arrive_the_phone_ends_where_the_robot_is(order) -> None:
    views = Views()

    for version, reported in order:
        views.hear(message(version, reported))

    view = views.of("r")
    assert (view.phase, view.battery_percent, view.connected) == ("run", 99, True)
    assert view.version == 7
