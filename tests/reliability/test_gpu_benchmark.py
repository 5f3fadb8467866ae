"""The GPU benchmark: its minutes, its results and its wheels; and its parts on the CPU."""

import json
import os
import re
import time
import zipfile
from importlib.metadata import PackageNotFoundError, distribution

import pytest
from packaging.requirements import Requirement

from benchmarks.gpu.__main__ import main
from benchmarks.gpu.parts import PARTS
from benchmarks.gpu.process import run_here, run_process
from benchmarks.gpu.records import Context, Outcome, Part, Row, at_least, at_most, equal
from benchmarks.gpu.results import Results, ResultsError, markdown
from benchmarks.gpu.schedule import run_parts
from benchmarks.gpu.wheels import ASSUMED, NEEDS, given_names, keep_one_library, normalised, pinned

REACHED, MISSED = at_least("speed", 1.0, 2.0), at_least("speed", 1.0, 0.5)
SETTINGS = {"device": "cpu", "tiny": True}


def a_part(name, seconds=10.0, requires=(), function="good"):
    return Part(name, name, f"tests.reliability.gpu_parts:{function}", seconds, seconds, requires)


class Clockwork:
    """Runs parts that take their time on a clock of its own."""

    def __init__(self, takes=1.0, state="done"):
        self.now, self.takes, self.state = 1000.0, takes, state
        self.limits, self.kept = {}, {}

    def run(self, part, limit):
        self.limits[part.name] = limit
        self.now += self.takes * part.seconds
        return Outcome(self.state, part.seconds, "", (REACHED,))

    def spend(self, parts, seconds, finished=None):
        run_parts(
            parts, seconds=seconds, tiny=False, run=self.run, clock=lambda: self.now,
            keep=lambda part, outcome: self.kept.update({part.name: outcome}),
            finished=finished or {},
        )  # fmt: skip
        return {name: outcome.state for name, outcome in self.kept.items()}


def test_a_part_that_no_longer_fits_is_skipped_and_a_shorter_one_runs():
    clockwork = Clockwork()
    parts = [a_part("first", 60), a_part("long", 50), a_part("short", 30)]
    assert clockwork.spend(parts, 100) == {"first": "done", "long": "skipped", "short": "done"}
    assert clockwork.kept["long"].reason == "needs about 50 s, and 40 s are left"


def test_no_part_gets_more_than_is_left_or_three_times_what_it_needs():
    clockwork = Clockwork(takes=0.0)
    clockwork.spend([a_part("short", 10), a_part("long", 100)], 200)
    assert clockwork.limits == {"short": 120, "long": 200}
    clockwork.spend([a_part("long", 100)], 1000)
    assert clockwork.limits["long"] == 300


@pytest.mark.parametrize(("seconds_left", "state"), [(100, "skipped"), (400, "timed out")])
def test_what_the_end_of_the_minutes_cuts_short_is_no_failure(seconds_left, state):
    clockwork = Clockwork(state="timed out")
    assert clockwork.spend([a_part("a", 40)], seconds_left) == {"a": state}
    assert clockwork.kept["a"].rows == (REACHED,)


def test_a_part_without_its_packages_is_skipped_by_name():
    clockwork = Clockwork()
    parts = [a_part("a", requires=("torch", "no-such-package")), a_part("b")]
    assert clockwork.spend(parts, 100) == {"a": "skipped", "b": "done"}
    assert clockwork.kept["a"].reason == "not installed: no-such-package"


@pytest.mark.parametrize("state", ["failed", "timed out", "skipped"])
def test_what_is_done_does_not_run_again_and_all_else_does(state):
    clockwork = Clockwork()
    finished = {"a": Outcome("done", 1.0, "", (REACHED,)), "b": Outcome(state, 1.0, "why")}
    clockwork.spend([a_part("a"), a_part("b")], 100, finished)
    assert list(clockwork.limits) == ["b"]


def run(tmp_path, function, limit=60.0):
    part = a_part("part", function=function)
    return run_process(part, limit, Context("cpu", True, tmp_path))


def test_a_part_in_a_process_of_its_own(tmp_path):
    outcome = run(tmp_path, "good")
    assert (outcome.state, outcome.reason) == ("done", "")
    assert outcome.rows == (REACHED, Row("device", "", "cpu"))


@pytest.mark.parametrize(
    ("function", "reason"),
    [("raises", "exit 1: MemoryError: CUDA out of memory"), ("is_killed", "SIGKILL: ")],
)
def test_a_part_that_breaks_keeps_the_rows_it_had(tmp_path, function, reason):
    outcome = run(tmp_path, function)
    assert outcome.state == "failed"
    assert outcome.reason.startswith(reason)
    assert outcome.rows == (REACHED,)


def test_a_part_that_hangs_ends_with_all_that_it_started(tmp_path):
    outcome = run(tmp_path, "hangs", limit=3.0)
    assert (outcome.state, outcome.reason) == ("timed out", "stopped after 3 s")
    assert outcome.rows == (REACHED,)
    child = int((tmp_path / "child").read_text())
    for _ in range(100):
        if not is_running(child):
            return
        time.sleep(0.05)
    pytest.fail("what the part had started is still running")


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123 - no file of ours
        return file.read().rpartition(")")[2].split()[0] != "Z"


def test_a_part_may_say_that_it_cannot_run_here(tmp_path):
    outcome = run(tmp_path, "skips")
    assert (outcome.state, outcome.reason) == ("skipped", "needs a GPU")


def test_a_part_that_measures_nothing_has_failed(tmp_path):
    assert run(tmp_path, "measures_nothing").state == "failed"


def results(tmp_path, **outcomes):
    found = Results(tmp_path / "out.json", SETTINGS)
    for name, outcome in outcomes.items():
        found.keep(a_part(name), outcome)
    return found


def done(*rows):
    return Outcome("done", 1.0, "", rows)


def test_results_survive_the_file(tmp_path):
    first = results(tmp_path, a=done(REACHED, MISSED), b=Outcome("skipped", 0.0, "no GPU"))
    again = Results.resume(tmp_path / "out.json", SETTINGS)
    assert again.outcomes == first.outcomes
    assert again.missed == ["speed"]


def test_a_file_broken_off_leaves_the_one_before(tmp_path):
    kept = results(tmp_path, a=done(REACHED))
    with pytest.raises(ValueError, match="JSON"):
        kept.keep(a_part("b"), Outcome("done", float("nan"), ""))
    assert list(Results.resume(tmp_path / "out.json", SETTINGS).outcomes) == ["a"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema_version": 1, "settings": {}}'])
def test_a_file_that_is_no_result_is_refused(tmp_path, text):
    (tmp_path / "out.json").write_text(text)
    with pytest.raises(ResultsError, match=r"out\.json: not the results of this benchmark"):
        Results.resume(tmp_path / "out.json", SETTINGS)


def test_a_run_with_other_settings_is_not_continued(tmp_path):
    results(tmp_path, a=done(REACHED))
    with pytest.raises(ResultsError, match="leave out --resume"):
        Results.resume(tmp_path / "out.json", {"device": "cuda", "tiny": False})


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ({"a": done(REACHED)}, 0),
        ({"a": done(REACHED), "b": Outcome("skipped", 0.0, "no GPU")}, 0),
        ({"a": done(REACHED, MISSED)}, 1),
        ({"a": done(REACHED), "b": Outcome("failed", 0.0, "broke")}, 1),
        ({"a": done(REACHED), "b": Outcome("timed out", 0.0, "slow")}, 1),
        ({"a": Outcome("timed out", 0.0, "slow", (MISSED,))}, 1),
        ({"a": Outcome("skipped", 0.0, "no GPU")}, 1),
        ({"a": done(Row("Python", "", "3.12"))}, 1),
        ({}, 1),
    ],
)
def test_only_met_targets_exit_with_0(tmp_path, outcomes, code):
    assert results(tmp_path, **outcomes).exit_code == code


def test_nan_misses_every_target():
    nan = float("nan")
    assert at_least("a", 1.0, nan).reached is False
    assert at_most("a", 1.0, nan).reached is False
    assert equal("a", "0", "1").reached is False


def test_the_tables_name_what_was_missed_and_skipped(tmp_path):
    found = results(tmp_path, a=done(REACHED, MISSED), b=Outcome("skipped", 0.0, "no GPU"))
    text = markdown(found, [a_part("a"), a_part("b"), a_part("c")])
    assert "| speed | ≥ 1× | 2× |" in text
    assert "| speed | ≥ 1× | 0.5× **missed** |" in text
    assert "**b** (skipped: no GPU)" in text
    assert "**c**" not in text


def test_every_part_has_its_function():
    for part in PARTS:
        module, _, name = part.function.partition(":")
        assert callable(getattr(__import__(module, fromlist=[name]), name))
    assert len({part.name for part in PARTS}) == len(PARTS)


def test_the_command_measures_keeps_and_resumes(tmp_path, capsys):
    file = tmp_path / "out.json"
    command = ["--device", "cpu", "--tiny", "--parts", "machine", "--json", str(file)]
    assert main(command) == 1  # it has no target, so nothing has been shown
    assert json.loads(file.read_text())["parts"]["machine"]["state"] == "done"
    capsys.readouterr()
    main([*command, "--resume", "--markdown", str(tmp_path / "out.md")])
    assert "machine: done" not in capsys.readouterr().out.partition("packages")[0]
    assert "| Python |" in (tmp_path / "out.md").read_text()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--parts", "choices,nothing"], "--parts: unknown nothing; allowed: machine, choices"),
        (["--device", "cuda"], "no GPU found"),
    ],
)
def test_what_cannot_run_exits_with_2(options, message, capsys, monkeypatch):
    monkeypatch.setattr("benchmarks.gpu.__main__.cuda_devices", lambda: 0)
    assert main(options) == 2
    assert message in capsys.readouterr().err


def test_choices_of_the_engine_equal_those_of_lm_eval_on_the_cpu(tmp_path):
    context = Context("cpu", True, tmp_path)
    run_here("choices", "benchmarks.gpu.engine:choices", context)
    rows = [json.loads(line) for line in (tmp_path / "choices.rows").read_text().splitlines()]
    judged = {row["name"]: row["reached"] for row in rows if row["reached"] is not None}
    assert list(judged.values()) == [True, True]
    assert all("difference" in name for name in judged)


def closure(roots):
    """Return the normalised names of all that some distributions need, themselves included."""
    found, waiting = set(), [Requirement(root) for root in roots]
    while waiting:
        one = waiting.pop()
        name = normalised(one.name)
        if name in found:
            continue
        found.add(name)
        try:
            needs = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        for need in map(Requirement, needs):
            extras = one.extras or {""}
            if need.marker is None or any(need.marker.evaluate({"extra": e}) for e in extras):
                waiting.append(need)
    return found


def test_the_wheels_are_all_that_evaluation_and_training_need():
    named = {name for need in NEEDS for name in need.names}
    needed = closure(["evalguard[models,train]"]) - closure(["torch", "transformers"])
    assert needed - named - set(ASSUMED) == {"evalguard"}  # whose wheel is built
    assert named <= closure(["evalguard[models,train]"])
    assert not named & set(ASSUMED)
    assert named <= pinned().keys()


def test_a_wheel_keeps_the_library_of_one_cuda(tmp_path):
    wheel = tmp_path / "bitsandbytes-1-py3-none-any.whl"
    kinds = ("cpu", "cuda124", "cuda130", "rocm70")
    files = {f"bitsandbytes/libbitsandbytes_{kind}.so": kind for kind in kinds}
    files["bitsandbytes/__init__.py"] = "import torch"
    record = "".join(f"{name},sha256=x,1\n" for name in files)
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in {**files, "bitsandbytes-1.dist-info/RECORD": record}.items():
            archive.writestr(name, text)
    with pytest.raises(ValueError, match="no library for CUDA 999; it has 124, 130"):
        keep_one_library(wheel, "999")
    keep_one_library(wheel, "130")
    with zipfile.ZipFile(wheel) as archive:
        left = archive.read("bitsandbytes-1.dist-info/RECORD").decode()
        names = set(archive.namelist())
    assert {re.sub(r".*_|\.so", "", n) for n in names if n.endswith(".so")} == {"cpu", "cuda130"}
    assert "cuda124" not in left
    assert "bitsandbytes/__init__.py" in left


def test_what_the_machine_has_is_read_from_pip(tmp_path):
    file = tmp_path / "given.txt"
    file.write_text("torch==2.11.0+cu130\nPyYAML==6.0\npeft @ file:///x\n\nlxml\n")
    assert given_names(file) == ["torch", "PyYAML", "peft", "lxml"]


@pytest.mark.slow
def test_every_part_runs_on_the_cpu(tmp_path):
    file = tmp_path / "out.json"
    command = ["--device", "cpu", "--tiny", "--minutes", "20", "--json", str(file)]
    # What a tiny training takes on a CPU is mostly the process, so its figures may miss.
    assert main(command) in (0, 1)
    states = {name: one["state"] for name, one in json.loads(file.read_text())["parts"].items()}
    assert states.pop("paged") == "skipped"
    assert set(states.values()) == {"done"}
