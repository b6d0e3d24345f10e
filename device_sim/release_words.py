"""What became of a release of a dry run, as one sentence."""

from collections.abc import Mapping
from typing import Any, Final

_HOUR_S: Final = 3600
_ENDS: Final = (
    ("succeeded", "installed it"),
    ("failures", "failed"),
    ("rejected", "refused it"),
    ("hung", "say no more"),
    ("cancelled", "were called off"),
    ("under_way", "have not ended"),
)
"""What is said of robots by how it ended for them."""


def words_of(release: Mapping[str, Any]) -> str:
    """How far it came, what stopped it, how it ended for robots, and how they fare on it."""
    began_h = release["began_after_s"] / _HOUR_S
    said = [_came(release), _ended(release), _fare(release)]
    return (
        f"release {release['version']}, begun at {began_h:.1f} h: {'; '.join(filter(None, said))}"
    )


def _came(release: Mapping[str, Any]) -> str:
    far = f"{_percent(release['share_reached'])} of robots"
    if release["stopped"]:
        lasted_h = (release["stopped_after_s"] - release["began_after_s"]) / _HOUR_S
        failed, told = release["when_stopped"]["failed"], release["when_stopped"]["told"]
        limit = _percent(release["abort_share"])
        return (
            f"stopped after {lasted_h:.1f} h at {far}, because {failed:,} of {told:,} had failed"
            f" by then, {_percent(failed / told)}, and {limit} is its limit"
        )
    if release["share_reached"] < release["share_planned"]:
        return f"at {far} at the end"
    return f"went through, to {far}"


def _ended(release: Mapping[str, Any]) -> str:
    told = [f"{release[name]:,} {words}" for name, words in _ENDS if release[name]]
    return f"of {release['installations']:,} that were told {', '.join(told)}" if told else ""


def _fare(release: Mapping[str, Any]) -> str:
    on_it, before = release["errors_a_mission"].values()
    if on_it is None or before is None:
        return ""
    return f"{on_it:.2f} errors a mission on it, {before:.2f} on what robots came with"


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"
