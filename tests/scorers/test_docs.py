"""docs/scorers.md says what is there, and its example runs."""

import inspect
import json
import re
from pathlib import Path

import pytest
import yaml
from scipy.stats import binomtest

from benchmarks.refusal_fit import own_examples, styled_examples
from evalguard import scorers
from evalguard.config.suite import SuiteConfig
from evalguard.scorers.constraints import CHECKS
from evalguard.scorers.detection import examples, rates
from evalguard.scorers.refusal_signs import SIGNS
from evalguard.scorers.registry import BUILT_IN
from evalguard.tasks.kinds.test_set import TestSetConfig
from tests.scorers.sandbox import with_sandbox

DOC = (Path(__file__).parents[2] / "docs" / "scorers.md").read_text(encoding="utf-8")
NEEDED: dict[str, dict[str, object]] = {
    "regex": {"pattern": "x"},
    "unit_tests": with_sandbox({"allow_code_execution": True}),
}


def table():
    """Return the metrics and options that the table lists for each scorer."""
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| .*? \| (.*?) ?\|$", DOC, re.M)
    return {
        name: (re.findall(r"`(\w+)`", metrics), re.findall(r"`(\w+)`", options))
        for name, metrics, options in rows
    }


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", DOC, re.S)


def test_the_table_lists_every_scorer_with_its_metrics_and_options():
    listed = table()
    assert listed.keys() == BUILT_IN.keys()
    for name, (metrics, options) in listed.items():
        scorer = scorers.get(name, **NEEDED.get(name, {}))
        assert set(metrics) == {metric.name for metric in scorer.metrics}, name
        keyword_only = inspect.signature(scorer.function).parameters.values()
        assert set(options) == {p.name for p in keyword_only if p.kind is p.KEYWORD_ONLY}, name
        assert all((m.low, m.high, m.higher_is_better) == (0, 1, True) for m in scorer.metrics)


def test_every_constraint_is_named():
    paragraph = next(part for part in DOC.split("\n\n") if part.startswith("**`constraints`**"))
    assert all(name in paragraph for name in CHECKS)


def test_the_suite_of_the_docs_is_valid():
    suite = SuiteConfig.model_validate_json(json.dumps(yaml.safe_load(blocks("yaml")[0])))
    task = suite.tasks[0]
    assert isinstance(task, TestSetConfig)
    for one in task.scorers:
        scorers.get(one.name, **one.options)


@pytest.mark.usefixtures("fresh_registry")
def test_the_example_of_ones_own_scorer_runs(tmp_path):
    path = tmp_path / "ours.py"
    path.write_text(blocks("python")[0], encoding="utf-8")
    (name,) = scorers.load_module(path)
    row = {"sources": ["Miller 2019", "Ott 2021"]}
    answer = "As Ott 2021 shows, yes."
    assert scorers.get(name).score(answer, "", row) == {name: 1.0}
    assert scorers.get(name, minimum=2).score(answer, "", row) == {name: 0.0}


@pytest.mark.parametrize(
    ("metric", "which"),
    [
        ("refusal", "XSTest, Mistral 7B Instruct, weights fitted without it"),
        ("compliance", "XSTest, Mistral 7B Instruct, weights fitted without it"),
        ("abstention", "283 answers of this project whose failures were not read"),
    ],
)
def test_the_rates_in_the_docs_are_those_of_the_metrics(metric, which):
    found = scorers.metrics(metric)[0].detector
    assert found is not None
    assert f"| {metric} | {which} | {_cells(found)} |" in DOC


def test_the_rates_of_the_own_examples_in_the_docs_are_the_measured_ones():
    held_out = sum(example.split == "held_out" for example in examples("refusal"))
    row = f"| refusal | {held_out} held-out examples of this project | {_cells(rates('refusal'))} |"
    assert row in DOC


def test_the_docs_count_what_the_detector_rests_on():
    written = len(own_examples()) + len(styled_examples())
    assert f"{written:,} answers written for this project" in DOC
    assert f"{len(SIGNS)} signs" in DOC


def _cells(found):
    cells = []
    for hits, total in ((found.hits, found.positives), (found.rejections, found.negatives)):
        low, high = (100 * bound for bound in binomtest(hits, total).proportion_ci())
        cells.append(f"{hits} of {total} = {_percent(hits, total)} % ({low:.1f}–{_bound(high)})")
    return " | ".join(cells)


def _percent(hits, total):
    return "100" if hits == total else f"{100 * hits / total:.1f}"


def _bound(value):
    return "100" if value == 100 else f"{value:.1f}"
