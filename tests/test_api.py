"""The public API: what it exports, what loading it costs, and that it does what the commands do."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import evalguard
from evalguard.cli import main

PAGE = Path(__file__).parents[1] / "docs" / "api.md"


def test_every_public_name_is_on_the_page_and_no_other():
    tables = [line.split("|")[1] for line in PAGE.read_text().splitlines() if line[:3] == "| `"]
    named = {name for cell in tables for name in re.findall(r"`(\w+)`", cell)}
    assert named == set(evalguard.__all__)


@pytest.mark.parametrize("name", evalguard.__all__)
def test_every_public_name_is_there_and_documented(name):
    assert getattr(evalguard, name).__doc__
    assert name in dir(evalguard)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'chekc'"):
        _ = evalguard.chekc


def test_importing_it_loads_nothing_heavy():
    code = "import evalguard, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    heavy = {"torch", "scipy", "numpy", "pydantic", "click", "rich", "pytest", "evalguard.api"}
    assert not heavy & set(loaded.stdout.split())


class TestDecide:
    def test_sequences_arrays_and_counts_decide_alike(self):
        before, after = [1] * 30 + [0] * 20 + [1] * 450, [0] * 30 + [1] * 20 + [1] * 450
        listed = evalguard.decide(before, after, max_drop="5pp")
        arrays = evalguard.decide(np.array(before, bool), np.array(after), max_drop="5pp")
        counted = evalguard.decide(losses=30, gains=20, n=500, max_drop="5pp")
        assert listed.verdict is evalguard.Verdict.PASS
        assert listed == arrays
        assert (listed.p_pass, listed.ci) == (counted.p_pass, counted.ci)

    def test_clusters_and_strata_count(self):
        before, after = [1.0] * 300, [1.0] * 290 + [0.5] * 10
        clusters = [i // 3 for i in range(300)]
        strata = ["law"] * 150 + ["art"] * 150
        found = evalguard.decide(
            before, after, kind="bounded", max_drop="5pp", clusters=clusters, strata=strata
        )
        assert found.units == 100

    @pytest.mark.parametrize(
        ("arguments", "options", "message"),
        [
            (([1, 1], [1]), {}, "lengths differ (baseline 2, candidate 1)"),
            (([], []), {}, "no scores"),
            (([1, float("nan")], [1, 1]), {}, "question 1: 'baseline' is nan"),
            (([1, 0.5], [1, 1]), {}, "declared binary"),
            (([1, "1"], [1, 1]), {}, "expected a number"),
            (([1, 1], [1, 1]), {"ids": ["a", "a"]}, "give every question a unique id"),
            (([1], None), {}, "give both baseline and candidate"),
            (([1], [1]), {"n": 5}, "give either"),
            ((), {"losses": 1, "gains": 2}, "give both"),
            ((), {}, "give either"),
            (([1], [1]), {"max_drop": "5"}, "not a margin"),
            (([1], [1]), {"max_drop": 5}, "margin without unit"),
            (([1], [1]), {"min_gain": "1pp"}, "exclude each other"),
            (([1], [1]), {"low": 1.0}, "low=1 must be below high=1"),
            (
                ([1], [1]),
                {"kind": "bounded", "high": float("inf")},
                "the range of the scores must be finite",
            ),
            (([1], [1]), {"kind": "bounded", "low": -1e308, "high": 1e308}, "must be finite"),
            (([1], [1]), {"kind": "bianry"}, "binary or bounded, found 'bianry'"),
            (([1], [1]), {"kind": "corpus"}, "found 'corpus'"),
            (([1], [1]), {"weights": "by size"}, "weights must be size or equal, found 'by size'"),
            (([1], [1]), {"max_dorp": "5pp"}, "no demand 'max_dorp'. Did you mean 'max_drop'?"),
            (([1], [1]), {"min": "x"}, "must be a number, found 'x' (text)"),
            (([1], [1]), {"max": float("nan")}, "must be a finite number"),
        ],
    )
    def test_what_means_nothing_is_an_error(self, arguments, options, message):
        with pytest.raises(evalguard.EvalGuardError, match=re.escape(message)):
            evalguard.decide(*arguments, **{"max_drop": "5pp"} | options)

    def test_a_missing_score_is_no_pass(self):
        found = evalguard.decide([1] * 40, [None] * 40, max_drop="5pp")
        assert found.verdict is not evalguard.Verdict.PASS


class TestPower:
    def test_it_plans_a_gate(self):
        found = evalguard.power(200, max_drop="5pp")
        assert found.underpowered
        assert found.required_n > 200

    @pytest.mark.parametrize(
        ("n", "options", "message"),
        [
            (0, {}, "n=0: expected 1 or more"),
            (100, {"discordance": 0}, "discordance=0: expected above 0"),
            (100, {"looks": 0}, "looks=0"),
            (100, {"confidence_level": 0.5}, "confidence_level=0.5"),
            (100, {"max_drop": None}, "no requirement"),
        ],
    )
    def test_what_is_out_of_range_is_an_error(self, n, options, message):
        with pytest.raises(evalguard.EvalGuardError, match=re.escape(message)):
            evalguard.power(n, **{"max_drop": "5pp"} | options)


class TestCheck:
    def test_it_finds_what_the_command_finds(self, answered, tmp_path, capsys):
        result = evalguard.check(answered / "evalguard.yaml", progress=False)
        path = tmp_path / "result.json"
        assert (
            main(["check", "--config", str(answered / "evalguard.yaml"), "--json", str(path)]) == 0
        )
        capsys.readouterr()
        assert evalguard.read_result(path).gates == result.gates
        assert evalguard.exit_code(result) == evalguard.ExitCode.PASS
        shown = result._repr_html_()
        assert "no forgetting" in shown
        assert "PASS" in shown

    def test_gates_are_selected_by_name_suite_or_id(self, answered):
        loaded = evalguard.load_project(answered / "evalguard.yaml")
        for name in ("no forgetting", "general", "general::acc"):
            result = evalguard.check(loaded, gates=[name], progress=False)
            assert [gate.name for gate in result.gates] == ["no forgetting"]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"gates": ["no forgeting"]}, "Did you mean 'no forgetting'?"),
            ({"candidates": ["harmles"]}, "Did you mean 'harmless'?"),
            ({"gates": []}, "no gate is selected"),
            ({"candidates": []}, "no gate is selected"),
        ],
    )
    def test_a_selection_of_nothing_is_an_error(self, project, options, message):
        with pytest.raises(evalguard.EvalGuardError, match=re.escape(message)):
            evalguard.check(project / "evalguard.yaml", progress=False, **options)

    def test_overrides_need_a_file(self, project):
        with pytest.raises(evalguard.EvalGuardError, match="already loaded"):
            evalguard.check(
                evalguard.load_project(project / "evalguard.yaml"), overrides=["store=x"]
            )


def test_results_are_compared_by_name(answered, tmp_path):
    result = evalguard.check(answered / "evalguard.yaml", progress=False)
    merged = evalguard.compare(monday=result, tuesday=result)
    assert {gate.model for gate in merged.gates} == {"harmless (monday)", "harmless (tuesday)"}
    path = evalguard.write_json(result, tmp_path / "one.json")
    assert json.loads(path.read_text())["verdict"] == "PASS"
    assert evalguard.compare(path).gates == result.gates
    with pytest.raises(evalguard.EvalGuardError, match="nothing to compare"):
        evalguard.compare()


def test_a_notebook_shows_model_text_as_text(answered):
    from dataclasses import replace

    result = evalguard.check(answered / "evalguard.yaml", gates=["general"], progress=False)
    gates = tuple(replace(gate, name="<script>alert(1)</script>") for gate in result.gates)
    shown = replace(result, gates=gates)._repr_html_()
    assert "<script>" not in shown
