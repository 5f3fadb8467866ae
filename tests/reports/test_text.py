"""Text of models shown safely."""

import pytest

from evalguard.reports.text import one_line, shorten, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[2Jgone", "␛[2Jgone"),
        ("nul\x00", "nul␀"),
        ("del\x7f", "del␡"),
        ("\x9b31m", "\\u009b31m"),
        ("abc\u202edcba", "abc\\u202edcba"),
        ("\ud800", "\\ud800"),
        ("שלום עולם", "שלום עולם"),
        ("👩\u200d🔬", "👩\u200d🔬"),
    ],
)
def test_visible_replaces_only_what_acts_on_the_display(text, shown):
    assert visible(text) == shown


def test_shorten_keeps_head_and_tail_and_counts_the_rest():
    text = "HEAD" + "x" * 10_000 + "TAIL"
    short = shorten(text, 100)
    assert short.startswith("HEAD")
    assert short.endswith("TAIL")
    assert "(9,908 characters left out)" in short


def test_shorten_leaves_a_text_at_the_limit_alone():
    assert shorten("x" * 100, 100) == "x" * 100


def test_one_line_has_no_line_break():
    assert one_line("first\n\tsecond\r\nthird\n", 100) == "first ↵  second␍ ↵ third"
