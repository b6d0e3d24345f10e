"""Every folder has a page, and what the pages name is there: files, links, commands."""

import re
import shlex
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from robofleet import command_line

ROOT = Path(__file__).parents[2]
FOLDERS = ("cloud_functions", "device_sim", "mobile_client", "load", "tests", "benchmarks")
ROOMS = ("robot", "firmware", "link", "network", "lan", "scenarios")
"""Of device_sim."""
ROBOTS = [ROOT / "device_sim", *(ROOT / "device_sim" / room for room in ROOMS)]
PAGES = [
    ROOT / "README.md",
    ROOT / "docs" / "rules.md",
    *(ROOT / folder / "README.md" for folder in FOLDERS),
    *(folder / "README.md" for folder in ROBOTS[1:]),
]
LINK = re.compile(r'(?:\]\(|src=")([^)"\s]+)[)"]')
FILE = re.compile(r"`([\w*.-]+(?:/[\w*.-]+)*(?:\.(?:py|toml|csv)|/))`")
WORD = re.compile(r"`([a-z_]+)`")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """What a heading is called in a link, as GitHub has it."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def is_broken(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    return not target.exists() or bool(anchor and anchor not in anchors(target))


def rows_of(folder: Path) -> Iterator[tuple[list[Path], list[str]]]:
    """Of each row that names files: their patterns, and words that may be modules of its rooms.

    Below a heading that is a room's name, names are of that room.
    """
    base = folder
    for line in (folder / "README.md").read_text().splitlines():
        heading = re.fullmatch(r"## `(\w+)/`", line)
        if line.startswith("## "):
            base = folder / heading[1] if heading else folder
        if line.startswith("| "):
            _, first, second, *_ = line.split("|")
            named = [base / name for name in FILE.findall(first)]
            rooms = [path for path in named if path.is_dir() and path.name not in ROOMS]
            told = [path / name for path in rooms for name in FILE.findall(second)]
            yield named + told, WORD.findall(second) if rooms else []


def described(folder: Path) -> tuple[set[str], set[str]]:
    """Patterns of files that a page names; those of them that nothing fits."""
    known, gone = set(), set()
    for named, words in rows_of(folder):
        for path in named:
            known.add(str(path))
            if not list(path.parent.glob(path.name)):
                gone.add(str(path))
        rooms = [path for path in named if path.is_dir()]
        places = [*rooms, *(path.parent for path in named)]
        for word in words:
            fits = [place / f"{word}.py" for place in places if (place / f"{word}.py").exists()]
            known.update(map(str, fits))
            gone.update(set() if fits else {word})
    return known, gone


def files_of(folder: Path) -> Iterator[Path]:
    """What a page has to name: rooms with a page of their own speak for themselves."""
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder).parts
        is_others = folder == ROBOTS[0] and inner[0] in ROOMS
        if path.suffix in {".py", ".toml", ".csv"} and not is_others:
            yield path


def commands() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for said in re.findall(r"`(robofleet [a-z][^`]*)`", page.read_text()):
            yield name_of(page), said


def parse(said: str) -> None:
    """Read a command as the command line does, and stop before it is run.

    A page may name a command alone; where it shows more, it shows all that is needed.
    """
    words = shlex.split(said.partition(" > ")[0])
    command = typer.main.get_command(command_line(words[1]))
    name, *words = words
    while words and words[0] in getattr(command, "commands", {}):
        name, *words = words
        command = command.commands[name]
    assert not hasattr(command, "commands") or not words or words[0].startswith("-"), words
    if words:
        command.make_context(name, words)


@pytest.mark.parametrize("folder", [*FOLDERS, *(f"device_sim/{room}" for room in ROOMS)])
def test_a_folder_has_its_page(folder: str) -> None:
    assert (ROOT / folder / "README.md").exists()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_points_to_what_is_there(page: Path) -> None:
    links = [link for link in LINK.findall(page.read_text()) if "://" not in link]

    assert [link for link in links if is_broken(page, link)] == []


@pytest.mark.parametrize("folder", ROBOTS, ids=name_of)
def test_a_page_of_robots_names_no_file_that_is_gone(folder: Path) -> None:
    assert described(folder)[1] == set()


@pytest.mark.parametrize("folder", ROBOTS, ids=name_of)
def test_a_page_of_robots_names_every_file_of_its_room(folder: Path) -> None:
    known = described(folder)[0]
    files = [path for path in files_of(folder) if path.name != "__init__.py"]

    assert [str(each) for each in files if not any(fnmatch(str(each), one) for one in known)] == []
    assert files


@pytest.mark.parametrize(("page", "said"), sorted(set(commands())))
def test_a_command_of_a_page_is_one_that_the_command_line_takes(page: str, said: str) -> None:
    parse(said)


def test_what_needs_no_cloud_runs_as_the_page_of_robots_shows_it(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown = [said for page, said in commands() if page == "device_sim/README.md"]
    small = {"robots": ["--robots", "20", "--hours", "2"], "homes": ["--count", "1"]}

    for said in shown:
        command, _, file = said.partition(" > ")
        words = shlex.split(command)[1:]
        if len(words) == 1 or (words[0] != "scenario" and not {"--dry-run", "--out"} & {*words}):
            continue
        more = small.get(words[0], [])
        done = CliRunner().invoke(command_line(words[0]), [*words, *more])
        assert done.exit_code == 0, (said, done.output)
        if file:
            Path(file).write_text(done.stdout)

    written = {"mine.toml", "scenario.schema.json", "homes.svg", "day"}
    assert written <= {path.name for path in tmp_path.iterdir()}
