"""Java's patterns in ours, and the bounds of a search."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_functions.rules.context import SEARCH_BUDGET_S, Context, Sources
from cloud_functions.rules.functions.java_patterns import MAX_PATTERN, compiled
from cloud_functions.rules.parser import parse
from cloud_functions.rules.rule import Rule

FOUND = [
    (r"\d+", "a12", "12"),
    (r"\d", "٣", None),
    (r"\w+", "é_a1", "_a1"),
    (r"[\w-]+", "a-b c", "a-b"),
    (r"[^\s]+", " ab ", "ab"),
    (r"\h+\v", "a \t\n", " \t\n"),
    (r"(?i)AB", "xab", "ab"),
    (r"a(?i:b)c", "aBc", "aBc"),
    (r"a(?i:b)c", "aBC", None),
    (r"(?s)a.b", "a\nb", "a\nb"),
    (r"[a-z&&[^b]]+", "bac", "ac"),
    (r"[a-c[x-z]]+", "baz", "baz"),
    (r"\p{Lower}+", "ABc", "c"),
    (r"\P{Lower}+", "abC", "C"),
    (r"\p{L}+", "1é", "é"),
    (r"\p{Punct}", "a!", "!"),
    (r"\Qa.b\E+", "xa.bb", "a.bb"),
    (r"\Qa.b", "xa.b", "a.b"),
    (r"(?<y>a)\k<y>", "baa", "aa"),
    (r"(a)(b)\2", "abb", "abb"),
    (r"a+?", "aaa", "a"),
    (r"a++b", "aaab", "aaab"),
    (r"(?>a+)ab", "aaab", None),
    (r"(?<=a)b(?!c)", "abd", "b"),
    (r"a{2,3}", "aaaa", "aaa"),
    (r"a{2,}", "aaaa", "aaaa"),
    (r"\u0041\x42\x{43}\0104", "xABCD", "ABCD"),
    (r"\cA\t\e", "\x01\t\x1b", "\x01\t\x1b"),
    (r"^x$", "x", "x"),
    (r"x\Z", "x\n", "x"),
    (r"x\z", "x\n", None),
    (r"\bcat\b", "a cat", "cat"),
    (r"[]a]+", "a]", "a]"),
    (r"[|~&-]+", "-|~", "-|~"),
    (r"[[:alpha:]]+", "pla", "pla"),
    (r"#a b", "#a b", "#a b"),
    (r"\R", "a\r\n", "\r\n"),
    ("", "a", ""),
]
REFUSED = [
    *("(", "a)", "[a", "a**", "{1}", "*a", "a{2", "a{x}", "a{e<=1}", "(?P<n>a)", "(?|a)", "(*X)"),
    *(r"\K", r"\y", "(?R)", "(?)", "(?x)a", "(?i-s-m)", r"\k<q>", r"\2(a)", r"\p{Nope}", "[b-a]"),
    *("(?<1>a)", "(?<n", r"\x{zz}", r"\u00", "\\", r"\p{L", "a" * (MAX_PATTERN + 1)),
    *("(" * 60 + ")" * 60, "[" * 60 + "a" + "]" * 60),
    *("a{99999}", "((a{100}){100}){100}", "((a{100}){100}){0,100}", "a{999999999}"),
]


@pytest.mark.parametrize(("pattern", "text", "wanted"), FOUND)
def test_a_pattern_finds_what_java_finds(pattern: str, text: str, wanted: str | None) -> None:
    search = compiled(pattern)
    assert search is not None

    found = search.search(text)

    assert (None if found is None else found.group()) == wanted


@pytest.mark.parametrize("pattern", REFUSED, ids=lambda pattern: pattern[:20])
def test_what_java_would_not_take_or_grows_without_measure_is_no_pattern(pattern: str) -> None:
    assert compiled(pattern) is None


@given(
    st.text(alphabet=r"ab01()[]{}*+?|\^$.,:<>=!-&pdQEkxu", max_size=30),
    st.text("ab01\n", max_size=20),
)
def test_any_text_is_a_pattern_or_none(pattern: str, text: str) -> None:
    search = compiled(pattern)

    if search is not None:
        search.search(text, timeout=1)


def test_a_search_that_would_never_end_is_undefined_and_so_are_those_behind_it() -> None:
    sql = "SELECT regexp_matches(t, '(a|aa)+$') AS r, regexp_matches('a', 'a') AS behind, 1 AS one"
    context = Context(topic="a", payload=b'{"t": "' + b"a" * 5_000 + b'b"}')

    assert Rule("r", parse(sql), ()).result(context) == {"one": 1}


def test_all_searches_of_a_message_share_one_budget() -> None:
    readings = iter([0.0, 0.7 * SEARCH_BUDGET_S, 10.0, 10.0 + 0.7 * SEARCH_BUDGET_S, 99.0, 99.0])
    sources = Sources(stopwatch=lambda: next(readings))
    sql = "SELECT " + ", ".join(f"regexp_substr('{each}', '.') AS {each}" for each in "rst")

    result = Rule("r", parse(sql), ()).result(Context(topic="a", payload=b"{}", sources=sources))

    assert result == {"r": "r", "s": "s"}


def test_a_replacement_does_not_grow_beyond_its_limit() -> None:
    sql = "SELECT regexp_replace(t, '.', t) AS r, 1 AS one"
    context = Context(topic="a", payload=b'{"t": "' + b"a" * 5_000 + b'"}')

    assert Rule("r", parse(sql), ()).result(context) == {"one": 1}
