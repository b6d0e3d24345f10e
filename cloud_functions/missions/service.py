"""Mission history: records in a table, maps among the blobs."""

import json
from collections.abc import Mapping
from typing import Any, Final

from cloud_functions.contract import api
from cloud_functions.errors import InvalidRequest, NotFound
from cloud_functions.ports import BlobStore, Table

_PREFIX: Final = "mission#"
PAGE: Final = 30
"""The vendor's cloud answers about 30 days (robot reference, section 14)."""


class Missions:
    """Records of finished missions."""

    def __init__(self, table: Table, blobs: BlobStore) -> None:
        self._table = table
        self._blobs = blobs

    def record(self, thing: str, message: Mapping[str, Any]) -> str:
        """Keep a finished mission; the same message again changes nothing.  The mission's id."""
        record, drawn = message.get("record"), message.get("map")
        if not isinstance(record, Mapping) or "missionId" not in record:
            raise InvalidRequest("a mission message has a record with a missionId")
        mission_id = str(record["missionId"])
        if isinstance(drawn, Mapping):
            self._blobs.put(_blob(thing, mission_id), json.dumps(drawn).encode())
        self._table.put(_key(thing, record), dict(record))
        return mission_id

    def history(self, thing: str, before: str | None = None) -> api.MissionList:
        """Missions of a robot, newest first, a page at a time."""
        found = self._table.query(
            f"robot#{thing}", prefix=_PREFIX, after=before, newest_first=True, limit=PAGE
        )
        last = found[-1].key[1] if len(found) == PAGE else None
        return api.MissionList(missions=[stored.item for stored in found], next=last)

    def map(self, thing: str, mission_id: str) -> bytes:
        """The JSON of a mission's map.  Raises NotFound."""
        raw = self._blobs.get(_blob(thing, mission_id)) if mission_id.isalnum() else None
        if raw is None:
            raise NotFound(f"there is no map of mission {mission_id}")
        return raw


def _key(thing: str, record: Mapping[str, Any]) -> tuple[str, str]:
    started = int(record.get("startTime", 0))
    return f"robot#{thing}", f"{_PREFIX}{started:012d}#{record['missionId']}"


def _blob(thing: str, mission_id: str) -> str:
    return f"missions/{thing}/{mission_id}.json"
