"""What a phone knows does not depend on the order in which messages reach it."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_functions.contract.api import LiveMessage, Robot
from mobile_client.live import RobotView, Views


def state(version: int, **reported) -> LiveMessage:
    body = {"reported": reported, "version": version}
    return LiveMessage(type="state", thing="r1", time=version, body=body)


def answer(command_id: str) -> dict:
    return {"id": command_id, "command": "find", "outcome": "obeyed"}


def test_an_answer_that_a_later_report_overtook_is_seen() -> None:
    view = RobotView("r1")
    view.hear(state(3, lastCommandResult=answer("first"), batPct=90))

    view.hear(state(5, batPct=89))
    changed = view.hear(state(4, lastCommandResult=answer("second"), batPct=90))

    assert view.result_of("second") is not None
    assert (view.battery_percent, view.version) == (89, 5)
    assert changed == {"lastCommandResult": answer("second")}


reports = st.lists(
    st.dictionaries(st.sampled_from(["a", "b", "connected"]), st.booleans(), min_size=1),
    max_size=6,
)


@given(reports.flatmap(lambda said: st.permutations(list(enumerate(said, 1)))))
def test_any_order_of_reports_comes_to_the_same(shuffled) -> None:
    in_order, as_it_comes = RobotView("r1"), RobotView("r1")
    for version, reported in sorted(shuffled):
        in_order.hear(state(version, **reported))

    for version, reported in shuffled:
        as_it_comes.hear(state(version, **reported))

    assert as_it_comes == in_order


def test_what_the_api_says_is_not_undone_by_an_older_message() -> None:
    views = Views()
    reported = {"batPct": 80, "connected": True}
    views.learn(Robot(thing="r1", name="Attic", reported=reported, version=7, connected=True))

    views.of("r1").hear(state(6, batPct=81, connected=False, name="Attic"))

    view = views.of("r1")
    assert (view.battery_percent, view.connected, view.version) == (80, True, 7)
    assert view.reported["name"] == "Attic"


REPORTS = [
    (5, {"cleanMissionStatus": {"phase": "charge"}, "batPct": 100, "connected": True}),
    (6, {"cleanMissionStatus": {"phase": "run"}}),
    (7, {"batPct": 99}),
]


@pytest.mark.parametrize("order", list(permutations(REPORTS)))
def test_in_whatever_order_reports_arrive_the_phone_ends_where_the_robot_is(order) -> None:
    views = Views()

    for version, reported in order:
        views.hear(state(version, **reported).model_dump_json(by_alias=True))

    view = views.of("r1")
    assert (view.phase, view.battery_percent, view.connected) == ("run", 99, True)
    assert view.version == 7
