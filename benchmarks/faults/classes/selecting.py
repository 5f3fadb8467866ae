"""Selections that read like a release."""

from __future__ import annotations

from functools import partial

from benchmarks.faults.declared import declare, exits, no_release
from benchmarks.faults.planting import Place, Seen

part = partial(declare, "a part read as a release")

KEEPS = "-k", "general"
"""Leaves out the gate that the harmful adapter fails."""


@part("-k leaves out a gate", no_release)
def _keyword(place: Place) -> Seen:
    return place.check("-k", "acc")


@part("-m leaves out a gate", no_release)
def _marker(place: Place) -> Seen:
    place.gates(
        "suite: general, metric: acc, max_drop: 10pp, role: guard",
        "suite: facts, metric: exact_match, max_drop: 10pp, role: tripwire",
    )
    return place.check("-m", "guard")


@part("--deselect leaves out a gate", no_release)
def _deselect(place: Place) -> Seen:
    return place.check("--deselect", "thresholds/release.yaml::facts::exact_match")


@part("--lf runs again what failed, alone", no_release)
def _last_failed(place: Place) -> Seen:
    place.gates(
        "suite: general, metric: acc, max_drop: 10pp",
        "suite: facts, metric: exact_match, max_drop: 1pp",
    )
    place.check()
    place.gates(
        "suite: general, metric: acc, max_drop: 10pp",
        "suite: facts, metric: exact_match, max_drop: 10pp",
    )
    return place.check("--lf")


@part("--sw goes on where the last run failed", no_release)
def _stepwise(place: Place) -> Seen:
    place.gates(
        "suite: general, metric: acc, max_drop: 10pp",
        "suite: facts, metric: exact_match, max_drop: 1pp",
    )
    place.check("--sw")
    place.gates(
        "suite: general, metric: acc, max_drop: 10pp",
        "suite: facts, metric: exact_match, max_drop: 10pp",
    )
    return place.check("--sw")


@part("one node id on the command line", no_release)
def _node(place: Place) -> Seen:
    arguments = ("thresholds/release.yaml::general::acc", "--evalguard-config=evalguard.yaml")
    return place.script("-m", "pytest", "-W", "ignore", *arguments)


@part("addopts of a pytest.ini leave out a gate", no_release)
def _ini(place: Place) -> Seen:
    place.write("pytest.ini", "[pytest]\naddopts = -k acc\n")
    return place.check()


@part("addopts of a pyproject.toml leave out a gate", no_release)
def _pyproject(place: Place) -> Seen:
    place.write("pyproject.toml", '[tool.pytest.ini_options]\naddopts = "-k acc"\n')
    return place.check()


@part("PYTEST_ADDOPTS leaves out a gate", no_release)
def _environment(place: Place) -> Seen:
    return place.check(env={"PYTEST_ADDOPTS": "-k acc"})


@part("a conftest.py deselects a gate", no_release)
def _conftest(place: Place) -> Seen:
    place.write(
        "conftest.py",
        "def pytest_collection_modifyitems(items):\n"
        "    items[:] = [item for item in items if 'acc' in item.name]\n",
    )
    return place.check()


@part("--collect-only in PYTEST_ADDOPTS measures nothing and ends with 0", exits(3, 4, 5))
def _collect_only(place: Place) -> Seen:
    place.worsen()
    return place.check(env={"PYTEST_ADDOPTS": "--collect-only"})


@part("--setup-plan in an ini file runs no gate and ends with 0", exits(1, 3, 4, 5))
def _setup_plan(place: Place) -> Seen:
    place.worsen()
    place.write("pytest.ini", "[pytest]\naddopts = --setup-plan\n")
    return place.check()


@part("--fixtures, --help and --version in an ini file end with 0", exits(1, 3, 4, 5))
def _help(place: Place) -> Seen:
    place.worsen()
    place.write("pytest.ini", "[pytest]\naddopts = --fixtures\n")
    return place.check()


@part("--maxfail=1 stops before the gates are all decided", no_release)
def _maxfail(place: Place) -> Seen:
    place.worsen()
    return place.check("--maxfail=1")


@part("the Markdown of a part says that the candidate may be released", no_release)
def _markdown(place: Place) -> Seen:
    place.check("-k", "acc")
    return place.evalguard("report", "result.json", "--markdown", "summary.md")


@part("the gates are chosen by name in the Python API", no_release)
def _api(place: Place) -> Seen:
    return place.call(_check_one_gate)


@part("two results, of a part each, are compared", no_release)
def _compare(place: Place) -> Seen:
    place.check("-k", "acc", "--json", "first.json")
    place.check("-k", "exact_match", "--json", "second.json")
    (place / "result.json").unlink(missing_ok=True)
    (place / "reports/index.html").unlink(missing_ok=True)
    return place.evalguard("compare", "first.json", "second.json")


def _check_one_gate() -> int:
    import evalguard
    from evalguard.reports.terminal import print_summary

    result = evalguard.check(gates=["general"], progress=False)
    print_summary(result)
    evalguard.write_html(result, "reports/index.html")
    return int(evalguard.exit_code(result))
