"""The job client of every robot of a fleet: what a robot makes of the jobs it is offered.

Requests go by this computer's clock, what is done on board by simulated time.  Robots without jobs
have nothing here but one question after they have connected.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from cloud_functions.contract.firmware import FirmwareDocument, InvalidDocument
from cloud_functions.contract.jobs import ExecutionStatus
from device_sim.firmware.batches import Outgoing
from device_sim.firmware.memory import Memory
from device_sim.firmware.restarts import Restarts
from device_sim.firmware.updates.alarms import Alarms
from device_sim.firmware.updates.course import Course, course_of, expected
from device_sim.firmware.updates.stages import HELD, NEEDS_IDLE, Fact, Stage
from device_sim.firmware.updates.talk import Talk
from device_sim.firmware.updates.update import Desk, News, Offer, Update
from device_sim.robot import influence, report, software
from device_sim.robot.catalogue import CatalogueFull
from device_sim.robot.courses import Outcome
from device_sim.robot.fleet import Fleet
from device_sim.robot.parameters import Updates
from device_sim.robot.step import Happening, Kind
from device_sim.robot.telling.diary import Diary

_QUARTERS: Final = 4
_HANGS_AT: Final = 2
"""Quarters of the image after which a client that hangs has said its last."""
_MOST_DETAIL: Final = 1000
"""Characters of a reason; a status detail has 1,024 bytes (AWS reference, section 4.2)."""


@dataclass(slots=True)
class UpdateCounts:
    """Every update has one end: offered = succeeded + rejected + failed + dropped + under way."""

    offered: int = 0
    succeeded: int = 0
    rejected: int = 0
    failed: int = 0
    dropped: int = 0
    """The cloud ended it: cancelled, timed out, removed."""

    @property
    def under_way(self) -> int:
        """Updates without an end so far."""
        return self.offered - self.succeeded - self.rejected - self.failed - self.dropped


class JobClient:
    """The updates of every robot of a fleet."""

    def __init__(
        self, fleet: Fleet, robots: Sequence[Memory], restarts: Restarts, updates: Updates
    ) -> None:
        self.counts = UpdateCounts()
        self._fleet = fleet
        self._robots = robots
        self._restarts = restarts
        self._updates = updates
        self._talk = Talk(
            fleet, robots,
            offered=self._offered, started=self._started, told=self._told, refused=self._drop,
        )  # fmt: skip
        self._alarms = Alarms()
        self._idle_wanted: set[int] = set()
        self._looked_s = -1
        self._to_flash: list[int] = []

    def connected(self, row: int, now_s: float) -> None:
        """Ask what is to be done; a download goes on."""
        self._talk.connected(row, now_s)
        update = self._update(row)
        if update is not None and update.stage is Stage.DOWNLOADING and update.until_s is None:
            self._set_alarm(row, update, update.left_s)

    def lost(self, row: int) -> None:
        """A download stops."""
        self._talk.lost(row)
        update = self._update(row)
        if update is not None and update.stage is Stage.DOWNLOADING and update.until_s is not None:
            update.left_s = max(0.0, update.until_s - self._fleet.tick)
            update.until_s = None

    def hear(self, row: int, topic: str, body: Mapping[str, Any], now_s: float) -> None:
        """A message on a jobs topic."""
        self._talk.hear(row, topic, body, now_s)

    def live(
        self, happened: list[Happening], out: Outgoing, now_s: float, *, may_speak: bool
    ) -> None:
        """Do what is due on board after the fleet has moved, and say what is to be said."""
        for row in [each.row for each in happened if each.kind is Kind.LINK_BACK]:
            update = self._update(row)
            if update is not None and update.stage is Stage.FLASHING:
                self._came_up(row, update, happened)
        for row in self._alarms.due(self._fleet.tick):
            update = self._update(row)
            while update is not None and self._is_over(update):
                self._step_over(row, update, happened)
        self._look_for_idle()
        flashing, self._to_flash = self._to_flash, []
        for row in flashing:
            self._flash(row, out, happened)
        self._talk.live(now_s, out, may_speak=may_speak)

    # ------------------------------------------------------------ what the cloud says

    def _offered(self, row: int, offer: Offer | None) -> None:
        """The next execution of a row; whatever else it was doing is over."""
        update = self._update(row)
        if offer is not None and update is not None and update.key == offer.key:
            update.version = offer.version
            return
        if update is not None:
            self._drop(row)
        if offer is None:
            return
        desk = self._talk.desks.setdefault(row, Desk())
        desk.update = update = Update(offer.key, offer.version)
        self._talk.to_say.add(row)
        if offer.key in desk.ended:  # its last word did not arrive
            update.stage, update.news = Stage.ENDED, desk.ended[offer.key]
            return
        self.counts.offered += 1
        self._look_at(row, update, offer)

    def _look_at(self, row: int, update: Update, offer: Offer) -> None:
        """Decide whether there is anything to do that the robot can do."""
        fleet, family = self._fleet, self._fleet.families[row].name
        try:
            document = FirmwareDocument.parse(offer.document)
            known = fleet.catalogue.known(document.version)
            traits, shares = expected(document, known, self._updates)
        except InvalidDocument as error:
            self._refuse(row, update, str(error))
            return
        update.traits = traits
        update.course = course_of(fleet, row, update.key, document, shares)
        if document.families and family not in document.families:
            self._refuse(row, update, f"it is for {', '.join(document.families)}, not {family}")
        elif fleet.software_of(row) == document.version:
            details = {"step": "installed", "softwareVer": document.version}
            self._end(row, update, Fact.REFUSED, News(ExecutionStatus.SUCCEEDED, details))
        elif update.course.outcome is Outcome.REJECTED:
            self._refuse(row, update, "there is no room for the image")
        else:
            self._idle_wanted.add(row)

    def _started(self, row: int) -> None:
        update = self._update(row)
        if update is None or update.stage is not Stage.OFFERED or update.course is None:
            return
        self._idle_wanted.discard(row)
        update.wants_start = False
        self._go_on(row, update, Fact.STARTED)
        self._set_alarm(row, update, update.course.download_s / _QUARTERS)

    def _told(self, row: int, news: News) -> None:
        update = self._update(row)
        if update is None:
            return
        if news.is_final and update.stage is Stage.ENDED:
            self._talk.desks[row].update = None
        elif update.stage is Stage.ANNOUNCED and news.details.get("step") == "restart":
            self._to_flash.append(row)

    def _drop(self, row: int) -> None:
        """The cloud has ended it, or does not want to hear of it."""
        desk = self._talk.desks[row]
        update, desk.update = desk.update, None
        self._idle_wanted.discard(row)
        if update is None or update.stage is Stage.ENDED:
            return
        self.counts.dropped += 1
        if update.stage in HELD:
            self._hold(row, updating=False)

    # ------------------------------------------------------------ what is done on board

    def _is_over(self, update: Update) -> bool:
        return update.until_s is not None and update.until_s <= self._fleet.tick

    def _step_over(self, row: int, update: Update, happened: list[Happening]) -> None:
        """A quarter is loaded, or the check is done."""
        course = _course(update)
        if update.stage is Stage.DOWNLOADING:
            self._loaded(row, update, course)
            return
        if course.outcome is Outcome.FAILS_CHECK:
            self._fail(row, update, Fact.CHECK_FAILED, "the image does not match its check sum",
                       happened)  # fmt: skip
            return
        self._go_on(row, update, Fact.CHECKED)
        self._say(row, update, step="restart")

    def _loaded(self, row: int, update: Update, course: Course) -> None:
        update.quarters += 1
        if course.outcome is Outcome.HANGS and update.quarters == _HANGS_AT:
            self._go_on(row, update, Fact.GONE_QUIET)
            update.news = None
        elif update.quarters == _QUARTERS:
            self._go_on(row, update, Fact.DOWNLOADED)
            self._idle_wanted.add(row)
            self._say(row, update, step="wait", progress="100")
        else:
            began_s = update.until_s or self._fleet.tick
            update.until_s = began_s + course.download_s / _QUARTERS
            self._alarms.set(update.until_s, row)
            progress = str(100 * update.quarters // _QUARTERS)
            self._say(row, update, step="download", progress=progress)

    def _look_for_idle(self) -> None:
        """Let those go on that wait for the robot to be idle on its dock, once a second."""
        if not self._idle_wanted or self._fleet.tick == self._looked_s:
            return
        self._looked_s = self._fleet.tick
        rows = np.array(sorted(self._idle_wanted))
        for row in rows[software.may_update(self._fleet, rows, self._updates)].tolist():
            update = self._update(row)
            if update is None or update.stage not in NEEDS_IDLE:
                self._idle_wanted.discard(row)
            elif update.stage is Stage.OFFERED:
                update.wants_start = True
                self._talk.to_say.add(row)
            else:
                self._idle_wanted.discard(row)
                self._go_on(row, update, Fact.READY)
                self._set_alarm(row, update, _course(update).check_s)
                self._say(row, update, step="check")

    def _flash(self, row: int, out: Outgoing, happened: list[Happening]) -> None:
        update = self._update(row)
        if update is None or update.stage is not Stage.ANNOUNCED:
            return
        course, rows, diary = _course(update), np.array([row]), Diary(self._fleet)
        self._go_on(row, update, Fact.HEARD)
        if course.outcome is Outcome.POWER_LOST and not update.has_lost_power:
            lasts_s = np.array([course.flash_s + course.power_out_s])
            influence.cut_power(self._fleet, rows, lasts_s, diary)
        else:
            twice = course.outcome is Outcome.ROLLED_BACK
            influence.cut_links(self._fleet, rows, np.array([course.flash_s * (1 + twice)]), diary)
        happened += diary.happened()
        self._restarts.begin(row, out, has_link=self._robots[row].online)

    def _came_up(self, row: int, update: Update, happened: list[Happening]) -> None:
        course = _course(update)
        if course.outcome is Outcome.ROLLED_BACK:
            self._fail(row, update, Fact.CAME_UP, "the new version did not come up", happened,
                       rolledBack="true")  # fmt: skip
        elif course.outcome is Outcome.POWER_LOST and not update.has_lost_power:
            update.has_lost_power = True
            if not course.resumes:
                self._fail(row, update, Fact.CAME_UP, "the power was lost while flashing", happened)
                return
            self._go_on(row, update, Fact.CAME_UP_UNFINISHED)
            self._idle_wanted.add(row)
            self._say(row, update, step="wait", reason="the power was lost while flashing")
        else:
            self._install(row, update, happened)

    def _install(self, row: int, update: Update, happened: list[Happening]) -> None:
        fleet, traits, diary = self._fleet, update.traits, Diary(self._fleet)
        assert traits is not None
        if traits.error_factor != 1.0:
            fleet.catalogue.announce(traits)
        try:
            software.install(fleet, np.array([row]), traits.version, diary)
        except CatalogueFull as error:
            self._fail(row, update, Fact.CAME_UP, str(error), happened)
            return
        happened += diary.happened()
        details = {"step": "installed", "softwareVer": traits.version}
        self._end(row, update, Fact.CAME_UP, News(ExecutionStatus.SUCCEEDED, details))

    # ------------------------------------------------------------ small things

    def _update(self, row: int) -> Update | None:
        desk = self._talk.desks.get(row)
        return None if desk is None else desk.update

    def _set_alarm(self, row: int, update: Update, lasts_s: float) -> None:
        update.until_s = self._fleet.tick + lasts_s
        self._alarms.set(update.until_s, row)

    def _go_on(self, row: int, update: Update, fact: Fact) -> None:
        was_held = update.stage in HELD
        update.go_on(fact)
        if (update.stage in HELD) != was_held:
            self._hold(row, updating=not was_held)

    def _hold(self, row: int, *, updating: bool) -> None:
        software.hold(self._fleet, np.array([row]), updating=updating)
        self._robots[row].dirty |= report.live(self._fleet, row)

    def _say(self, row: int, update: Update, **details: str) -> None:
        update.news = News(ExecutionStatus.IN_PROGRESS, details)
        self._talk.to_say.add(row)

    def _refuse(self, row: int, update: Update, reason: str) -> None:
        details = {"reason": reason[:_MOST_DETAIL]}
        self._end(row, update, Fact.REFUSED, News(ExecutionStatus.REJECTED, details))

    def _fail(
        self, row: int, update: Update, fact: Fact, reason: str, happened: list[Happening],
        **more: str,
    ) -> None:  # fmt: skip
        diary = Diary(self._fleet)
        software.stay(self._fleet, np.array([row]), diary)
        happened += diary.happened()
        self._end(row, update, fact, News(ExecutionStatus.FAILED, {"reason": reason, **more}))

    def _end(self, row: int, update: Update, fact: Fact, news: News) -> None:
        self._go_on(row, update, fact)
        update.news = news
        self._talk.desks[row].remember(update.key, news)
        self._talk.to_say.add(row)
        if news.status is ExecutionStatus.SUCCEEDED:
            self.counts.succeeded += 1
        elif news.status is ExecutionStatus.REJECTED:
            self.counts.rejected += 1
        else:
            self.counts.failed += 1


def _course(update: Update) -> Course:
    """How it goes; known of every update that was not refused."""
    assert update.course is not None
    return update.course
