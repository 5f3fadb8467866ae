"""Every example of docs/suites.md is run."""

import re
from pathlib import Path

import pytest
import yaml

import evalguard
from benchmarks.random_adapters import save_adapter
from evalguard import plugins
from evalguard.config import load_project
from evalguard.engines.base import BASE
from evalguard.engines.fake import FakeEngine
from evalguard.records import Verdict
from evalguard.runner.check import run_check

PAGE = Path(__file__).parents[1] / "docs" / "suites.md"
EXAMPLE = re.compile(r"^`(\S+)`\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)

METRICS = {
    "tickets": "exact_match",
    "sums": "numeric",
    "orders": "json_valid",
    "capitals": "acc",
    "refusal": "refusal",
    "compliance": "compliance",
    "grounding": "abstention",
    "stories": "distinct_2",
    "drift": "token_kl",
    "overfitting": "score_gap",
    "manners": "polite",
}
"""A metric of each suite of the page."""


@pytest.fixture
def project(tmp_path, demo_model, monkeypatch):
    for name, content in EXAMPLE.findall(PAGE.read_text(encoding="utf-8")):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    save_adapter(demo_model, tmp_path / "adapter", scale=0.05, seed=0)
    gates = [
        {"suite": suite, "metric": metric, "max": 1.9}
        if metric == "token_kl"
        else {"suite": suite, "metric": metric, "max_drop": "50pp"}
        for suite, metric in METRICS.items()
    ]
    config = {
        "version": 1,
        "engine": {"name": "hf", "dtype": "float32", "device": "cpu"},
        "baseline": {"model": str(demo_model)},
        "candidates": {"v2": {"adapter": "adapter"}},
        "suites": list(METRICS),
        "scorer_modules": ["scorers/polite.py"],
        "thresholds": "release",
    }
    (tmp_path / "thresholds").mkdir()
    thresholds = {"version": 1, "gates": gates}
    (tmp_path / "thresholds" / "release.yaml").write_text(yaml.safe_dump(thresholds))
    (tmp_path / "evalguard.yaml").write_text(yaml.safe_dump(config))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_suite_of_the_page_is_measured(project):
    suites = {path.stem for path in (project / "suites").glob("*.yaml")}
    assert suites == METRICS.keys()
    loaded = load_project(project / "evalguard.yaml")
    result = run_check(loaded, [(gate, "v2") for gate in loaded.thresholds.gates], full=True)
    for gate in result.gates:
        decided = gate.verdict is not Verdict.ERROR or "no candidate could fail" in gate.reason
        assert decided, (gate.suite, gate.reason)
        assert gate.n > 0, gate.suite
        assert gate.missing == 0, gate.suite


def test_the_task_kind_of_the_page_is_measured(project, monkeypatch):
    packages = project / "packages"
    info = packages / "desk_kinds-1.0.dist-info"
    info.mkdir()
    pattern = r'`\[project.entry-points."(.+?)"\]` and `(.+?)`'
    [(group, point)] = re.findall(pattern, PAGE.read_text(encoding="utf-8"))
    point = point.replace('"', "")
    (info / "METADATA").write_text("Name: desk-kinds\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{group}]\n{point}\n")
    monkeypatch.syspath_prepend(str(packages))
    plugins.points.cache_clear()
    suite = {"version": 1, "tasks": [{"kind": "triage", "data": "data/tickets.jsonl"}]}
    (project / "suites" / "triage.yaml").write_text(yaml.safe_dump(suite))
    gates = [{"suite": "triage", "metric": "exact_match", "max_drop": "50pp"}]
    thresholds = {"version": 1, "gates": gates}
    (project / "thresholds" / "release.yaml").write_text(yaml.safe_dump(thresholds))

    def answer(prompt):
        return "hardware" if "printer" in prompt else "billing"

    try:
        result = evalguard.check(
            project / "evalguard.yaml",
            overrides=["suites=[triage]", "scorer_modules=[]"],
            engine=FakeEngine({BASE: answer}),
            progress=False,
        )
    finally:
        plugins.points.cache_clear()
    [gate] = result.gates
    assert "no candidate could fail max_drop 50pp" in gate.reason
    assert (gate.n, gate.baseline) == (4, 0.5)
