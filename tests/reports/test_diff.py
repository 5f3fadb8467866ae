"""The word-by-word comparison of two answers."""

from hypothesis import given
from hypothesis import strategies as st

from evalguard.reports.diff import MAX_WORDS, Part, compare_words


def marked(parts: tuple[Part, ...]) -> list[str]:
    return [part.text for part in parts if part.differs]


def text(parts: tuple[Part, ...]) -> str:
    return "".join(part.text for part in parts)


@given(st.text(), st.text())
def test_nothing_is_lost(first, second):
    left, right = compare_words(first, second)
    assert (text(left), text(right)) == (first, second)


@given(st.text())
def test_equal_answers_have_no_mark(answer):
    left, right = compare_words(answer, answer)
    assert marked(left) == marked(right) == []


def test_marks_words_not_letters_and_no_space_at_their_ends():
    left, right = compare_words('{"town": "Turin"}', '{"town": "Tunis", "size": 3}')
    assert marked(left) == ["Turin"]
    assert marked(right) == ["Tunis", ', "size": 3']


def test_answers_that_share_only_signs_are_not_marked():
    left, right = compare_words("Nora lives in Lisbon.", '{"category": "account"}.')
    assert marked(left) == marked(right) == []


def test_an_empty_answer():
    assert compare_words("", "some answer") == ((), (Part("some answer", differs=False),))


def test_long_answers_are_left_alone():
    left, _ = compare_words("a " * MAX_WORDS, "b " * MAX_WORDS)
    assert marked(left) == []
