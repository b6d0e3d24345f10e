"""One page with all charts, readable in light and dark, that needs nothing but itself."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from device_sim.plots.theme import GRID, INK, MUTED, PAPER, percent

_COLOURS: Final = {INK: "var(--ink)", MUTED: "var(--muted)", GRID: "var(--grid)",
                   PAPER: "var(--paper)"}  # fmt: skip
_STYLE: Final = f"""
:root{{color-scheme:light dark;--ink:{INK};--muted:{MUTED};--grid:{GRID};--paper:{PAPER}}}
@media (prefers-color-scheme:dark){{
:root{{--ink:#e8ece9;--muted:#a3aeaa;--grid:#33403d;--paper:#151b1a}}}}
body{{margin:0 auto;padding:2rem 1.2rem 4rem;max-width:64rem;background:var(--paper);
color:var(--ink);font:16px/1.5 system-ui,sans-serif}}
h1{{font-size:1.6rem;margin:0}}p{{color:var(--muted);margin:.3rem 0 1rem}}
dl{{display:flex;flex-wrap:wrap;gap:.6rem 2.4rem;margin:1.2rem 0 2rem}}
dt{{color:var(--muted);font-size:.85rem}}dd{{margin:0;font-size:1.25rem;
font-variant-numeric:tabular-nums}}
dd.hash{{font-family:ui-monospace,monospace}}
figure{{margin:0 0 2.2rem}}svg{{width:100%;height:auto;display:block}}
svg text{{font-family:system-ui,sans-serif!important}}
"""
_HEAD: Final = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_METADATA: Final = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
_SPACES: Final = re.compile(r' xmlns(?::\w+)?="[^"]*"')
_NAMED: Final = re.compile(r'(<(?:g|use|svg)\b[^>]*?) id="[^"]*"')
"""Elements that nothing points to; what is pointed to are paths, masks and pictures."""
_SIZE: Final = re.compile(r'(<svg[^>]*?) width="[^"]*"|(<svg[^>]*?) height="[^"]*"')


def page(result: Mapping[str, Any], drawings: Mapping[str, str]) -> str:
    """An HTML document; `drawings` are SVG files by name."""
    figures = "".join(
        f'<figure id="{name}">{_inline(svg)}</figure>\n' for name, svg in drawings.items()
    )
    title, lead = escape(_title(result)), escape(_lead(result))
    facts = "".join(
        f"<div><dt>{escape(name)}</dt><dd{kind}>{escape(value)}</dd></div>"
        for name, value, kind in _facts(result)
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n<body><h1>{title}</h1>\n"
        f"<p>{lead}</p>\n"
        f"<dl>{facts}</dl>\n{figures}</body></html>\n"
    )


def _title(result: Mapping[str, Any]) -> str:
    """What the page is called: the robots that ran, whatever the scenario's name says."""
    return f"{result['robots']:,} robots for {result['hours']:g} hours"


def _lead(result: Mapping[str, Any]) -> str:
    """What they lived, and how many of them the scenario has if others ran."""
    whole = result["robots_of_scenario"]
    ran = "" if whole == result["robots"] else f", which has {whole:,} robots"
    return (
        f"“{result['scenario']}”{ran}."
        " Simulated by robofleet without a network: no sockets, no cloud."
    )


def _facts(result: Mapping[str, Any]) -> Sequence[tuple[str, str, str]]:
    """What stands above the charts: name, value, and how it is set."""
    missions = max(result["missions"], 1)
    ended = result["missions_by_result"]
    return [
        ("missions", f"{result['missions']:,}", ""),
        ("of them done", percent(ended.get("ok", 0) / missions), ""),
        ("things that happened", f"{result['facts']:,}", ""),
        ("seed", str(result["seed"]), ""),
        ("hash", str(result["hash"]), ' class="hash"'),
    ]


def _inline(svg: str) -> str:
    """An SVG file as a part of the page, with the page's colours."""
    svg = _METADATA.sub("", _HEAD.sub("", svg, count=1))
    svg = _NAMED.sub(r"\1", _SPACES.sub("", svg))
    for _ in range(2):
        svg = _SIZE.sub(lambda found: found[1] or found[2], svg, count=1)
    for colour, name in _COLOURS.items():
        svg = svg.replace(colour, name)
    return svg.strip()
