"""An owner's robots: pairing, summaries, commands, settings, schedules."""

import hashlib
import hmac
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from cloud_functions.accounts.service import Accounts
from cloud_functions.contract import api
from cloud_functions.contract.commands import Command
from cloud_functions.contract.shadows import MAX_STATE_BYTES
from cloud_functions.errors import Forbidden, NotFound, TooLarge
from cloud_functions.ports import ReadQuery, Shadows, Table, Things
from cloud_functions.robots import schedule

SETTING_KEYS: Final = tuple(
    field.alias or name for name, field in api.Settings.model_fields.items()
)
PAIRS: Final = (("carpetBoost", "vacHigh"), ("noAutoPasses", "twoPass"))
"""Settings that i-series firmware takes only together (robot reference, section 8)."""


class Robots:
    """What the API does with robots."""

    def __init__(
        self,
        table: Table,
        shadows: Shadows,
        things: Things,
        accounts: Accounts,
        clock: Callable[[], float],
        *,
        read_query: ReadQuery,
    ) -> None:
        self._table = table
        self._shadows = shadows
        self._things = things
        self._accounts = accounts
        self._clock = clock
        self._read_query = read_query

    # ------------------------------------------------------------ ownership

    def pair(self, account: str, request: api.PairRequest) -> api.Robot:
        """Make a robot the account's.  Raises Forbidden for a wrong code, NotFound, Conflict."""
        attributes = self._things.attributes(request.serial)
        given = hashlib.sha256(request.claim_code.encode()).hexdigest()
        if not hmac.compare_digest(given, attributes.get("claimCodeHash", "")):
            raise Forbidden("the claim code is not the one under this robot")
        self._accounts.adopt(account, request.serial, self._clock())
        return self.describe(request.serial)

    def summaries(self, account: str, query: str = "") -> Sequence[api.RobotSummary]:
        """The account's robots as lists show them, all or those that match the query.

        Raises InvalidRequest for a query that is none.
        """
        wanted = self._read_query(query) if query else None
        found: list[api.RobotSummary] = []
        for thing in self._accounts.robots_of(account):
            document = self._document(thing)
            summary = _summary(thing, document)
            if wanted is None or wanted.matches(thing, document, connected=summary.connected):
                found.append(summary)
        return found

    def describe(self, thing: str) -> api.Robot:
        """A robot with its shadow; one that never reported has empty sections."""
        document = self._document(thing)
        state = document.get("state") or {}
        return api.Robot(
            **_summary(thing, document).model_dump(),
            reported=state.get("reported") or {},
            desired=state.get("desired") or {},
        )

    # ------------------------------------------------------------ commands

    def command(self, thing: str, request: api.CommandRequest) -> api.CommandAccepted:
        """Put the wish into the shadow; the same id again gets the same answer."""
        key = (f"robot#{thing}", f"command#{request.id}")
        known = self._table.get(key)
        if known is not None:
            return api.CommandAccepted.model_validate(known.item)
        now_s = self._clock()
        command = Command(
            id=request.id,
            name=request.command,
            time_s=now_s,
            expires_s=now_s + request.expires_in_s,
            params=request.params,
        )
        superseded = self._unseen(thing)
        token = request.client_token or request.id
        version = self._desire(thing, command.as_desired(), token)
        accepted = api.CommandAccepted(
            id=request.id,
            version=version,
            time=int(command.time_s),
            expires=int(command.expires_s),
            superseded=superseded,
        )
        self._table.put(key, accepted.model_dump())
        return accepted

    def _unseen(self, thing: str) -> str | None:
        """The id of a wish that the robot has not answered and that has not expired."""
        state = self._document(thing).get("state") or {}
        wanted = (state.get("desired") or {}).get("command") or []
        if not wanted or wanted == (state.get("reported") or {}).get("command"):
            return None
        return str(wanted[0]["id"]) if wanted[0].get("expires", 0) > self._clock() else None

    # ------------------------------------------------------------ settings and schedule

    def settings(self, thing: str) -> api.SettingsAnswer:
        """What the owner wants and what the robot last said."""
        document = self._document(thing)
        state = document.get("state") or {}
        return api.SettingsAnswer(
            desired=_only_settings(state.get("desired") or {}),
            reported=_only_settings(state.get("reported") or {}),
            version=int(document.get("version", 0)),
        )

    def update_settings(self, thing: str, changes: api.Settings) -> api.SettingsAnswer:
        """Set what is given.  A pair's other half comes from what is known of it."""
        given = changes.model_dump(by_alias=True, exclude_none=True)
        if given:
            known = self.settings(thing)
            now = {**known.reported, **known.desired}
            for pair in PAIRS:
                if given.keys() & set(pair):
                    given.update({key: given.get(key, now.get(key, False)) for key in pair})
            self._desire(thing, given, str(uuid.uuid4()))
        return self.settings(thing)

    def schedule(self, thing: str) -> api.Schedule:
        """The weekly schedule: the owner's wish, or what the robot says."""
        state = self._document(thing).get("state") or {}
        sections = {**(state.get("reported") or {}), **(state.get("desired") or {})}
        return schedule.read(sections)

    def put_schedule(self, thing: str, wanted: api.Schedule) -> api.Schedule:
        """Replace the whole schedule, in the form of the robot's family."""
        reported = (self._document(thing).get("state") or {}).get("reported") or {}
        desired = schedule.write(wanted, str(reported.get("family", "")))
        self._desire(thing, desired, str(uuid.uuid4()))
        return wanted

    def _desire(self, thing: str, desired: Mapping[str, Any], token: str) -> int:
        """Write into `desired`; the new version.  Raises TooLarge in the owner's words."""
        try:
            return self._shadows.desire(thing, desired, token)
        except TooLarge:
            raise TooLarge(
                f"the robot's shadow cannot hold that: it has {MAX_STATE_BYTES} bytes for all"
                " that is wanted of the robot and all that it says"
            ) from None

    def _document(self, thing: str) -> Mapping[str, Any]:
        try:
            return self._shadows.get(thing)
        except NotFound:
            return {}


def _only_settings(section: Mapping[str, Any]) -> dict[str, Any]:
    return {key: section[key] for key in SETTING_KEYS if key in section}


def _summary(thing: str, document: Mapping[str, Any]) -> api.RobotSummary:
    reported = (document.get("state") or {}).get("reported") or {}
    status = reported.get("cleanMissionStatus") or {}
    return api.RobotSummary(
        thing=thing,
        name=str(reported.get("name", thing)),
        family=str(reported.get("family", "")),
        sku=str(reported.get("sku", "")),
        connected=bool(reported.get("connected", False)),
        phase=str(status.get("phase", "")),
        cycle=str(status.get("cycle", "none")),
        bat_pct=reported.get("batPct"),
        bin_full=bool((reported.get("bin") or {}).get("full", False)),
        error=int(status.get("error", 0)),
        not_ready=int(status.get("notReady", 0)),
        version=int(document.get("version", 0)),
    )
