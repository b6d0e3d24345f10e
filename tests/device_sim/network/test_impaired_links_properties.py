"""Whatever happens to links: messages keep their order, and none is unaccounted for."""

import itertools
from collections import defaultdict

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from device_sim.firmware.batches import Incoming
from device_sim.network.conditions import Condition, Conditions
from device_sim.network.impaired_links import ImpairedLinks
from tests.device_sim.network.recording_links import RecordingLinks, heard, said

ROWS = 3
conditions = st.builds(
    Condition,
    delay_s=st.sampled_from([0.0, 0.3, 2.0]),
    jitter_s=st.sampled_from([0.0, 0.0, 1.0]),
    loss=st.sampled_from([0.0, 0.0, 0.2, 0.9, 1.0]),
    rate_bytes_s=st.sampled_from([float("inf"), 50.0]),
    duplicates=st.sampled_from([0.0, 0.5]),
    is_partition=st.sampled_from([False, False, True]),
)
rows = st.integers(0, ROWS - 1)
EVENTS = ("say", "say", "say", "hear", "hear", "cut", "silence", "restore", "lost", "connected")
events = st.one_of(
    st.tuples(st.sampled_from(EVENTS), rows),
    st.tuples(st.just("let"), rows, conditions),
    st.tuples(st.just("wait"), st.sampled_from([0.01, 0.5, 3.0, 40.0])),
)


class Story:
    """Links, what happens to them, and what was seen of it."""

    def __init__(self) -> None:
        self.below = RecordingLinks()
        self.conditions = Conditions(ROWS)
        self.links = ImpairedLinks(
            self.below, self.conditions, [1, 2, 3], seed=7, keep_alive_s=20.0, most_bytes=1000
        )
        self.now_s = 100.0
        self.number = 0
        self.heard: dict[int, list[int]] = defaultdict(list)
        self.ups: dict[int, list[str]] = defaultdict(list)
        self.up_below = [False] * ROWS

    def happen(self, what: str, *more) -> None:
        self.number += 1
        match what:
            case "say":
                self.exchange(said(more[0], self.number))
            case "hear":
                if self.up_below[more[0]]:
                    self.bring(messages=[heard(more[0], self.number)])
            case "lost" | "connected" if self.up_below[more[0]] is (what == "lost"):
                self.up_below[more[0]] = what == "connected"
                self.bring(**{what: [more[0]]})
            case "cut" | "silence" | "restore":
                getattr(self.links, what)([more[0]])
            case "let":
                self.let(*more)
            case "wait":
                self.now_s += more[0]
                self.exchange()

    def let(self, row: int, condition: Condition) -> None:
        self.conditions.clear(np.array([row]))
        self.conditions.apply(np.array([row]), condition)
        self.links.changed(np.array([row]))

    def bring(self, **coming) -> None:
        self.below.coming = Incoming(**coming)
        self.exchange()

    def exchange(self, *messages) -> None:
        incoming = self.links.exchange(messages, self.now_s)
        for row in incoming.lost:
            self.ups[row].append("lost")
        for row in incoming.connected:
            self.ups[row].append("connected")
        for message in incoming.messages:
            self.heard[message.row].append(int(message.payload))
        for order, chosen in self.below.orders:
            if order == "cut":
                for row in chosen:
                    self.up_below[row] = False
        self.below.orders.clear()

    def sent(self, row: int) -> list[int]:
        return [int(each.payload) for _, each in self.below.sent if each.row == row]

    def is_balanced(self) -> bool:
        paths = self.links.paths
        ends = paths.delivered + paths.dropped + paths.lost + self.links.on_their_way
        return paths.taken + paths.repeated == ends


@settings(max_examples=200, deadline=None)
@given(st.lists(events, max_size=40))
def test_order_is_kept_and_every_message_has_one_end(told: list) -> None:
    story = Story()
    story.bring(connected=list(range(ROWS)))
    story.up_below = [True] * ROWS

    for event in told:
        story.happen(*event)

        assert story.is_balanced()

    for row in range(ROWS):
        assert story.sent(row) == sorted(story.sent(row))
        assert story.heard[row] == sorted(story.heard[row])
        ups = story.ups[row]
        assert all(a != b for a, b in itertools.pairwise(ups))


@settings(max_examples=100, deadline=None)
@given(st.lists(events, max_size=30))
def test_a_robot_that_stays_connected_loses_nothing(told: list) -> None:
    story = Story()
    story.bring(connected=list(range(ROWS)))
    story.up_below = [True] * ROWS
    for event in told:
        if event[0] not in ("cut", "lost", "connected"):
            story.happen(*event)

    for row in range(ROWS):
        story.let(row, Condition())
        story.links.restore([row])
    for _ in range(20):
        story.happen("wait", 200.0)

    assert story.links.on_their_way == 0
    paths = story.links.paths
    if not paths.broken:
        assert paths.lost == 0
    assert paths.taken + paths.repeated == paths.delivered + paths.dropped + paths.lost
