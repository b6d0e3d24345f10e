"""The pictures of a day: there, readable by a browser, and in need of nothing else."""

import html.parser
import re
import struct
from pathlib import Path

import pytest

from device_sim.dry_run import DryRunOptions, run
from device_sim.plots.day import day_of
from device_sim.plots.page import page
from device_sim.plots.words import error_words, part_words
from device_sim.plots.writing import write_plots
from device_sim.scenarios.model import START_S, Scenario

WORLD = Scenario.model_validate(
    {"title": 'A <small> "world"', "fleet": {"size": 400}, "homes": {"different": 4}}
)


@pytest.fixture(scope="module")
def result():
    return run(DryRunOptions(WORLD, 7, 400, 24.0, start_s=START_S))


@pytest.fixture(scope="module")
def written(result, tmp_path_factory):
    return write_plots(result, tmp_path_factory.mktemp("plots") / "new")


def test_pictures_are_png_files_of_some_size(written) -> None:
    pictures = [path for path in written if path.suffix == ".png"]

    assert {path.stem for path in pictures} >= {
        "missions", "local-hours", "online", "messages", "errors", "battery",
    }  # fmt: skip
    for path in pictures:
        head = path.read_bytes()[:24]
        width, height = struct.unpack(">II", head[16:24])
        assert head.startswith(b"\x89PNG\r\n\x1a\n")
        assert width == 1440
        assert height > 600


class Reader(html.parser.HTMLParser):
    """Knows which elements were opened and not closed, and what they point to."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.points: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        if tag not in ("meta", "br"):
            self.open.append(tag)
        for name, value in attrs:
            if name in ("href", "xlink:href", "src"):
                self.points.append(value)
            if name == "id":
                self.ids.append(value)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag


def test_the_page_needs_nothing_but_itself(written) -> None:
    page = written[-1]
    text = page.read_text()
    reader = Reader()
    reader.feed(text)

    assert page.name == "day.html"
    assert "http" not in text
    assert not reader.open
    assert len(reader.ids) == len(set(reader.ids))
    assert all(each.startswith(("#", "data:image/png;base64,")) for each in reader.points)
    assert {each[1:] for each in reader.points if each.startswith("#")} <= set(reader.ids)
    assert set(re.findall(r"url\(#([^)]+)\)", text)) <= set(reader.ids)


def test_the_page_says_what_was_lived_and_escapes_it(written, result) -> None:
    text = written[-1].read_text()

    assert "A &lt;small&gt; &quot;world&quot;" in text
    assert result["hash"] in text
    assert "prefers-color-scheme:dark" in text
    assert "var(--ink)" in text.partition("</style>")[2]
    assert text.count("<svg") == len(written) - 1


def test_the_same_day_is_drawn_with_the_same_bytes(written, result, tmp_path: Path) -> None:
    again = write_plots(result, tmp_path)

    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in written]


def test_a_short_day_without_errors_and_missions_is_drawn_too(tmp_path: Path) -> None:
    quiet = run(DryRunOptions(WORLD, 7, 1, 0.2, start_s=START_S))
    quiet["series"] |= {"errors": {}, "by_country": {}}
    for name in ("missions_by_region", "starts_by_local_hour"):
        quiet["series"][name] = {"europe": [0, 0, 0]}

    written = write_plots(quiet, tmp_path)

    assert [path.stem for path in written] == ["online", "messages", "battery", "day"]


def test_missions_of_a_band_are_of_those_who_live_there(result) -> None:
    day = day_of(result)

    assert sum(day.robots_by_offset.values()) == 400
    for offset, under_way in day.by_offset.items():
        assert 0 <= under_way.min() <= under_way.max() <= day.robots_by_offset[offset]
    assert day.length_h == 24.0


def test_the_headline_says_the_robots_that_ran(result) -> None:
    fewer = {**result, "robots_of_scenario": 2_400_000}

    text, whole = page(fewer, {}), page(result, {})

    assert "<h1>400 robots for 24 hours</h1>" in text
    assert "which has 2,400,000 robots" in text
    assert "which has" not in whole


def test_words_of_a_legend() -> None:
    assert error_words(2) == "2 brushes jammed"
    assert error_words(777) == "777 other error"
    assert error_words(4) != error_words(5)
    assert part_words("north-america") == "North America"
    assert part_words("ES") == "ES"


def released(hours: float, robots: int) -> dict[str, object]:
    step = {"what": "bad-firmware", "at": "10m", "within": "10m", "factor": 20.0}
    steps = [step, {"what": "start-all", "at": "2h"}]
    said = WORLD.model_dump(by_alias=True, exclude={"network"}) | {"steps": steps}
    chosen = Scenario.model_validate(said)
    return run(DryRunOptions(chosen, 7, robots, hours, start_s=START_S + 12 * 3600))


def test_releases_are_drawn_where_there_are_any(written, tmp_path) -> None:
    drawn = {path.stem for path in write_plots(released(1.0, 100), tmp_path)}

    assert {"versions", "releases"} <= drawn
    assert not {"versions", "releases", "fares"} & {path.stem for path in written}


def test_how_robots_fare_is_drawn_where_enough_missions_ended(tmp_path) -> None:
    few, many = released(0.5, 30), released(5.0, 300)

    assert "fares" not in {path.stem for path in write_plots(few, tmp_path)}
    assert "fares" in {path.stem for path in write_plots(many, tmp_path)}
    (release,) = many["releases"]
    on_it, before = release["errors_a_mission"].values()
    assert on_it > 2 * before > 0
