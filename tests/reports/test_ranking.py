"""Results of several checks, merged and ranked."""

from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from evalguard.errors import DataError
from evalguard.records import Verdict
from evalguard.reports.html import render_html
from evalguard.reports.merge import merge
from evalguard.reports.ranking import rank, render_ranking
from tests.reports import examples

BETTER = {**examples.HEALTHY, "tickets": 100}
WORSE = {**examples.HEALTHY, "tickets": 60}


def result(**candidates):
    return examples.check_result(candidates)


def test_merged_results_hold_every_candidate_and_one_baseline():
    merged = merge({Path("a.json"): result(v1=BETTER), Path("b.json"): result(v2=examples.SAFETY)})
    assert [model.name for model in merged.models] == ["baseline", "v1", "v2"]
    assert {gate.model for gate in merged.gates} == {"v1", "v2"}
    assert merged.verdict is Verdict.FAIL
    assert sum(task.model == "baseline" for task in merged.tasks) == 9


def test_equal_names_are_told_apart_by_their_files():
    merged = merge({Path("mon.json"): result(v1=BETTER), Path("tue.json"): result(v1=WORSE)})
    assert [standing.name for standing in rank(merged)] == ["v1 (mon)", "v1 (tue)"]
    assert {task.model for task in merged.tasks} == {"baseline", "v1 (mon)", "v1 (tue)"}


def test_another_baseline_is_refused():
    other = result(v2=BETTER)
    models = (replace(other.models[0], fingerprint="ff" * 32), *other.models[1:])
    with pytest.raises(DataError, match=r"b\.json: measured against a different baseline"):
        merge({Path("a.json"): result(v1=BETTER), Path("b.json"): replace(other, models=models)})


def test_a_result_without_baseline_is_refused():
    with pytest.raises(DataError, match=r"a\.json: models: no baseline"):
        merge({Path("a.json"): replace(result(v1=BETTER), models=())})


def test_order_is_by_verdict_then_gates_passed_then_the_task():
    ranked = rank(
        result(forgot=examples.FORGETTING, unsafe=examples.SAFETY, fair=WORSE, best=BETTER)
    )
    assert [standing.name for standing in ranked] == ["best", "fair", "unsafe", "forgot"]
    assert [standing.passed for standing in ranked] == [9, 9, 7, 1]
    assert ranked[1].task_change == pytest.approx(0.6)


def test_a_candidate_without_a_task_gate_has_no_task_change():
    bare = result(v1=BETTER)
    (standing,) = rank(replace(bare, gates=bare.gates[1:]))
    assert standing.task_change is None


def test_terminal_shows_ranking_and_matrix(capsys):
    Console(width=120).print(render_ranking(result(unsafe=examples.SAFETY, best=BETTER)))
    text = " ".join(capsys.readouterr().out.split())
    assert "1 of 2 candidates may be released: best." in text
    assert "1 best ✓ PASS 9 of 9 +100.0 pp 2 unsafe ✗ FAIL 7 of 9 +100.0 pp" in text
    assert "✗ −100.0 pp" in text
    assert "not against the others" in text


def test_the_page_of_merged_results_renders():
    merged = merge({Path("a.json"): result(v1=BETTER), Path("b.json"): result(v2=examples.SAFETY)})
    assert "1 of 2 candidates may be released: v1" in render_html(merged)


def shown(result, capsys) -> str:
    Console(width=200).print(render_ranking(result))
    return " ".join(capsys.readouterr().out.split())


def test_candidates_that_stand_for_themselves_are_no_selection(capsys):
    five = result(**{f"v{index}": BETTER for index in range(5)})
    assert "at least one would pass in up to 25% of runs, not 5%" in shown(five, capsys)
    assert "--selection any" not in shown(result(v1=BETTER), capsys)


def test_candidates_that_share_the_error_are(capsys):
    three = result(v1=BETTER, v2=BETTER, v3=WORSE)
    gates = tuple(replace(gate, sharing=3) for gate in three.gates)
    assert "--selection any" not in shown(replace(three, gates=gates), capsys)
    again = replace(three, gates=(*gates[:-1], replace(gates[-1], sharing=2)))
    assert "up to 6% of runs" in shown(again, capsys)
