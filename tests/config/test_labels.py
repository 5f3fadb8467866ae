"""The keys that describe a file of labels, and the scale of a judge."""

import pytest

from evalguard.config import SuiteConfig
from evalguard.config.loading import validate
from evalguard.config.yaml_text import parse_yaml
from evalguard.errors import ConfigError

TASK = """
version: 1
tasks:
  - kind: KIND
    data: data.jsonl
    prompt: "{{ q }}"
    criterion: It is right.
    labelled: LABELLED
    REST
"""


def read(labelled, *, kind="preference", rest=""):
    text = TASK.replace("KIND", kind).replace("LABELLED", labelled).replace("REST", rest)
    [task] = validate(parse_yaml(text, "s.yaml"), SuiteConfig, file="s.yaml").tasks
    return task


def test_a_bare_path_is_a_file_of_our_own_form():
    labels = read("labels.jsonl").labelled
    assert labels.file == "labels.jsonl"
    assert not labels.is_mapped


def test_columns_values_and_annotators():
    labels = read(
        "{file: l.csv, columns: {a: one}, values: {a: 1, tie: [0, 1.5, null]}, annotators: all}"
    ).labelled
    assert labels.is_mapped
    assert labels.listed == {"a": (1,), "tie": (0, 1.5, None)}


@pytest.mark.parametrize(
    ("labelled", "kind", "rest", "problem"),
    [
        ("{columns: {a: b}}", "preference", "", "labelled.file: missing"),
        ("{file: l, colums: {a: b}}", "preference", "", "unknown key. Did you mean 'columns'"),
        ("{file: l, values: {first: 1}}", "preference", "", "no label 'first'.* Allowed: a, b,"),
        ("{file: l, values: {a: 1}}", "judge", "", "no label 'a'.* Allowed: no, skip, yes"),
        ("{file: l, values: {tie: 1}}", "judge", "", "no label 'tie'"),
        ("{file: l, values: {a: 1, b: '1.0'}}", "preference", "", "gives 1 two meanings"),
        ("{file: l, values: {a: [x, X]}}", "preference", "", "gives x two meanings"),
        ("{file: l, scale: {low: 1, high: 5}}", "judge", "", "'labelled.scale' needs 'pass_from'"),
        ("{file: l, scale: {low: 5, high: 1}}", "judge", "", "low 5 is not below high 1"),
        (
            "{file: l, scale: {low: 1, high: 5, pass_from: 7}}",
            "judge",
            "",
            r"pass_from 7 is outside 1 \(excluded\) to 5",
        ),
        ("l", "judge", "scale: {low: 1, high: 5}", "'scale' needs 'pass_from'"),
        ("l", "preference", "scale: {low: 1, high: 5, pass_from: 3}", "remove 'pass_from'"),
        (
            "{file: l, values: {yes: 1}, scale: {low: 1, high: 5, pass_from: 3}}",
            "judge",
            "",
            "'values' and 'scale' both say",
        ),
        ("{file: l, annotators: some}", "preference", "", "must be majority or all"),
        (
            "{file: l, columns: {better: vote}}",
            "preference",
            'template: "{{ a }} {{ b }} {{ vote }}"',
            "shows {{ vote }}, which is a column of the labelled",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_key(labelled, kind, rest, problem):
    with pytest.raises(ConfigError, match=problem):
        read(labelled, kind=kind, rest=rest)
