"""The exit code against the verdict, and what a failed start leaves."""

from __future__ import annotations

import os
import signal
from functools import partial

from benchmarks.faults.classes.gates import without_effect
from benchmarks.faults.declared import blocked, declare, exits, no_release
from benchmarks.faults.planting import Place, Seen

exit_code = partial(declare, "exit code and verdict")
project_code = partial(declare, "code of the project")
stale = partial(declare, "stale results")


def cold(place: Place) -> Seen:
    """Run ``evalguard check`` as its users do: what holds the exit code has to begin before it."""
    return place.script("-m", "evalguard", "check", "--json", "result.json")


PERFECT_SCORES = (
    "from dataclasses import replace\n"
    "from evalguard.runner.tally import Tally\n"
    "keep = Tally.keep\n"
    "def kept(self, measured, samples, put):\n"
    "    good = [replace(s, scores=dict.fromkeys(s.scores, 1.0)) for s in samples]\n"
    "    keep(self, measured, good, put)\n"
    "Tally.keep = kept\n"
)
"""A conftest.py that gives every sample the score 1."""

CONFTEST = "import pytest\n\n\n@pytest.hookimpl({})\ndef {}:\n{}\n"


def conftest(place: Place, hook: str, body: str, options: str = "trylast=True") -> None:
    """Write a conftest.py with one hook."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    place.write("conftest.py", CONFTEST.format(options, hook, lines))


@exit_code("a gate on one task and a looser one on each task share a node id", exits(1))
def _twins(place: Place) -> Seen:
    place.worsen()
    place.gates(
        "name: strict, suite: facts, task: facts, metric: exact_match, max_drop: 6pp",
        'name: loose, suite: facts, task: "*", metric: exact_match, max: 0.99',
    )
    return place.check()


@exit_code("a conftest.py marks every gate as expected to fail", exits(1))
def _xfail(place: Place) -> Seen:
    place.worsen()
    body = "for item in items:\n    item.add_marker(pytest.mark.xfail)"
    conftest(place, "pytest_collection_modifyitems(items)", body)
    return place.check()


@exit_code("a conftest.py marks every gate to be skipped", blocked())
def _skip(place: Place) -> Seen:
    place.worsen()
    body = "for item in items:\n    item.add_marker(pytest.mark.skip)"
    conftest(place, "pytest_collection_modifyitems(items)", body)
    return place.check()


@exit_code("a conftest.py turns each report into a pass", exits(1))
def _outcome(place: Place) -> Seen:
    place.worsen()
    body = 'report = yield\nreport.outcome = "passed"\nreturn report'
    conftest(place, "pytest_runtest_makereport()", body, "wrapper=True")
    return place.check()


@exit_code("a conftest.py runs no item", blocked())
def _protocol(place: Place) -> Seen:
    place.worsen()
    conftest(place, "pytest_runtest_protocol(item)", "return True", "tryfirst=True")
    return place.check()


@exit_code("a conftest.py sets the session's exit status to 0 at its end", blocked())
def _sessionfinish(place: Place) -> Seen:
    place.worsen()
    body = "yield\nsession.exitstatus = 0"
    conftest(place, "pytest_sessionfinish(session)", body, "wrapper=True, tryfirst=True")
    return place.check()


@exit_code("a conftest.py takes the failing gate out of the collection", no_release)
def _collection(place: Place) -> Seen:
    place.worsen()
    body = "items[:] = [item for item in items if 'acc' in item.name]"
    place.gates(
        "suite: general, metric: acc, max: 1.0",
        "suite: facts, metric: exact_match, max_drop: 6pp",
    )
    conftest(place, "pytest_collection_modifyitems(items)", body)
    return place.check()


@exit_code("a conftest.py leaves the process with 0 when the session ends", blocked())
def _leaves(place: Place) -> Seen:
    place.worsen()
    conftest(place, "pytest_unconfigure()", "import os\nos._exit(0)", "tryfirst=True")
    return cold(place)


@exit_code("the gates run in workers of pytest-xdist", blocked())
def _xdist(place: Place) -> Seen:
    place.worsen()
    return place.check("-n", "2", "-p", "xdist")


@exit_code("an undecided gate is only warned of, and another is an ERROR", exits(3))
def _error_with_warn(place: Place) -> Seen:
    place.gates("suite: facts, metric: exact_match, max_drop: 10pp", on_inconclusive="warn")
    seen: Seen = without_effect(place)
    return seen


@exit_code("only tripwires, none of which can be decided", exits(6))
def _tripwires(place: Place) -> Seen:
    place.gates("suite: facts, metric: exact_match, max_drop: 1pp, role: tripwire")
    return place.check()


@exit_code("a failing test of the team beside gates that pass", blocked())
def _own_test(place: Place) -> Seen:
    place.write("test_own.py", "def test_own():\n    assert False\n")
    return place.check("test_own.py")


@exit_code("the plug-in's own part is switched off", blocked())
def _no_plugin(place: Place) -> Seen:
    place.worsen()
    return place.check("-p", "no:evalguard-gates")


@exit_code("a failing gate with --runxfail, --maxfail=0 and no summary", exits(1))
def _quiet(place: Place) -> Seen:
    place.worsen()
    return place.check("--runxfail", "--maxfail=0", "-q", "-q", "--no-summary")


@exit_code("plain pytest in the project's folder", exits(1))
def _plain_pytest(place: Place) -> Seen:
    place.worsen()
    return place.script("-m", "pytest", "-q", "-W", "ignore")


@project_code("a conftest.py that nobody named ends the run with 0 before it starts", blocked())
def _conftest_exits(place: Place) -> Seen:
    place.worsen()
    place.write("conftest.py", "import os\n\nos._exit(0)\n")
    return cold(place)


@project_code("a conftest.py replaces the comparison by one that passes", blocked())
def _conftest_patches(place: Place) -> Seen:
    place.worsen()
    place.write("conftest.py", PERFECT_SCORES)
    return place.check()


@project_code("a conftest.py in the folder of the thresholds does the same", blocked())
def _conftest_beside(place: Place) -> Seen:
    place.worsen()
    place.write("thresholds/conftest.py", "import os\n\nos._exit(0)\n")
    return cold(place)


@project_code("an ini file names a plug-in of the project", blocked())
def _ini_plugin(place: Place) -> Seen:
    place.worsen()
    place.write("evil.py", "import os\n\nos._exit(0)\n")
    place.write("pytest.ini", "[pytest]\naddopts = -p evil\npythonpath = .\n")
    return cold(place)


@project_code("a module of the project has the name of one of the standard library", blocked())
def _shadowed(place: Place) -> Seen:
    place.worsen()
    place.write("sqlite3.py", "import os\n\nos._exit(0)\n")
    return cold(place)


@project_code("a scorer module ends the process with 0", blocked())
def _scorer_exits(place: Place) -> Seen:
    place.write("scorers/own.py", "import os\n\nos._exit(0)\n")
    place.edit("evalguard.yaml", "suites:", "scorer_modules: [scorers/own.py]\nsuites:")
    return cold(place)


@project_code("a scorer module raises SystemExit(0)", blocked("own.py"))
def _scorer_system_exit(place: Place) -> Seen:
    place.write("scorers/own.py", "raise SystemExit(0)\n")
    place.edit("evalguard.yaml", "suites:", "scorer_modules: [scorers/own.py]\nsuites:")
    return place.check()


@project_code("a !function raises SystemExit(0) while it scores", blocked())
def _function_exits(place: Place) -> Seen:
    place.forget()
    place.write("suites/own.py", "def results(doc, results):\n    raise SystemExit(0)\n")
    place.edit(
        "suites/mc.yaml", "metric_list:", "process_results: !function own.results\nmetric_list:"
    )
    return place.check()


@stale("exit 4 after a change of the project leaves the JSON that says PASS", blocked("suites"))
def _stale_usage(place: Place) -> Seen:
    place.check()
    place.edit("evalguard.yaml", "suites:", "suits:")
    return _without_pass(place.check())


@stale("a model folder that is gone leaves the JSON that says PASS", blocked("models/base"))
def _stale_model(place: Place) -> Seen:
    place.check()
    (place / "models/base").rename(place / "models/other")
    return _without_pass(place.check())


@stale("a run that is killed leaves the JSON that says PASS", blocked())
def _stale_killed(place: Place) -> Seen:
    place.check()
    place.worsen()
    return _without_pass(place.check(hook=_kill_at_measuring))


@stale("an engine that cannot be loaded leaves the JSON that says PASS", blocked())
def _stale_engine(place: Place) -> Seen:
    place.check()
    place.worsen()
    return _without_pass(place.check(hook=_break_engine))


@stale("a selection of no gate leaves the JSON that says PASS", exits(5))
def _stale_selection(place: Place) -> Seen:
    place.check()
    return _without_pass(place.check("-k", "nothing_of_this_name"))


@stale("a wrong option leaves the JSON that says PASS", blocked())
def _stale_option(place: Place) -> Seen:
    place.check()
    return _without_pass(place.check("--no-such-option"))


@stale("a JSON that cannot be written leaves the one that says PASS", blocked())
def _stale_read_only(place: Place) -> Seen:
    place.check()
    place.worsen()
    (place / "result.json").unlink()
    (place / "result.json").mkdir()
    return place.check()


@stale("the HTML report of the run before stays after exit 4", blocked("suites"))
def _stale_html(place: Place) -> Seen:
    place.check()
    place.edit("evalguard.yaml", "suites:", "suits:")
    seen = place.check()
    return _without_pass(seen, "reports/index.html")


@stale("the JUnit file of the run before stays after exit 4", blocked("suites"))
def _stale_junit(place: Place) -> Seen:
    place.check()
    place.edit("evalguard.yaml", "suites:", "suits:")
    return _without_pass(place.check(), "junit.xml")


def _without_pass(seen: Seen, file: str = "result.json") -> Seen:
    """Return what was seen; with exit code 0 where the file of the run before is still there."""
    text = seen.written.get(file, "")
    stale = '"verdict": "PASS"' in text or "may be released" in text or 'failures="0"' in text
    said = f"{seen.output}\n{file} of the run before says PASS"
    return Seen(code=0, output=said) if stale and seen.code != 0 else seen


def _kill_at_measuring() -> None:
    from evalguard.runner import measure

    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    measure.Measurer.measure = die  # type: ignore[assignment,method-assign] # what a killed run is


def _break_engine() -> None:
    from evalguard.engines.hf import HFEngine
    from evalguard.errors import EngineError

    def broken(*_: object) -> None:
        raise EngineError("out of memory")

    HFEngine.__init__ = broken  # type: ignore[assignment,method-assign] # what an engine does without memory
