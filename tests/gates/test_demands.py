"""Demands: those of packages, which touch no other file, and what holds of all."""

import dataclasses
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import evalguard
from evalguard import plugins
from evalguard.cli import main
from evalguard.config import ThresholdsConfig, load_yaml
from evalguard.demands import all_demands, demands_of, find_demand, requirement
from evalguard.errors import ConfigError, ExitCode, UsageError
from evalguard.gates.decide import decide
from evalguard.gates.plan import plan_gate
from evalguard.records import (
    Comparison,
    Gate,
    Margin,
    Metric,
    ScoreKind,
    Verdict,
    from_json,
    to_json,
)
from tests.gates.build import compared

DOCS = Path(__file__).parents[2] / "docs"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", (DOCS / "extend.md").read_text("utf-8"), re.M | re.S)
MAX_RATIO = next(block for block in BLOCKS if "class MaxRatio" in block)

MAX_COUNT = """
from evalguard.demands import Bound, ConditionTest, need_of_bound


class MaxCount(Bound):
    key = "max_count"
    about = "Greatest number of samples that may score 1."
    option = "Maximum number of samples that score 1."
    orientation = -1

    @property
    def unmet(self):
        return f"more than {self.value:g} samples score 1"

    def problem(self, metric):
        return None if metric.percent else f"max_count counts scores of 1; {metric.name} has others"

    def test(self, observed):
        return ConditionTest(self, observed.tests.bound(least=False), self.value / observed.n)

    def need(self, metric, design):
        return need_of_bound(self.text, self.value / design.n, metric.low, metric, design)


class Unfinished(Bound):
    key = "unfinished"


class Unshown(MaxCount):
    key = "unshown"
    must_be_shown = False


class Broken(MaxCount):
    key = "broken"

    def test(self, observed):
        if self.value == 0:
            return ConditionTest(self, observed.tests.bound(least=False), float("nan"))
        return ConditionTest(self, Unsure(), 0.5)


class Unsure:
    estimate = 0.0

    def p_pass(self, margin):
        return float("nan")

    p_fail = p_pass

    def standard_error(self, margin):
        return 0.1


class Role(MaxCount):
    key = "role"


NO_DEMAND = "max_count"
"""

LOOPS = Metric("loops", higher_is_better=False)
TOKENS = Metric("tokens", ScoreKind.BOUNDED, 0, 1000, higher_is_better=False)
ENTRIES = {"max_ratio": "more_demands:MaxRatio", "max_count": "more_demands:MaxCount"}


def gate(**row):
    return Gate(**{"name": "recall", "suite": "qa", "metric": "acc", "source": "r.yaml", **row})


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Install a package that registers demands; commands read their options again."""

    def install(entries: dict[str, str]) -> None:
        info = tmp_path / "packages" / "more_demands-1.0.dist-info"
        info.mkdir(parents=True)
        (info.parent / "more_demands.py").write_text(MAX_RATIO + MAX_COUNT)
        (info / "METADATA").write_text("Name: more-demands\nVersion: 1.0\n")
        lines = "".join(f"{key} = {target}\n" for key, target in entries.items())
        (info / "entry_points.txt").write_text(f"[evalguard.demands]\n{lines}")
        monkeypatch.syspath_prepend(str(info.parent))
        _forget()

    yield install
    _forget()
    sys.modules.pop("more_demands", None)


def _forget():
    plugins.points.cache_clear()
    sys.modules.pop("evalguard.cli.decide", None)


def tokens(factor, n=200):
    rng = np.random.default_rng(0)
    before = rng.uniform(100, 300, n)
    return before.tolist(), (before * factor + rng.normal(0, 5, n)).tolist()


def thresholds(folder, row):
    path = folder / "release.yaml"
    path.write_text(f"version: 1\ngates:\n  - {row}\n")
    return load_yaml(path, ThresholdsConfig)


@pytest.mark.parametrize(
    ("factor", "verdict", "reason"),
    [
        (1.05, Verdict.PASS, "max_ratio 1.2 holds (p = "),
        (1.4, Verdict.FAIL, "the candidate's mean exceeds 1.2 times the baseline's (adjusted p = "),
        (1.2, Verdict.INCONCLUSIVE, "max_ratio 1.2 is not shown (p = "),
    ],
)
def test_a_demand_of_a_package_decides(package, factor, verdict, reason):
    package(ENTRIES)
    of = gate(metric="tokens", max_ratio=1.2)
    (result,) = decide([compared(*tokens(factor), of=of, metric=TOKENS)])
    assert result.verdict is verdict
    assert result.reason.startswith(reason)
    assert result.requirement == "max_ratio 1.2"
    assert result.baseline is not None
    assert result.margin == pytest.approx(0.2 * result.baseline)
    assert result.margin is not None
    assert result.ci is not None
    assert (result.ci[0] >= -result.margin) is (verdict is Verdict.PASS)


@pytest.mark.parametrize(
    ("ones", "verdict"), [(0, Verdict.PASS), (10, Verdict.INCONCLUSIVE), (30, Verdict.FAIL)]
)
def test_a_ceiling_on_a_count_decides(package, ones, verdict):
    package(ENTRIES)
    of = gate(metric="loops", max_count=10)
    scores = [1] * ones + [0] * (200 - ones)
    (result,) = decide([compared([0] * 200, scores, of=of, metric=LOOPS)])
    assert result.verdict is verdict
    assert result.margin is None
    assert ("more than 10 samples score 1" in result.reason) is (verdict is Verdict.FAIL)


def test_it_stands_in_thresholds_files(package, tmp_path):
    package(ENTRIES)
    (row,) = thresholds(
        tmp_path, "{suite: a, metric: b, max_ratio: 1.2, max_count: 3, min: 0, role: tripwire}"
    ).gates
    assert [one.text for one in row.demands] == ["max_ratio 1.2", "min 0", "max_count 3"]
    assert row.role == "tripwire"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("max_ratio: 0.9", "gates[0].max_ratio: must be above 1, found 0.9"),
        ("max_ratio: x", "gates[0].max_ratio: must be a number, found 'x' (text)"),
        ("max_ratoi: 2", "gates[0].max_ratoi: unknown key. Did you mean 'max_ratio'?"),
        ("max_ratio: 2, max_drop: 5%", "max_drop and max_ratio exclude each other"),
        ("role: guard", "give max_drop, min_gain, min, max, max_count or max_ratio"),
    ],
)
def test_what_it_refuses_is_a_problem_of_the_file(package, tmp_path, row, says):
    package(ENTRIES)
    with pytest.raises(ConfigError) as caught:
        thresholds(tmp_path, f"{{suite: a, metric: b, {row}}}")
    assert says in str(caught.value)
    assert len(caught.value.problems) == 1


def test_commands_and_functions_take_it(package, tmp_path, capsys):
    package(ENTRIES)
    before, after = tokens(1.05)
    path = tmp_path / "scores.jsonl"
    rows = [
        {"id": i, "baseline": b, "candidate": c}
        for i, (b, c) in enumerate(zip(before, after, strict=True))
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    scale = ["--kind", "bounded", "--high", "1000", "--lower-is-better"]
    arguments = ["decide", "--from", str(path), *scale]
    assert main([*arguments, "--max-ratio", "1.2", "--json"]) == ExitCode.PASS
    told = json.loads(capsys.readouterr().out)
    options: dict[str, Any] = {"kind": "bounded", "high": 1000, "higher_is_better": False}
    found = evalguard.decide(before, after, max_ratio=1.2, **options)
    assert (told["p_pass"], told["requirement"]) == (found.p_pass, "max_ratio 1.2")
    assert main([*arguments, "--max-ratio", "0.9"]) == ExitCode.USAGE
    assert "'--max-ratio': must be above 1, found 0.9" in capsys.readouterr().err
    assert main(["schema", "thresholds"]) == ExitCode.PASS
    schema = json.loads(capsys.readouterr().out)["$defs"]["GateConfig"]["properties"]
    assert schema["max_ratio"]["anyOf"][0] == {"type": "number"}


def test_it_is_planned(package):
    package(ENTRIES)
    plan = plan_gate(gate(metric="tokens", max_ratio=1.2), TOKENS, 50, baseline=200)
    assert plan.message.startswith("recall (max_ratio 1.2): with 50 samples an unchanged model")
    assert plan.underpowered
    assert plan_gate(gate(metric="loops", max_count=10), LOOPS, 200).power == 1.0


def test_it_never_passes_where_it_could_not_fail(package):
    """All answers loop already: no candidate can be worse by a fifth."""
    package(ENTRIES)
    made = compared([1] * 200, [1] * 200, of=gate(metric="loops", max_ratio=1.2), metric=LOOPS)
    (result,) = decide([made])
    assert result.verdict is Verdict.ERROR
    assert "no candidate could fail max_ratio 1.2" in result.reason


def test_undetermined_answers_count_against_it(package):
    package(ENTRIES)
    metric = dataclasses.replace(LOOPS, determined="told")
    made = compared([0] * 200, [0] * 200, of=gate(metric="loops", max_count=10), metric=LOOPS)
    doubt = ((0.0, 1.0),) * 40 + ((0.0, 0.0),) * 160
    (result,) = decide([dataclasses.replace(made, metric=metric, undetermined=doubt)])
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "undetermined answers" in result.reason


@pytest.mark.parametrize(("value", "verdict"), [(0, Verdict.ERROR), (1, Verdict.INCONCLUSIVE)])
@pytest.mark.parametrize("others", [{}, {"max_drop": Margin(0.05, "pp")}, {"max": 0.5}])
def test_what_is_not_a_number_never_passes(package, value, verdict, others):
    package({"broken": "more_demands:Broken"})
    of = gate(metric="loops", broken=value, **others)
    (result,) = decide([compared([1] * 50 + [0] * 150, [0] * 200, of=of, metric=LOOPS)])
    assert result.verdict is verdict


def test_counts_are_not_enough_for_it(package):
    package(ENTRIES)
    with pytest.raises(UsageError, match="counts of losses and gains"):
        evalguard.decide(losses=1, gains=1, n=100, max_count=3)


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ({"max_count": "absent:MaxCount"}, "cannot be loaded: ModuleNotFoundError"),
        ({"max_count": "more_demands:NO_DEMAND"}, "is not an evalguard.demands.Demand"),
        ({"max_count": "evalguard:Gate"}, "is not an evalguard.demands.Demand"),
        ({"few": "more_demands:MaxCount"}, "whose key is 'max_count'"),
        ({"unfinished": "more_demands:Unfinished"}, "lacks about, option, unmet"),
        ({"unshown": "more_demands:Unshown"}, "would PASS without evidence"),
        ({"source": "more_demands:MaxCount"}, "a reserved key of gates"),
    ],
)
def test_what_a_package_adds_wrongly_is_one_error(package, entries, says):
    package(entries)
    (key,) = entries
    with pytest.raises(UsageError, match=re.escape(says)) as caught:
        find_demand(key)
    assert f"{key} " in str(caught.value)
    assert "of evalguard.demands" in str(caught.value)


def test_a_broken_package_is_told_where_it_is_used(package, tmp_path):
    package({"max_count": "absent:MaxCount"})
    assert thresholds(tmp_path, "{suite: a, metric: b, max: 0.5}").gates[0].demands
    with pytest.raises(UsageError, match="cannot be loaded: ModuleNotFoundError"):
        thresholds(tmp_path, "{suite: a, metric: b, max_count: 3}")


def test_a_package_replaces_no_demand(package):
    package({"max": "more_demands:MaxCount"})
    assert [demand.key for demand in all_demands()] == ["max_drop", "min_gain", "min", "max"]
    assert find_demand("max").__module__ == "evalguard.demands.bounds"


@pytest.mark.parametrize(
    ("demands", "says"),
    [
        ({"max_dorp": 0.1}, "no demand 'max_dorp'. Did you mean 'max_drop'?"),
        ({"rol": "guard"}, "no demand 'rol'"),
        ({}, "requires nothing; give max_drop, min_gain, min or max"),
        ({"min": 0.9, "max": 0.1}, "min 0.9 is above max 0.1"),
    ],
)
def test_a_gate_that_demands_nothing_known_is_refused(demands, says):
    of = Gate(name="g", suite="qa", metric="acc", **demands)
    with pytest.raises(UsageError, match=re.escape(says)):
        decide([compared([1] * 50, [1] * 50, of=of)])


def test_a_gate_reads_as_its_row():
    made = gate(max=0.9, max_drop=Margin(0.05, "pp"), min=None)
    assert made.demands == {"max": 0.9, "max_drop": Margin(0.05, "pp")}
    assert requirement(made) == "max_drop 5pp, max 0.9"
    assert made == gate(max_drop=Margin(0.05, "pp"), max=0.9)
    assert hash(made) == hash(gate(max_drop=Margin(0.05, "pp"), max=0.9))
    assert made != gate(max_drop=Margin(0.05, "pp"))
    assert dataclasses.replace(made, max=None) == gate(max_drop=Margin(0.05, "pp"))


def test_a_comparison_goes_to_json_and_back():
    made = compared([1, 0], [1, 1], of=gate(max_drop=Margin(0.05, "%"), min=0.5))
    assert from_json(Comparison, json.loads(json.dumps(to_json(made)))) == made


def test_a_p_value_of_0_is_told():
    """5000 right answers of 5000: the probability under the bound is too small to be written."""
    (result,) = decide([compared([1] * 5000, [1] * 5000, of=gate(min=0.5))])
    assert (result.verdict, result.p_pass) == (Verdict.PASS, 0.0)
    assert result.reason == "a mean of 1 keeps min 0.5 (p < 0.0001)"


@pytest.mark.parametrize("demand", all_demands(), ids=lambda demand: demand.key)
def test_every_demand_says_what_it_is(demand):
    assert demand.about
    assert demand.option
    example = demand.schema.get("examples", [0.5])[0]
    of = gate(**{demand.key: demand.parse(example)})
    (one,) = demands_of(of)
    assert one.text == f"{demand.key} {example}"
    assert one.unmet
