"""Selections that read like a release."""

from __future__ import annotations

from functools import partial

from benchmarks.faults.declared import blocked, declare, exits, no_release, undecided
from benchmarks.faults.planting import Place, Seen

part = partial(declare, "a part read as a release")


def _junit_says(seen: Seen) -> str:
    junit = seen.written.get("junit.xml", "")
    return "" if "no release decision" in junit else f"junit.xml says: {junit[:200]}"


@part("-k leaves out a gate", undecided)
def _keyword(place: Place) -> Seen:
    return place.check("-k", "acc")


@part("-m leaves out a gate", undecided)
def _marker(place: Place) -> Seen:
    place.gates(
        "suite: general, metric: acc, max_drop: 10pp, role: guard",
        "suite: facts, metric: exact_match, max_drop: 10pp, role: tripwire",
    )
    return place.check("-m", "guard")


@part("--deselect leaves out a gate", undecided)
def _deselect(place: Place) -> Seen:
    return place.check("--deselect", "thresholds/release.yaml::facts::exact_match")


@part("--lf runs again what failed, alone", undecided)
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


@part("--sw goes on where the last run failed", undecided)
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


@part("one node id on the command line", undecided)
def _node(place: Place) -> Seen:
    arguments = ("thresholds/release.yaml::general::acc", "--evalguard-config=evalguard.yaml")
    return place.script("-m", "pytest", "-W", "ignore", *arguments)


@part("addopts of a pytest.ini leave out a gate", undecided)
def _ini(place: Place) -> Seen:
    place.write("pytest.ini", "[pytest]\naddopts = -k acc\n")
    return place.check()


@part("addopts of a pyproject.toml leave out a gate", undecided)
def _pyproject(place: Place) -> Seen:
    place.write("pyproject.toml", '[tool.pytest.ini_options]\naddopts = "-k acc"\n')
    return place.check()


@part("PYTEST_ADDOPTS leaves out a gate", undecided)
def _environment(place: Place) -> Seen:
    return place.check(env={"PYTEST_ADDOPTS": "-k acc"})


@part("a conftest.py deselects a gate", undecided)
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


@part("the gates are chosen by name in the Python API", undecided)
def _api(place: Place) -> Seen:
    return place.call(partial(_check_part, gates=["general"]))


@part("two results, of a part each, are compared", no_release)
def _compare(place: Place) -> Seen:
    place.check("-k", "acc", "--json", "first.json")
    place.check("-k", "exact_match", "--json", "second.json")
    (place / "result.json").unlink(missing_ok=True)
    (place / "reports/index.html").unlink(missing_ok=True)
    return place.evalguard("compare", "first.json", "second.json")


@part("the candidates are chosen in the Python API, and one is not checked", exits(7))
def _api_candidates(place: Place) -> Seen:
    _second(place)
    return place.call(partial(_check_part, candidates=["v2"]))


@part("-k leaves out a candidate", exits(7, says="v3 not checked"))
def _candidate(place: Place) -> Seen:
    _second(place)
    return place.check("-k", "[v2]")


@part("-k leaves out all gates of one suite, and an undecided gate is only warned of", undecided)
def _suite_and_warn(place: Place) -> Seen:
    place.gates(
        "suite: general, metric: acc, max_drop: 1pp",
        "suite: facts, metric: exact_match, max_drop: 10pp",
        on_inconclusive="warn",
    )
    return place.check("-k", "acc")


@part("plain pytest with -k ends with 0", undecided)
def _plain_keyword(place: Place) -> Seen:
    return place.script("-m", "pytest", "-q", "-W", "ignore", "-k", "acc")


@part("plain pytest spreads a part over two processes", blocked("one process"))
def _spread(place: Place) -> Seen:
    return place.script("-m", "pytest", "-q", "-W", "ignore", "-n", "2", "-k", "acc")


@part("PYTEST_ADDOPTS spreads a part over two processes", blocked("one process"))
def _spread_by_environment(place: Place) -> Seen:
    return place.check("-k", "acc", env={"PYTEST_ADDOPTS": "-n 2"})


@part("JUnit's file of a part does not say that it is one", _junit_says)
def _junit(place: Place) -> Seen:
    return place.check("-k", "acc")


@part("a conftest.py deselects the failing gate while the others pass", undecided)
def _deselects_failing(place: Place) -> Seen:
    place.gates(
        "suite: general, metric: acc, max_drop: 10pp",
        "suite: facts, metric: exact_match, max_drop: 1pp",
    )
    place.write(
        "conftest.py",
        "def pytest_collection_modifyitems(config, items):\n"
        "    gone = [item for item in items if 'exact_match' in item.name]\n"
        "    items[:] = [item for item in items if item not in gone]\n"
        "    config.hook.pytest_deselected(items=gone)\n",
    )
    return place.check()


def _second(place: Place) -> None:
    """Add a second candidate, which fails."""
    place.edit(
        "evalguard.yaml", "candidates:\n", "candidates:\n  v3:\n    adapter: adapters/harmful\n"
    )


def _check_part(**chosen: list[str]) -> int:
    import evalguard
    from evalguard.reports.terminal import print_summary

    result = evalguard.check(progress=False, **chosen)  # type: ignore[arg-type]
    print_summary(result)
    evalguard.write_html(result, "reports/index.html")
    return int(evalguard.exit_code(result))
