"""What people call their robots."""

import tomllib
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from device_sim.robot.households.world import CODES


class _Language(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    countries: list[str]
    names: Annotated[tuple[str, ...], Field(min_length=1)]


def _by_country() -> tuple[tuple[str, ...], ...]:
    text = (Path(__file__).parent / "names.toml").read_text(encoding="utf-8")
    languages = TypeAdapter(dict[str, _Language]).validate_python(tomllib.loads(text))
    first, *others = languages.values()
    spoken = {code: each.names for each in others for code in each.countries}
    assert spoken.keys() <= set(CODES)
    return tuple(spoken.get(code, first.names) for code in CODES)


_BY_COUNTRY: Final = _by_country()


def name_of(country: int, bits: int) -> str:
    """One of the names of a country, by its number."""
    names = _BY_COUNTRY[country]
    return names[bits % len(names)]
