"""Finding the answer within an output."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalguard.scorers.extract import announced_texts, lenient_texts, normalise, unwrap
from evalguard.scorers.fences import code_blocks
from evalguard.scorers.numbers import numbers
from evalguard.scorers.numeric import final_number


@settings(deadline=None)
@given(st.text())
def test_normalising_twice_changes_nothing(text):
    once = normalise(text)
    assert normalise(once) == once


@settings(deadline=None)
@given(st.text(), st.sampled_from([" ", "\n", "\t", "\u00a0"]))
def test_space_around_changes_nothing(text, space):
    assert normalise(space + text + space) == normalise(text)


@settings(deadline=None)
@given(st.text())
def test_any_text_can_be_read(text):
    assert all(isinstance(one, str) for one in lenient_texts(text))
    announced_texts(text)
    final_number(text)


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("no fence", []),
        ("```\na\n```", ["a"]),
        ("```python\na\nb\n```\ntext\n```json\n{}\n```", ["{}"]),
        ("```python\na\n```\n```\nb\n```", ["b"]),
        ("```python\na\n```\n```sh\nb\n```", ["a", "b"]),
        ("~~~\na\n```\nb\n~~~", ["a\n```\nb"]),
        ("````\n```\na\n```\n````", ["```\na\n```"]),
        ("  ```\n  a\n  ```", ["a"]),
        ("1. So:\n   ```json\n   {\n     1\n }\n   ```", ["{\n  1\n}"]),
        ("\t```\n\ta\n\n\t\tb\n\t```", ["a\n\n\tb"]),
        ("<code>\na\n</code> and <CODE>b", ["a", "b"]),
        ("[JSON]\n{}\n[/JSON]\n[PYTHON]x[/PYTHON]", ["{}"]),
        ("[BEGIN]\na[0]\n[DONE]", ["a[0]"]),
        ("[BEGIN]\na", ["a"]),
        ("`a`", ["a"]),
        ("`a` and `b`", []),
        ("<code>a</code>\n```\nb\n```", ["b"]),
        ("<code>" * 9, []),
        ("```json\n{", ["{"]),
        ("```\n```", [""]),
    ],
)
def test_fences(text, blocks):
    assert code_blocks(text, ("json",)) == blocks


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Answer: 12", "12"),
        ("answer = 12", "12"),
        ("The final answer is: **12**.", "12"),
        ("**Answer:** 12", "12"),
        ("So the answer is 12", "12"),
        ("> Category: spam", "spam"),
        ("A: 12\nB: 13", "12"),
        ("The answer depends on the weather", None),
        ("Answering: 12", None),
        ("nothing", None),
    ],
)
def test_markers(text, answer):
    assert (announced_texts(text) or [""])[0] == (answer or "")


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ('"a"', "a"),
        ("**a**", "a"),
        ("`a`.", "a"),
        ("***'a'***", "a"),
        ('"', '"'),
        ('""', '""'),
        ("it's", "it's"),
        ("*a* and *b*", "*a* and *b*"),
        ('"a" or "b"', '"a" or "b"'),
    ],
)
def test_wrappers(text, inner):
    assert unwrap(text) == inner


@settings(deadline=None)
@given(st.integers(-(10**9), 10**9))
def test_any_integer_is_read_in_either_writing(value):
    for text in (str(value), f"{value:,}", f"so it is {value}.", f"#### {value:,}\n"):
        number = final_number(text)
        assert number is not None
        assert number.value == value


@settings(deadline=None)
@given(st.decimals(-(10**6), 10**6, places=2))
def test_any_amount_of_money_is_read(value):
    sign = "-" if value < 0 else ""
    (number,) = numbers(f"It costs {sign}${abs(value):,.2f} in all")
    assert number.value == pytest.approx(float(value))
