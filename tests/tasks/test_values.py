"""What templates write of a row's values: never in Python's form."""

import datetime
import json
import math
import pickle
from decimal import Decimal

import pytest

from evalguard.errors import DataError
from evalguard.tasks.base import content_id
from evalguard.tasks.prompts import PromptRows
from evalguard.tasks.rows import Row
from evalguard.tasks.values import Decimals


@pytest.fixture
def fill(tmp_path):
    """Fill a template with columns as JSON reads them, or with others as they are."""
    rows = PromptRows("suite 'qa', task 'rows'", tmp_path / "rows.jsonl")

    def filled(template, data=None, **columns):
        return rows.fill(template, Row(7, columns if data is None else json.loads(data)))

    return filled


@pytest.mark.parametrize(
    ("template", "written"),
    [
        ("{{ none or '' }}|", "|"),
        ("{{ x or 'n/a' }}", "n/a"),
        ("{{ x | default('n/a') }}{{ y.z | d('-') }}", "n/a-"),
        ("{{ 'gone' if x is none else x }}", "gone"),
        ("{% if x is not none %}{{ x }}{% endif %}.", "."),
        ("{{ x == none }} {{ x in (none, '') }}", "true true"),
        (
            "{{ flag }} {{ 'is ' ~ flag }} {{ flag | string }} {{ flags | join }}",
            "true is true true true",
        ),
        ("{{ flag is true }}{{ flag is boolean }}{{ flag is integer }}", "truetruefalse"),
        ("{{ 'yes' if flag else 'no' }} {{ not flag }} {{ 'a' ~ (n == 1) }}", "yes false atrue"),
        ("{{ items | join(', ') }}; {{ items[1] }}; {{ items | length }}", "a, b; b; 2"),
        ("{{ items | tojson }} {{ o | tojson }}", '["a", "b"] {"z": "it\'s <é>", "a": null}'),
        ("{{ flags | tojson }} {{ x | tojson }} {{ flag | tojson }}", "[true] null true"),
        ("{{ o.z }}{% for one in items %}{{ one }}{% endfor %}", "it's <é>ab"),
        ("{{ 'AB'[n] }} {{ items[n] }} {{ items[-1] }} {{ o['z'] }}", "B b b it's <é>"),
        ("{{ n }} {{ n + 1 }} {{ '%03d' | format(n) }}", "1 2 001"),
    ],
)
def test_what_a_template_may_write(fill, template, written):
    data = {
        "x": None,
        "y": {"a": 1},
        "flag": True,
        "flags": [True],
        "n": 1,
        "items": ["a", "b"],
        "o": {"z": "it's <é>", "a": None},
    }
    assert fill(template, json.dumps(data)) == written


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ x }}", r"column 'x' is null, and the template writes it\. .* \{\{ x or '' \}\}"),
        ("{{ 'A: ' ~ x }}", "column 'x' is null"),
        ("{{ x | upper }}", "column 'x' is null"),
        ("{{ x | string }}", "column 'x' is null"),
        ("{{ '%s' | format(x) }}", "column 'x' is null"),
        ("{{ '{}'.format(x) }}", "column 'x' is null"),
        ("{{ gaps | join(', ') }}", r"column 'gaps\[1\]' is null"),
        ("{% for one in gaps %}{{ one }}{% endfor %}", r"column 'gaps\[1\]' is null"),
        ("{{ o.inner.deep }}", r"column 'o\.inner\.deep' is null"),
        ("{{ o.get('no') }}", r"column 'o\.no' is null"),
        ("{{ none }}", "writes null"),
        ("{{ items }}", r"column 'items' is a list, .* \{\{ items \| join\(', '\) \}\}"),
        ("{{ 'A: ' ~ items }}", "column 'items' is a list"),
        ("{{ items | trim }}", "column 'items' is a list"),
        ("{{ nested | join }}", r"column 'nested\[0\]' is a list"),
        ("{{ items[:1] }}", "writes a list"),
        ("{{ items | map('upper') }}", r"writes a generator\. Say how, such as"),
        ("{{ o }}", r"column 'o' is an object, .* \{\{ o \| tojson \}\}"),
        ("{{ o.items() }}", "Say how"),
        ("{{ word.upper }}", "writes a function"),
        ("{{ big * 10 }}", "writes inf, which is not a number"),
        ("{{ items[index] }}", "an index in the template is -1, and a list begins with 0"),
        ("{{ 'ABCD'[index] }}", "an index in the template is -1"),
        ("{{ items[x] }}", "column 'x' is null, and the template counts with it"),
        ("{{ items[7] }}", "a list has no element 7: it has "),
        ("{{ o.wrong }}", "an object has no attribute 'wrong'"),
    ],
)
def test_what_has_no_form_of_its_own_is_refused_with_what_to_write(fill, template, reason):
    data = {
        "x": None,
        "gaps": ["a", None],
        "items": ["a", "b"],
        "nested": [["a"]],
        "o": {"inner": {"deep": None}},
        "word": "w",
        "index": -1,
        "big": 1e308,
    }
    with pytest.raises(DataError, match=reason) as caught:
        fill(template, json.dumps(data))
    assert "rows.jsonl:7: " in str(caught.value)
    assert "None" not in str(caught.value).replace(repr(template), "")


def test_dates_decimals_and_bytes(fill):
    day = datetime.date(2024, 1, 5)
    assert fill("{{ d }} {{ n }}", d=day, n=Decimal("3.10")) == "2024-01-05 3.10"
    noon = datetime.datetime(2024, 1, 5, 12, tzinfo=datetime.UTC)
    assert fill("{{ t.strftime('%d %b') }}", t=noon) == "05 Jan"
    with pytest.raises(DataError, match=r"writes a time\. Say how: \{\{ column\.strftime"):
        fill("{{ t }}", t=noon)
    with pytest.raises(DataError, match="writes bytes"):
        fill("{{ 'a' ~ b }}", b=b"x")
    with pytest.raises(DataError, match="writes nan"):
        fill("{{ n }}", n=math.nan)


def test_a_number_keeps_the_form_of_the_file():
    price = Decimals("3.10")
    assert (str(price), f"{price}", f"{price:.1f}") == ("3.10", "3.10", "3.1")
    assert price == 3.1
    assert json.dumps([price]) == "[3.1]"
    again = pickle.loads(pickle.dumps(price))  # noqa: S301
    assert (again, str(again)) == (3.1, "3.10")


def test_another_form_of_a_number_is_another_sample():
    """The target is made of it, so that a stored score of the old one no longer counts."""
    assert content_id({"a": [Decimals("3.10")]}) != content_id({"a": [Decimals("3.1")]})
    assert content_id({"a": [Decimals("3.1")]}) == content_id({"a": [3.1]})
