"""The matrix of lm-eval tasks: its manifests, its comparison, and both sides on a few tasks."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from benchmarks.lm_eval_tasks.checked import check_tasks
from benchmarks.lm_eval_tasks.comparison import compare_sides
from benchmarks.lm_eval_tasks.manifest import ROWS, Entry, read_manifests, task_files
from benchmarks.lm_eval_tasks.reference import evaluate_tasks
from benchmarks.lm_eval_tasks.sides import Scored, Side, read_sides, write_models, write_sides
from benchmarks.lm_eval_tasks.table import fold, markdown
from benchmarks.lm_eval_tasks.task_files import write_task

ROOT = Path(__file__).parents[2]
SUITES = ROOT / "suites"
ENTRY = Entry("arc_easy", "arc")
SCORED = Scored(
    scores={0: {"acc": 1.0}, 1: {"acc": 0.0}},
    texts={0: ("4",), 1: ("five",)},
    aggregates={"acc": 0.5},
)
GOOD = Side("arc_easy", model=SCORED, given=SCORED, verdicts=(("acc", "INCONCLUSIVE", "few"),))


def test_every_entry_names_a_task_of_lm_eval_and_rows_that_parse():
    known = task_files()
    read: set[Path] = set()
    for entry in read_manifests():
        assert entry.task in known
        assert entry.data_files, entry
        read.update(Path(file) for file in entry.data_files.values())
    for file in read:
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        assert rows, file
        assert all(isinstance(row, dict) and row for row in rows), file
    assert read == set(ROWS.rglob("*.jsonl"))


def test_every_benchmark_of_the_shipped_suites_is_in_the_matrix():
    shipped = {
        task["task"]
        for file in SUITES.glob("*.yaml")
        for task in yaml.safe_load(file.read_text(encoding="utf-8"))["tasks"]
        if task["kind"] == "benchmark"
    }
    assert shipped
    assert shipped <= {entry.task for entry in read_manifests()}


@pytest.mark.parametrize("text", ["- {task: a, rows: b, row: c}", "- {task: a, rows: b}\n" * 2])
def test_a_manifest_with_an_unknown_key_or_a_task_twice_is_refused(text, tmp_path):
    (tmp_path / "manifest.yaml").write_text(text)
    with pytest.raises(ValueError, match=r"^manifest\.yaml: "):
        read_manifests([tmp_path / "manifest.yaml"])


def test_equal_sides_reach_the_target():
    line = compare_sides(ENTRY, GOOD, GOOD)
    assert line.reached, line.reason
    assert (line.values, line.equal, line.samples) == (10, 10, 2)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (replace(SCORED, scores={**SCORED.scores, 1: {"acc": 1e-5}}), "row 1, acc: 1e-05, not 0"),
        (replace(SCORED, scores={0: {"acc": 1.0}}), "row 1 was not scored"),
        (replace(SCORED, scores={**SCORED.scores, 2: {}}), "row 2 is not in lm-eval's run"),
        (replace(SCORED, texts={**SCORED.texts, 1: ("Five",)}), "answered ('Five',)"),
        (replace(SCORED, aggregates={"acc": 0.51}), "acc: 0.51, not 0.5"),
        (replace(SCORED, aggregates={}), "acc: missing"),
        (replace(SCORED, aggregates={"acc": 0.5, "f1": 1.0}), "f1 is not a metric"),
        (replace(SCORED, scores={0: {"acc": 1.0}, 1: {"acc": float("nan")}}), "nan"),
    ],
)
@pytest.mark.parametrize("part", ["model", "given"])
def test_a_difference_is_seen_and_named(part, changed, reason):
    line = compare_sides(ENTRY, GOOD, replace(GOOD, **{part: changed}))
    assert not line.reached
    assert line.equal < line.values
    assert line.decides
    assert reason in line.reason


@pytest.mark.parametrize(
    "verdicts", [(), (("acc", "ERROR", "no samples"),), (*GOOD.verdicts, ("f1", "ERROR", "x"))]
)
def test_a_task_that_no_gate_decides_misses(verdicts):
    line = compare_sides(ENTRY, GOOD, replace(GOOD, verdicts=verdicts))
    assert not line.reached
    assert not line.decides


def test_figures_of_lm_eval_that_mean_nothing_are_not_compared_but_the_gate_must_decide():
    unsound = replace(GOOD, model=replace(SCORED, aggregates={"acc": 0.9}), unsound="other rows")
    line = compare_sides(ENTRY, unsound, GOOD)
    assert line.reached
    assert (line.values, line.note) == (0, "other rows")
    assert "other rows" in markdown([line])
    assert not compare_sides(ENTRY, unsound, replace(GOOD, verdicts=())).reached


@pytest.mark.parametrize("side", [0, 1])
def test_a_side_that_fails_misses_with_its_reason(side):
    sides = [GOOD, GOOD]
    sides[side] = Side("arc_easy", reason="KeyError: 'label'")
    line = compare_sides(ENTRY, *sides)
    assert not line.reached
    assert "KeyError: 'label'" in line.reason
    assert [line.on_lm_eval, line.on_evalguard] == [side != 0, side != 1]


def test_a_family_is_one_row_and_a_miss_within_it_shows():
    lines = [compare_sides(Entry(f"mmlu_{n}", "mmlu"), GOOD, GOOD) for n in range(7)]
    assert fold(lines)[0].cells()[:3] == ("mmlu_*", "7 of 7", "7 of 7")
    lines[3] = compare_sides(Entry("mmlu_3", "mmlu"), GOOD, Side("mmlu_3", reason="broken | task"))
    [row] = fold(lines)
    assert row.cells()[-2] == "6 of 7"
    assert r"broken \| task" in markdown(lines)


def test_sides_go_to_a_file_and_back(tmp_path):
    write_sides(tmp_path / "sides.json", {"arc_easy": GOOD})
    assert read_sides(tmp_path / "sides.json") == {"arc_easy": GOOD}


def test_both_sides_agree_on_choices_answers_and_shares(tmp_path):
    entries = [
        Entry("arc_easy", "arc"),
        Entry("gsm8k_cot_zeroshot", "gsm8k"),
        Entry("truthfulqa_mc2", "truthfulqa"),
    ]
    tasks = tmp_path / "suites" / "tasks"
    tasks.mkdir(parents=True)
    write_models(tmp_path)
    for entry in entries:
        write_task(entry, tasks)
    names = [entry.task for entry in entries]
    checked = check_tasks(tmp_path, names, chat=False)
    reference = evaluate_tasks(tmp_path, names, chat=False, answers=checked)
    for entry in entries:
        line = compare_sides(entry, reference[entry.task], checked[entry.task])
        assert line.reached, (line.task, line.reason)
        assert line.equal == line.values > line.samples
    given = reference["gsm8k_cot_zeroshot"].given.aggregates
    assert 0 < given["exact_match,strict-match"] < given["exact_match,flexible-extract"] < 1


@pytest.mark.slow
def test_a_chat_model_and_its_adapter_reach_a_verdict():
    # the embedded model answers none of CoQA's questions: no gate on a drop could fail
    only = ["--only", "wikitext", "--only", "coqa", "--epochs", "1"]
    model = ROOT / "evalguard" / "demo" / "model"
    done = subprocess.run(
        [
            *[sys.executable, "-m", "benchmarks.lm_eval_tasks.chat_model", *only],
            *["--model", str(model), "--markdown"],
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr[-2000:]
    [wikitext, coqa] = [line for line in done.stdout.splitlines() if "| `" in line]
    assert wikitext.startswith("| wikitext | `nats_per_word` | 9 |")
    assert "| ERROR |" in coqa
    assert "no candidate could fail" in coqa
    assert "1 of 2 tasks reach a verdict" in done.stdout
