"""A task is told by what its functions say, wherever they are in its configuration."""

import re
from functools import partial

import pytest

from evalguard.errors import UsageError
from evalguard.store import fingerprint
from evalguard.tasks.benchmark import definition
from evalguard.tasks.benchmark.definition import plain

TEMPLATE = "output_type: generate_until\ndoc_to_target: a\n"

CODE = """
import re
from functools import partial

def keep(docs):
    return docs

def cut(resps, docs, length=1):
    return [[one[:length] for one in resp] for resp in resps]

cut_two = partial(cut, length=2)

def shots():
    return [{"q": "1 + 1?", "a": "2"}]
"""

PLACES = {
    "process_docs": "process_docs: !function code.keep\n",
    "a filter": (
        "filter_list: [{name: f, filter: [{function: custom, filter_fn: !function code.cut}]}]\n"
    ),
    "a partial": (
        "filter_list: [{name: f, filter: [{function: custom, "
        "filter_fn: !function code.cut_two}]}]\n"
    ),
    "few-shot samples": "num_fewshot: 1\nfewshot_config: {samples: !function code.shots}\n",
    "few-shot text": (
        "num_fewshot: 1\nfewshot_config: {samples: !function code.shots, doc_to_text: '{{q}} '}\n"
    ),
}


@pytest.mark.parametrize("text", PLACES.values(), ids=PLACES)
def test_functions_anywhere_in_a_configuration(load, text):
    before = fingerprint(load(TEMPLATE + text, code=CODE).definition)
    assert fingerprint(load(TEMPLATE + text, code=CODE).definition) == before
    changed = CODE.replace("length=1", "length=3")
    assert fingerprint(load(TEMPLATE + text, code=changed).definition) != before


def test_a_module_that_a_function_reaches_counts(load, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    text = f"{TEMPLATE}process_docs: !function code.keep\n"
    code = "def keep(docs):\n    from reached_words import WORDS\n    return docs\n"
    (tmp_path / "reached_words.py").write_text("WORDS = ['a']\n")
    before = fingerprint(load(text, code=code).definition)
    (tmp_path / "reached_words.py").write_text("WORDS = ['b']\n")
    assert fingerprint(load(text, code=code).definition) != before


def double(value, by=2):
    return value * by


def made(by):
    def inner(value):
        return value * by

    return inner


class Times:
    def __init__(self, by):
        self.by = by

    def __call__(self, value):
        return value * self.by


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (partial(double, by=2), partial(double, by=3)),
        (made(2), made(3)),
        (Times(2), Times(3)),
        (Times(2).__call__, Times(3).__call__),
        (lambda value: value, lambda value: -value),
        (re.compile("a"), re.compile("a", re.I)),
        ({"a", "b"}, {"a", "c"}),
        (float("inf"), -float("inf")),
    ],
)
def test_what_a_callable_holds_counts(one, other):
    assert fingerprint({"it": plain(one, "it")}) != fingerprint({"it": plain(other, "it")})
    assert fingerprint({"it": plain(one, "it")}) == fingerprint({"it": plain(one, "it")})


def test_what_has_no_content_is_refused_with_its_key():
    with pytest.raises(UsageError, match=r"^metric_list\[0\]\.k: .*cannot be fingerprinted"):
        plain([{"k": iter([1])}], "metric_list")


def test_built_in_types_are_fingerprinted():
    assert plain(float, "cast") == {"builtin": "float"}


def test_a_new_version_of_what_scores_is_another_definition(load, monkeypatch):
    before = fingerprint(load(TEMPLATE).definition)
    monkeypatch.setattr(definition, "state_of_module", lambda name: "99")
    assert fingerprint(load(TEMPLATE).definition) != before


def test_scores_without_a_sandbox_are_of_another_definition(load):
    usual, sandboxed, without = (
        fingerprint(load(TEMPLATE, **options).definition)
        for options in ({}, {"sandbox": "bubblewrap"}, {"sandbox": "none"})
    )
    assert usual == sandboxed != without
