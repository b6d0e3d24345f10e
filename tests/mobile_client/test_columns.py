"""Tables are plain lines in which nothing is cut."""

from mobile_client.columns import columns


def test_each_column_is_as_wide_as_its_longest_cell_and_nothing_is_cut() -> None:
    thing = "t" * 128

    lines = columns(["robot", "name"], [[thing, "Attic"], ["r1", "Hall"]]).splitlines()

    assert lines[0] == "robot" + " " * 125 + "name"
    assert lines[1] == f"{thing}  Attic"
    assert lines[2] == "r1" + " " * 128 + "Hall"


def test_robots_of_usual_names_fit_a_terminal_of_80_columns() -> None:
    headings = ["robot", "name", "online", "phase", "cycle", "battery", "error"]
    row = ["6564054400582346", "Garden flat", "yes", "hmUsrDock", "clean", "100 %", "38"]

    assert max(map(len, columns(headings, [row]).splitlines())) <= 80
