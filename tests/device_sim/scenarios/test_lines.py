"""The lines of keys, in all the ways TOML can write them."""

from device_sim.scenarios.lines import Place, line_of, places, twice

TEXT = """\
# a comment with [brackets] and = signs
title = "one"
"quoted key" = 1
a.b . c = 2

[table]
list = [
  1, 2,  # two
  { x = 1, y = [3,
    4] },
]
text = '''
[not.a.table]
x = 1
'''

[[things]]
name = "first"
[things.inner]
deep = true

[[things]]
name = "second"
[[things.parts]]
size = 1
[[things.parts]]
size = 2
"""


def test_every_key_has_its_line() -> None:
    found = {place.path: place.line for place in places(TEXT)}

    assert found == {
        ("title",): 2, ("quoted key",): 3, ("a", "b", "c"): 4, ("table",): 6,
        ("table", "list"): 7, ("table", "list", 0): 8, ("table", "list", 1): 8,
        ("table", "list", 2): 9, ("table", "list", 2, "x"): 9, ("table", "list", 2, "y"): 9,
        ("table", "list", 2, "y", 0): 9, ("table", "list", 2, "y", 1): 10, ("table", "text"): 12,
        ("things", 0): 17, ("things", 0, "name"): 18, ("things", 0, "inner"): 19,
        ("things", 0, "inner", "deep"): 20, ("things", 1): 22, ("things", 1, "name"): 23,
        ("things", 1, "parts", 0): 24, ("things", 1, "parts", 0, "size"): 25,
        ("things", 1, "parts", 1): 26, ("things", 1, "parts", 1, "size"): 27,
    }  # fmt: skip


def test_what_is_not_there_has_the_line_of_what_is_round_it() -> None:
    found = places(TEXT)

    assert line_of(found, ("things", 1, "parts", 1, "weight")) == 26
    assert line_of(found, ("a", "b")) == 4
    assert line_of(found, ("nowhere", "at", "all")) == 1


def test_a_key_that_comes_twice_is_found_with_both_lines() -> None:
    assert twice(places("a = 1\n[b]\na = 2\na = 3\n")) == (Place(("b", "a"), 4), 3)
    assert twice(places("[[a]]\nb = 1\n[[a]]\nb = 1\n")) is None
