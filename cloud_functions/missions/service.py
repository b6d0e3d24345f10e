"""Mission history: records in a table, maps among the blobs."""

import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from cloud_functions.contract import api
from cloud_functions.errors import InvalidRequest, NotFound, VersionConflict
from cloud_functions.ports import BlobStore, Key, Put, Table

_PREFIX: Final = "mission#"
_NOTED: Final = "noted#"
"""Says of a mission id that it is recorded, and where."""
PAGE: Final = 30
"""The vendor's cloud answers about 30 days (robot reference, section 14)."""


class Missions:
    """Records of finished missions."""

    def __init__(self, table: Table, blobs: BlobStore) -> None:
        self._table = table
        self._blobs = blobs

    def record(self, thing: str, message: Mapping[str, Any], now_s: float) -> dict[str, Any]:
        """Keep a finished mission; the same mission again changes nothing.  What is kept.

        Raises InvalidRequest for a message that is no mission.
        """
        said, drawn = message.get("record"), message.get("map")
        try:
            mission_id = api.MissionRecord.model_validate(said).mission_id
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "record"
            raise InvalidRequest(
                f"a mission message has a record with a missionId; {where}: {first['msg']}"
            ) from None
        assert isinstance(said, Mapping)
        if isinstance(drawn, Mapping):
            self._blobs.put(_blob(thing, mission_id), json.dumps(drawn).encode())
        record = {**said, "recordedAt": int(now_s)}
        key = f"{_PREFIX}{int(now_s * 1000):015d}#{mission_id}"
        noted = (_partition(thing), f"{_NOTED}{mission_id}")
        try:
            self._table.write(
                [
                    Put(noted, {"key": key}, expected_version=0),
                    Put((_partition(thing), key), record),
                ]
            )
        except VersionConflict:
            return self._recorded(thing, noted)
        return record

    def _recorded(self, thing: str, noted: Key) -> dict[str, Any]:
        note = self._table.get(noted)
        assert note is not None
        stored = self._table.get((_partition(thing), note.item["key"]))
        assert stored is not None
        return stored.item

    def history(self, thing: str, before: str | None = None) -> api.MissionList:
        """Missions of a robot, newest first, a page at a time."""
        found = self._table.query(
            _partition(thing), prefix=_PREFIX, after=before, newest_first=True, limit=PAGE
        )
        last = found[-1].key[1] if len(found) == PAGE else None
        missions = [api.MissionRecord.model_validate(stored.item) for stored in found]
        return api.MissionList(missions=missions, next=last)

    def map(self, thing: str, mission_id: str) -> bytes:
        """The JSON of a mission's map.  Raises NotFound."""
        raw = self._blobs.get(_blob(thing, mission_id)) if mission_id.isalnum() else None
        if raw is None:
            raise NotFound(f"there is no map of mission {mission_id}")
        return raw


def _partition(thing: str) -> str:
    return f"robot#{thing}"


def _blob(thing: str, mission_id: str) -> str:
    return f"missions/{thing}/{mission_id}.json"
