"""Files that are read while a check measures and that no key names, and code that pytest loads."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from benchmarks.faults.classes.stored_models import CODE, own_code
from benchmarks.faults.classes.verdicts import PERFECT_SCORES
from benchmarks.faults.declared import Wanted, anew, blocked, declare
from benchmarks.faults.planting import Place, Seen

unkeyed = partial(declare, "read, but in no key")
replaced = partial(declare, "EvalGuard's code is replaced")

BESIDE = "open('models/v2/{}').read()"


def reads(place: Place, name: str) -> None:
    """Let the code of a model open a file that no engine reads, and that keys leave out."""
    code = own_code(place)
    head, mark, rest = CODE.replace("SIGN", "1").partition("class ")
    sign = f"SIGN = float({BESIDE.format(name)})\n\n\n"
    code.write_text(head + sign + mark + rest.replace("1 *", "SIGN *"))
    place.write(f"models/v2/{name}", "1")
    place.edit(
        "evalguard.yaml", "model: models/v2", "model: models/v2\n    trust_remote_code: true"
    )


def then(place: Place, change: Callable[[], object], *options: str) -> Seen:
    """Measure, change something, and check again."""
    first = place.check("--full")
    if first.code != 0:
        raise RuntimeError(f"without the fault: {first.last_line}\n{first.output[-800:]}")
    change()
    return place.check(*options)


for _name in ("notes.md", "signs.log", ".signs", "LICENSE.txt", "trainer_state.json"):

    @unkeyed(f"code of a model opens {_name}, which changes", anew("v2"))
    def _changes(place: Place, name: str = _name) -> Seen:
        reads(place, name)
        return then(place, lambda: place.write(f"models/v2/{name}", "2"))


@unkeyed("code of a model opens a file of the project, which changes", anew("v2"))
def _of_project(place: Place) -> Seen:
    reads(place, "notes.md")
    place.write("signs.txt", "1")
    place.edit("models/v2/own.py", BESIDE.format("notes.md"), "open('signs.txt').read()")
    return then(place, lambda: place.write("signs.txt", "2"))


@unkeyed("the same with --strict", blocked("not covered by the key"))
def _strict(place: Place) -> Seen:
    reads(place, "notes.md")
    return place.check("--strict")


def _conftest(place: Place, text: str, then_text: str) -> Seen:
    place.write("conftest.py", text)
    return then(place, lambda: place.write("conftest.py", then_text))


@unkeyed("a conftest.py changes what a library computes", anew("v2"))
def _library(place: Place) -> Seen:
    text = "import torch\n\nSCALE = {}\n"
    return _conftest(place, text.format(1), text.format(2))


@unkeyed("a helper that a conftest.py imports changes", anew("v2"))
def _helper(place: Place) -> Seen:
    place.write("conftest.py", "from marks import VALUE\n")
    place.write("pytest.ini", "[pytest]\npythonpath = .\n")
    place.write("marks.py", "VALUE = 1\n")
    return then(place, lambda: place.write("marks.py", "VALUE = 2\n"))


@unkeyed("a plug-in that an ini file names changes", anew("v2"))
def _plugin(place: Place) -> Seen:
    place.write("own_plugin.py", "VALUE = 1\n")
    place.write("pytest.ini", "[pytest]\naddopts = -p own_plugin\npythonpath = .\n")
    return then(place, lambda: place.write("own_plugin.py", "VALUE = 2\n"))


@unkeyed("a conftest.py that gave every sample the best score is taken away", blocked())
def _taken_away(place: Place) -> Seen:
    place.worsen()
    place.forget()
    place.write("conftest.py", PERFECT_SCORES)
    place.check("--full")
    (place / "conftest.py").unlink()
    return place.check()


named: Wanted = blocked("own code was replaced")

for _what, _code in {
    "the comparison of a gate":
        "import evalguard.runner.deciding as d\n\nold = d.compare\n"
        "d.compare = lambda *a, **k: old(*a, **k)\n",
    "the decision on gates":
        "import evalguard.runner.deciding as d\n\nold = d.decide\n"
        "d.decide = lambda *a, **k: old(*a, **k)\n",
    "a method of a scorer":
        "from evalguard.scorers.binding import Scorer\n\n"
        "Scorer.score = lambda self, *_: {m.name: m.best for m in self.sample_metrics}\n",
    "the function that runs a check, by a mock":
        "from unittest.mock import Mock\n\nimport evalguard.runner.check as c\n\n"
        "c.run_check = Mock(wraps=c.run_check)\n",
    "a function that it calls, by another of EvalGuard's own": (
        "import evalguard.runner.deciding as d\n\nd.error_result = d.not_run_result\n"
    ),
    "a built-in function, for one module": (
        "import evalguard.scorers.binding as b\n\nb.float = lambda one: 1.0\n"
    ),
    "a built-in function, for all": (
        "import builtins\n\nold = builtins.abs\nbuiltins.abs = lambda one: old(one)\n"
    ),
    "a constant of how doubtful answers are counted":
        "import evalguard.scorers.binding as b\n\nb.MAX_OUTPUT_CHARS = 3\n",
    "a function, so that the plan is an error": (
        "import evalguard.runner.prepare as p\n\n"
        "def make_plan(*a, **k):\n    from evalguard.errors import UsageError\n"
        "    raise UsageError('no rows')\n\n\np.make_plan = make_plan\n"
    ),
    "a constant, so that no batch can be measured": (
        "import evalguard.runner.measure as m\n\nm.CALL_REQUESTS = 0\n"
    ),
    "the code object of a function": (
        "from evalguard.gates.results import not_run_result\n\n"
        "not_run_result.__code__ = (lambda gate, model: None).__code__\n"
    ),
}.items():  # fmt: skip

    @replaced(f"a conftest.py replaces {_what}", named)
    def _by_conftest(place: Place, code: str = _code) -> Seen:
        place.worsen()
        place.write("conftest.py", code)
        return place.check()


@replaced("a scorer's module replaces the scores of another scorer", named)
def _by_scorer(place: Place) -> Seen:
    place.worsen()
    place.write(
        "scorers/own.py",
        "from evalguard.scorers import scorer\nimport evalguard.runner.tally as t\n\n"
        "keep = t.Tally.keep\nt.Tally.keep = lambda self, *a: keep(self, *a)\n\n\n"
        "@scorer(name='own_one')\ndef own(output, target):\n    return output == target\n",
    )
    place.edit("evalguard.yaml", "suites:", "scorer_modules: [scorers/own.py]\nsuites:")
    return place.check()


@replaced("a !function does so while it scores", named)
def _by_function(place: Place) -> Seen:
    place.forget()
    place.write(
        "suites/own.py",
        "def results(doc, results):\n    import evalguard.gates.compare as c\n"
        "    c._score = lambda *_: 1.0\n    return {'acc': 1.0}\n",
    )
    place.edit(
        "suites/mc.yaml", "metric_list:", "process_results: !function own.results\nmetric_list:"
    )
    place.gates("suite: general, metric: acc, max_drop: 10pp, min: 0.5")
    return place.check()
