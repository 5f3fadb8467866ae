"""Output of lm-eval: what its own command writes is decided, and whatever does not fit refused."""

import contextlib
import hashlib
import json
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

import evalguard
from evalguard.errors import DataError, EvalGuardError, UsageError
from evalguard.importers import importer_of, read_runs
from tests.importers.lm_eval_runs import FORMS, run_lm_eval, write_forms, write_tasks

CHOICE: dict[str, Any] = {"tasks": ["sums_choice"], "max_drop": "10pp"}
WRITTEN: dict[str, Any] = {"tasks": ["sums"], "metric": "exact_match,last", "max_drop": "10pp"}


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """What lm-eval wrote for a baseline, and for a candidate that misses two more questions."""
    folder = tmp_path_factory.mktemp("lm_eval")
    tasks = write_tasks(folder / "tasks")
    for name, wrong in (("base", 3), ("tuned", 5)):
        run_lm_eval(tasks, folder / name, wrong=wrong)
    return folder


@pytest.fixture
def runs(written, tmp_path):
    for name in ("base", "tuned"):
        shutil.copytree(written / name, tmp_path / name)
    return tmp_path


def results_file(run: Path) -> Path:
    (found,) = run.rglob("results_*.json")
    return found


def samples_file(run: Path, task="sums_choice") -> Path:
    (found,) = run.rglob(f"samples_{task}_2*.jsonl")
    return found


def edit_results(run: Path, change) -> None:
    path = results_file(run)
    results = json.loads(path.read_text())
    change(results)
    path.write_text(json.dumps(results, indent=2))


def edit_rows(run: Path, change, task="sums_choice") -> None:
    """Change rows as if lm-eval had written them so: the results agree with them."""
    path = samples_file(run, task)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    changed = change(rows)
    rows = rows if changed is None else changed
    path.write_text("\n".join(map(json.dumps, rows)))
    hashes = (row.get(f"{of}_hash", "") for row in rows for of in ("doc", "prompt", "target"))
    digest = hashlib.sha256("".join(hashes).encode()).hexdigest()
    edit_results(run, lambda results: results["task_hashes"].update({task: digest}))
    edit_results(run, lambda results: results["results"][task].update(means(rows)))


def means(rows) -> dict[str, float]:
    """Return the means that lm-eval writes of such rows."""
    scores: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        for metric in row.get("metrics") or ():
            scores[f"{metric},{row['filter']}"].append(row.get(metric))
    found = {}
    for name, values in scores.items():
        with contextlib.suppress(OverflowError, TypeError):
            found[name] = sum(values) / len(values)
    return found


def decide(runs: Path, options=CHOICE, **more):
    return evalguard.decide(runs / "base", runs / "tuned", **{**options, **more})


@pytest.mark.parametrize("options", [CHOICE, WRITTEN])
def test_two_runs_are_decided_sample_by_sample(runs, options):
    gate = decide(runs, options)
    assert (gate.verdict, gate.n, gate.losses, gate.gains, gate.missing) == ("PASS", 120, 2, 0, 0)
    assert gate.metric == options.get("metric", "acc,none")
    assert (gate.baseline, gate.candidate) == (117 / 120, 115 / 120)
    lost = [pair.prompt for pair in gate.worst]
    assert lost == ["0 + 3 = ?", "0 + 4 = ?"]


def test_the_samples_show_question_target_and_answer(runs):
    pair = decide(runs, WRITTEN).worst[0]
    assert (pair.task, pair.sample_id, pair.target) == ("sums", "3", "3")
    assert (pair.baseline_output, pair.candidate_output) == ("3", "30")


def test_files_and_folders_name_the_same_run(runs):
    by_file = evalguard.decide(results_file(runs / "base"), results_file(runs / "tuned"), **CHOICE)
    assert by_file == decide(runs) == decide(runs, importer="lm_eval")


def test_each_task_is_a_stratum(runs):
    def rename(rows):
        for row in rows:
            row["metrics"], row["exact_match"] = ["exact_match"], row["acc"]

    for run in ("base", "tuned"):
        edit_rows(runs / run, rename)
        edit_results(
            runs / run, lambda r: r["higher_is_better"].update(sums_choice={"exact_match": True})
        )
    with pytest.raises(DataError, match=r"task 'sums' has no metric 'exact_match,none'"):
        decide(runs, {"max_drop": "10pp"}, metric="exact_match,none")
    edit = ("base", "tuned")
    for run in edit:
        edit_rows(runs / run, lambda rows: [row | {"filter": "last"} for row in rows])
    gate = decide(runs, {"max_drop": "10pp"}, metric="exact_match,last", weights="equal")
    assert (gate.n, gate.losses) == (240, 4)


def test_the_direction_is_that_of_the_files(runs):
    for run in ("base", "tuned"):
        edit_results(runs / run, lambda r: r["higher_is_better"].update(sums_choice={"acc": False}))
    assert decide(runs, max_drop="0.5pp").delta > 0
    with pytest.raises(UsageError, match="lower is better for 'acc,none'"):
        decide(runs, higher_is_better=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r["versions"].update(sums_choice=2.0), "versions is 1.0, then 2.0"),
        (lambda r: r["n-shot"].update(sums_choice=5), "n-shot is 0, then 5"),
        (lambda r: r["configs"]["sums_choice"].update(doc_to_text="Q"), "doc_to_text is {{ques"),
        (lambda r: r["configs"]["sums_choice"].pop("metric_list"), "metric_list is "),
        (lambda r: r.update(lm_eval_version="0.4.9"), "lm_eval_version is 0.4.13, then 0.4.9"),
        (lambda r: r.update(system_instruction="Be brief."), "system_instruction is null, then Be"),
        (lambda r: r.update(chat_template="{{x}}"), "chat_template is null, then {{x}}"),
    ],
)
def test_runs_that_were_measured_differently_are_refused(runs, change, message):
    edit_results(runs / "tuned", change)
    with pytest.raises(DataError, match="measured differently") as caught:
        decide(runs)
    assert message in str(caught.value)
    assert str(results_file(runs / "tuned")) in str(caught.value)


def test_a_setting_of_another_task_is_no_obstacle(runs):
    edit_results(runs / "tuned", lambda results: results["n-shot"].update(sums=5))
    assert decide(runs).verdict == "PASS"


def other_prompt(rows):
    rows[3]["prompt_hash"] = "0" * 64
    for request in rows[3]["arguments"].values():
        request["arg_0"] = "0 + 3 =?"


def repeat_row(rows):
    return [*rows[:4], rows[3], *rows[4:]]


def set_row(**values):
    def change(rows):
        rows[3].update(values)

    return change


def without(key):
    def change(rows):
        del rows[3][key]

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (other_prompt, ":4: another prompt hash than .*; the prompts differ from character 8: "),
        (set_row(doc_hash="0"), ":4: another doc hash than .*base.*:4"),
        (set_row(target_hash="0", target="x"), ":4: another target hash.*targets differ"),
        (set_row(arguments={"gen_args_0": {"arg_0": "0 + 3 = ?", "arg_1": "4"}}), ":4: another re"),
        (set_row(doc_id=500), ":4: question '500' of sums_choice is not in "),
        (set_row(doc_id="3"), ":4: 'doc_id' is '3'; expected a whole number"),
        (set_row(doc_id=True), ":4: 'doc_id' is True; expected a whole number"),
        (repeat_row, ":5: id '3' already appears in .*:4"),
        (set_row(acc=float("nan")), ":4: 'acc' is nan"),
        (set_row(acc=10**400), ":4: 'acc' is inf"),
        (set_row(acc=[0.5, 1]), r":4: 'acc' is \[0.5, 1\]; expected a number"),
        (set_row(acc="1.0"), ":4: 'acc' is '1.0'; expected a number"),
        (set_row(acc=0.5), ":4: 'acc' is 0.5, but the answer in the row scores"),
        (set_row(filter=None), ":4: 'filter' is None; expected text"),
        (set_row(filter="last"), "119 documents under filter 'none'"),
        (set_row(metrics=["acc", "f1"]), ":4: has no 'f1', though it is among its metrics"),
        (set_row(metrics=[]), r":4: 'metrics' is \[\]"),
        (set_row(metrics=["f1"], f1=1.0), "select one: 'acc,none' or 'f1,none'"),
        (without("acc"), ":4: has no 'acc'"),
        (without("prompt_hash"), ":4: has no 'prompt_hash'"),
        (without("arguments"), ":4: has no 'arguments'"),
        (lambda rows: rows[:-1], "119 documents under filter 'none', but .* says 120"),
        (lambda rows: [], "0 documents"),
    ],
)
@pytest.mark.parametrize("side", ["base", "tuned"])
def test_a_row_that_does_not_fit_is_an_error_with_file_and_row(runs, side, change, message):
    edit_rows(runs / side, change)
    if side == "base" and "another" in message:
        message = message.partition(" than")[0].removeprefix(":4")
    with pytest.raises(EvalGuardError, match=message) as caught:
        decide(runs)
    assert side in str(caught.value) or "select one" in message


@pytest.mark.parametrize("metric", ["acc", "acc,none"])
def test_a_metric_that_some_rows_lack_is_no_pass(runs, metric):
    edit_rows(runs / "tuned", set_row(metrics=["f1"], f1=1.0))
    with pytest.raises(DataError, match=r"question '3' of sums_choice is not in .*tuned"):
        decide(runs, metric=metric)


def test_rows_that_were_changed_since_are_refused(runs):
    path = samples_file(runs / "tuned")
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[1], lines[0], *lines[2:]]))
    with pytest.raises(DataError, match="they were changed since"):
        decide(runs)


@pytest.mark.parametrize("line", ["{broken", "[1]", '{"doc_id": 1, "doc_id": 2}', '{"doc_id": 0'])
def test_a_line_that_is_no_row_is_named(runs, line):
    path = samples_file(runs / "tuned")
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(DataError, match=rf"{path.name}:121: "):
        decide(runs)


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda run: samples_file(run).unlink(), "missing; run lm_eval with --log_samples"),
        (lambda run: results_file(run).unlink(), "no scores that an importer recognises"),
        (lambda run: results_file(run).write_text("{"), "no scores that an importer recognises"),
        (lambda run: shutil.copy(results_file(run), run / "results_2.json"), "expected one result"),
        (lambda run: results_file(run).rename(run / "results_x.json"), "no date in its name"),
        (lambda run: edit_results(run, lambda r: r.pop("n-samples")), "'n-samples' is missing"),
        (lambda run: edit_results(run, lambda r: r.pop("task_hashes")), "'task_hashes' is missing"),
        (lambda run: edit_results(run, lambda r: r["configs"].clear()), "'configs' is missing"),
        (lambda run: edit_results(run, lambda r: r["n-samples"].pop("sums_choice")), "no task 'su"),
        (shutil.rmtree, "no such file or folder"),
    ],
)
@pytest.mark.parametrize("side", ["base", "tuned"])
def test_a_broken_run_is_refused(runs, side, break_it, message):
    break_it(runs / side)
    with pytest.raises(EvalGuardError, match=message):
        decide(runs)


def test_a_task_of_one_run_is_refused(runs):
    edit_results(runs / "base", lambda results: results["n-samples"].pop("sums"))
    with pytest.raises(DataError, match=r"samples_sums_.*:1: the task 'sums' is not in .*base"):
        evalguard.decide(runs / "base", runs / "tuned", max_drop="10pp", metric="acc")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_drop": "1pp"}, "several metrics; select one: 'acc,none' or 'exact_match,last' or"),
        ({"metric": "exact_match"}, "select 'exact_match,last' or 'exact_match,strict'"),
        (
            {"metric": "exact_math,last"},
            r"did you mean 'exact_match,last'\? It is one of 'acc,none' or",
        ),
        ({"metric": "acc"}, "the task 'sums' has no metric 'acc,none'"),
        ({"tasks": ["sumz"]}, "no task 'sumz'. Did you mean 'sums'"),
        ({"importer": "lm_evil"}, "no importer 'lm_evil'. Did you mean 'lm_eval'"),
        ({"ids": [1]}, "ids belongs to scores"),
        ({"path": "x"}, "give either"),
    ],
)
def test_a_selection_that_is_not_clear_is_refused(runs, options, message):
    with pytest.raises(EvalGuardError, match=message):
        evalguard.decide(runs / "base", runs / "tuned", **{"max_drop": "10pp", **options})


def test_one_run_is_not_compared_with_itself(runs):
    with pytest.raises(UsageError, match="give two files"):
        evalguard.decide(runs / "base", runs / "tuned" / ".." / "base", **CHOICE)


def test_an_adapter_that_was_not_applied_is_refused(runs):
    shutil.rmtree(runs / "tuned")
    shutil.copytree(runs / "base", runs / "tuned")
    edit_results(runs / "tuned", lambda results: results.update(date=1.0))
    with pytest.raises(DataError, match="both come from one model; was the adapter applied"):
        decide(runs)
    edit_rows(runs / "tuned", lambda rows: rows[9].update(resps=[[["-1.5", "True"]]] * 2))
    assert decide(runs).verdict == "PASS"


def test_equal_generations_are_no_proof_of_one_model(runs):
    shutil.rmtree(runs / "tuned")
    shutil.copytree(runs / "base", runs / "tuned")
    with pytest.raises(DataError, match="so both are of one run"):
        decide(runs, WRITTEN)
    edit_results(runs / "tuned", lambda results: results.update(date=1.0))
    gate = decide(runs, WRITTEN)
    assert (gate.verdict, gate.losses, gate.gains) == ("PASS", 0, 0)


def flip(metric, mean=False):
    """Return an edit of one score, and where ``mean``, of the results' mean as well."""

    def change(run, task):
        path = samples_file(run, task)
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        row = next(one for one in rows if one[metric] == 0)
        row[metric] = 1.0
        path.write_text("\n".join(map(json.dumps, rows)))
        if mean:
            edit_results(run, lambda results: results["results"][task].update(means(rows)))

    return change


@pytest.mark.parametrize(("task", "metric"), [("sums_choice", "acc"), ("sums", "exact_match")])
@pytest.mark.parametrize("mean", [False, True])
def test_a_score_that_its_answer_does_not_have_is_refused(runs, task, metric, mean):
    flip(metric, mean)(runs / "tuned", task)
    options = {"tasks": [task], "max_drop": "10pp"}
    more = {} if task == "sums_choice" else {"metric": "exact_match,last"}
    said = rf"samples_{task}_.*: '{metric}' is 1, but the answer in the row scores 0"
    with pytest.raises(DataError, match=said):
        decide(runs, options, **more)


def test_a_score_that_cannot_be_computed_again_is_held_to_the_mean(runs):
    def unknown(results):
        results["configs"]["sums_choice"]["process_results"] = "def process_results(doc, results)"

    for run in ("base", "tuned"):
        edit_results(runs / run, unknown)
    assert decide(runs).verdict == "PASS"
    flip("acc")(runs / "tuned", "sums_choice")
    with pytest.raises(DataError, match=r"'acc,none' is 0.966667 on average, but the results say"):
        decide(runs)


def test_whatever_lm_eval_scores_is_what_is_computed_again(tmp_path):
    tasks = write_forms(tmp_path / "tasks")
    run_lm_eval(tasks, tmp_path / "run", wrong=40, names=[*FORMS])
    (run,) = read_runs(tmp_path / "run")
    assert {one.task for one in run.scores} == {*FORMS}


def test_samples_alone_name_their_results(runs):
    path = samples_file(runs / "base")
    assert importer_of(path).name == "lm_eval"
    with pytest.raises(DataError, match=r"give the results_\*\.json that is in its folder"):
        read_runs(path)


def test_the_command_decides_without_torch_and_without_lm_eval(runs):
    code = (
        "import sys\nfrom evalguard.cli import main\ncode = main(sys.argv[1:])\n"
        "print(*{name.partition('.')[0] for name in sys.modules})\nsys.exit(code)"
    )
    arguments = ["decide", "--baseline", runs / "base", "--candidate", runs / "tuned",
                 "--task", "sums", "--metric", "exact_match,last", "--max-drop", "1pp"]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == evalguard.ExitCode.INCONCLUSIVE, done.stderr
    *shown, loaded = done.stdout.splitlines()
    assert "2 lost, 0 gained of 120 (1.7%)" in "".join(shown)
    assert not {"torch", "transformers", "lm_eval", "datasets"} & set(loaded.split())
