"""Kinds of tasks of other packages, from the suite file to the store."""

import json
import re
import subprocess
import sys

import pytest

import evalguard
from evalguard import plugins
from evalguard.cli import main
from evalguard.config import SuiteConfig, load_project
from evalguard.config.loading import validate
from evalguard.engines.base import BASE
from evalguard.engines.fake import FakeEngine
from evalguard.errors import ConfigError, ExitCode, UsageError
from evalguard.records import Verdict
from evalguard.runner.plan import make_plan
from evalguard.store import SampleStore
from evalguard.tasks import registry
from evalguard.training.audit_suites import load_items

PLUGIN = '''
"""Whether an answer ends as a word list says."""
from typing import Literal

from evalguard import Metric, TaskKind
from evalguard.records import ScoredSample
from evalguard.tasks.base import Prepared, generation_settings, generations
from evalguard.tasks.row_config import Prompts

from endings.words import ENDINGS

ENDS = Metric("ends")


class EndingsConfig(Prompts):
    """Answers that end as they should."""

    kind: Literal["endings"]
    words: str
    """File of endings, one a line."""
    max_new_tokens: int = 12


class Endings:
    def __init__(self, suite, name, rows, words, limit):
        self.suite, self.name = suite, name
        self.metrics = (ENDS,)
        self.definition = {}
        self._rows, self._words = rows, words
        self._settings = generation_settings(limit, (), 0.0)

    def prepare(self, render):
        return [
            Prepared(
                sample_id=str(one.row.number),
                prompt=one.shown,
                target="",
                instances=generations(one.text, self._settings, key="", count=1),
                row=one.row.data,
                row_number=one.row.number,
            )
            for one in self._rows.prompts(render)
        ]

    def score(self, prepared, responses):
        answer = str(responses[0]).strip()
        endings = {*ENDINGS, *self._words.read_text().split()}
        return ScoredSample(
            task=self.name,
            sample_id=prepared.sample_id,
            prompt=prepared.prompt,
            target="",
            outputs=(answer,),
            scores={"ends": float(any(answer.endswith(one) for one in endings))},
        )


def build(config, context):
    rows, words = config.rows(context), context.resolve(config.words)
    return [Endings(context.suite, config.task_name, rows, words, config.max_new_tokens)]


KIND = TaskKind(
    name="endings",
    config=EndingsConfig,
    build=build,
    files=lambda config: {"data": config.data, "words": config.words},
    metrics=lambda config: (ENDS,),
)
NO_KIND = EndingsConfig
'''

SUITE = """
version: 1
ability: task
tasks:
  - {kind: endings, data: facts.jsonl, prompt: "{{ question }}", words: words.txt}
"""

GATE = "\n  - {name: still ends, suite: endings, metric: ends, max_drop: 10pp}\n"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Install a package that registers a kind; installed again, it is loaded again."""
    folder = tmp_path / "packages"

    def install(code=PLUGIN, *, words="", target="endings.kind:KIND", name="endings"):
        forget()
        info = folder / "endings_kind-1.0.dist-info"
        for place in (info, folder / "endings"):
            place.mkdir(parents=True, exist_ok=True)
        (folder / "endings" / "__init__.py").write_text("")
        (folder / "endings" / "words.py").write_text(f"ENDINGS = {words.split()}\n")
        (folder / "endings" / "kind.py").write_text(code)
        (info / "METADATA").write_text("Name: endings-kind\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[evalguard.tasks]\n{name} = {target}\n")

    def forget():
        plugins.points.cache_clear()
        registry.package_code.cache_clear()
        for module in [one for one in sys.modules if one.partition(".")[0] == "endings"]:
            del sys.modules[module]

    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(str(folder))
    yield install
    forget()


@pytest.fixture
def suites(project, edit):
    """The project with a suite of the package's kind; its folder of suites."""
    (project / "suites" / "endings.yaml").write_text(SUITE)
    (project / "suites" / "words.txt").write_text("n\ne\n")
    edit("evalguard.yaml", "[general, facts]", "[general, facts, endings]")
    release = project / "thresholds" / "release.yaml"
    release.write_text(release.read_text().rstrip() + GATE)
    return project / "suites"


def check(suites, **options):
    result = evalguard.check(
        suites.parent / "evalguard.yaml", gates=["endings"], full=True, progress=False, **options
    )
    [gate] = result.gates
    return gate, result.timing["samples_reused"]


def test_a_kind_of_a_package_is_gated_and_its_samples_are_stored(package, suites):
    package()
    gate, reused = check(suites)
    assert gate.verdict is Verdict.PASS
    assert gate.n == 80
    assert gate.baseline is not None
    assert 0 < gate.baseline < 1
    assert reused == 0
    again, reused = check(suites)
    assert (again.p_pass, reused) == (gate.p_pass, 160)
    package(words="r")
    other, reused = check(suites)
    assert reused == 0
    assert other.baseline is not None
    assert other.baseline > gate.baseline


def test_a_loss_fails(package, suites):
    package()
    answers = {BASE: lambda prompt: "then", "harmless": lambda prompt: "what"}
    gate, _ = check(suites, engine=FakeEngine(answers))
    assert gate.verdict is Verdict.FAIL


@pytest.fixture
def planned(suites):
    """Plan the suite, from what the store remembers if it may; return key and ids of samples."""

    def plan():
        project = load_project(suites.parent / "evalguard.yaml")
        gates = [gate for gate in project.thresholds.gates if gate.suite == "endings"]
        with SampleStore(suites.parent / "store.db") as store:
            [task] = make_plan(
                project, gates, render=None, rendering="", count_tokens=len, store=store
            ).tasks["endings"]
        return task.definition

    return plan


def rewrite(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    "change",
    [
        lambda suites, package: package(PLUGIN.replace("lower", "upper") + "\n# changed\n"),
        lambda suites, package: package(words="x"),
        lambda suites, package: rewrite(suites / "words.txt", "n", "x"),
        lambda suites, package: rewrite(suites / "facts.jsonl", "Tell", "Name"),
        lambda suites, package: rewrite(suites / "endings.yaml", "words:", "system: Hi, words:"),
    ],
    ids=["its module", "another module of it", "a file it scores by", "its data", "its config"],
)
def test_whatever_decides_it_is_part_of_the_key(package, suites, planned, change):
    package()
    before = planned()
    package()
    assert planned() == before
    change(suites, package)
    assert planned() != before


UNKNOWN = {
    "code without a file": PLUGIN.replace(
        "def build(config",
        "exec('def build(config, context): return real(config, context)')\n"
        "build.__module__ = 'typed_in'\n\n\ndef real(config",
    ),
    "data elsewhere": PLUGIN.replace(
        "    metrics=lambda",
        "    deciding=lambda config, context: DecidingFiles((), complete=False),\n"
        "    metrics=lambda",
    ).replace(
        "from evalguard.records",
        "from evalguard.tasks.kind import DecidingFiles\nfrom evalguard.records",
    ),
}


@pytest.mark.parametrize("code", UNKNOWN.values(), ids=list(UNKNOWN))
def test_what_cannot_be_known_is_measured_every_time(package, planned, code):
    package(code)
    assert planned() != planned()


RAISES = {
    "files": ("    files=lambda config: {", "    files=lambda config: 1 / 0 or {"),
    "metrics": ("    metrics=lambda config: (", "    metrics=lambda config: 1 / 0 or ("),
    "problems": ("    metrics=", "    problems=lambda config, context: 1 / 0,\n    metrics="),
    "problems, later": (
        "    metrics=",
        "    problems=lambda config, context: (1 / 0 for _ in 'x'),\n    metrics=",
    ),
    "deciding": ("    metrics=", "    deciding=lambda config, context: 1 / 0,\n    metrics="),
    "versions": ("    metrics=", "    versions=lambda config, paths: 1 / 0,\n    metrics="),
    "config": ("    max_new_tokens: int = 12", "    max_new_tokens: int = 1 / 0"),
    "a key of the task": ("        self.definition = {}\n", ""),
}


@pytest.mark.parametrize("old", RAISES.values(), ids=list(RAISES))
def test_whatever_a_kind_raises_is_one_error_that_names_it(package, suites, old, capsys):
    code = PLUGIN.replace(*old)
    assert code != PLUGIN
    package(code)
    path = str(suites.parent / "evalguard.yaml")
    assert main(["check", "--config", path, "-k", "ends"]) == ExitCode.USAGE
    shown = "".join(capsys.readouterr())
    assert "Traceback" not in shown
    assert re.search(r"endings\.kind:KIND of evalguard\.tasks|kind 'endings' of a package", shown)
    assert re.search(r"ZeroDivisionError|has no definition", shown)


COMPARED = "    compared=lambda a, b: {True: (a, b)}[a.outputs ?? b.outputs],\n    metrics="


@pytest.mark.parametrize(
    ("relation", "noise", "where"),
    [("==", False, "kind 'endings'"), ("!=", True, "the noise floor is unknown: kind 'endings'")],
)
def test_samples_that_cannot_be_compared_are_an_error_of_their_gate(
    package, suites, relation, noise, where
):
    answers = {BASE: lambda prompt: "then", "harmless": lambda prompt: "when"}
    package(PLUGIN.replace("    metrics=", COMPARED.replace("??", relation)))
    gate, _ = check(suites, engine=FakeEngine(answers), noise=noise)
    assert gate.verdict is Verdict.ERROR
    assert gate.reason.startswith(f"{where} of a package cannot compare two samples: KeyError")


def test_no_package_is_looked_for_unless_a_suite_names_its_kind(project):
    code = (
        "import sys\n"
        "from evalguard import plugins\n"
        "def entry_points(group): raise SystemExit(f'looked for {group}')\n"
        "plugins.entry_points = entry_points\n"
        "from pathlib import Path\n"
        "from evalguard.config import SuiteConfig, load_yaml\n"
        "load_yaml(Path(sys.argv[1]), SuiteConfig)\n"
        "print(*sys.modules)"
    )
    suite = str(project / "suites" / "facts.yaml")
    done = subprocess.run([sys.executable, "-c", code, suite], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not {"torch", "lm_eval", "transformers", "scipy"} & set(done.stdout.split())


def problems(**task):
    data = {"version": 1, "tasks": [{"data": "a.jsonl", "prompt": "{{ a }}", **task}]}
    with pytest.raises(ConfigError) as caught:
        validate(data, SuiteConfig, file="s.yaml")
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("task", "problem"),
    [
        ({"kind": "ending"}, "kind: must be benchmark, test_set, diversity, drift, perplexity, "),
        ({"kind": "ending"}, "overfitting or endings, found 'ending' (text). Did you mean 'endi"),
        ({"kind": "endings"}, "s.yaml: tasks[0].words: missing; it must be given."),
        ({"kind": "endings", "words": 3}, "tasks[0].words: must be text, found 3"),
        ({"kind": "endings", "words": "w", "prompt": "{{"}, "tasks[0].prompt: broken template"),
        (
            {"kind": "endings", "words": "w", "wrods": "w"},
            "tasks[0].wrods: unknown key. Did you mean 'words'? Allowed: data, kind, limit, max_",
        ),
        ({"kind": "test_set", "wrods": "w"}, "tasks[0].scorers: missing"),
        ({"kind": ["endings"]}, 'overfitting or endings, found ["endings"] (list)'),
        ({"kind": 3}, "overfitting or endings, found 3"),
        ({}, "tasks[0].kind: missing; it must be given."),
    ],
)
def test_what_is_wrong_with_a_task_is_told_with_its_key(package, task, problem):
    package()
    assert any(problem in one for one in problems(**task))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"target": "endings.kind:NO_KIND"}, "is not an evalguard.tasks.kind.TaskKind"),
        ({"target": "endings.absent:KIND"}, "cannot be loaded: ModuleNotFoundError"),
        ({"name": "ends"}, "names a TaskKind whose name is 'endings'; they must be the same"),
        (
            {"code": PLUGIN.replace('Literal["endings"]', "str")},
            "names a TaskKind whose config is not a TaskConfig with kind: Literal['endings']",
        ),
        (
            {
                "code": PLUGIN.replace(
                    '"endings",\n    config', '"endings",\n    judged=True,\n    config'
                )
            },
            "is judged, but its config is not an evalguard.tasks.judged_config.JudgedConfig",
        ),
    ],
)
def test_what_a_package_adds_wrongly_is_one_error(package, change, message):
    package(**change)
    with pytest.raises(UsageError, match=re.escape(message)):
        registry.find_kind(change.get("name", "endings"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("config.rows(context)", "config.row(context)", "cannot build it: AttributeError"),
        ("    config=E", "    follows_baseline=True,\n    config=E", "no method 'diverged'"),
        ("return [Endings(context.suite", "return [Endings('facts'", "is of suite 'facts', not"),
        ("    return [Endings(", "    return 2 * [Endings(", "several tasks called 'facts'"),
        ("    return [Endings(", "    return [][Endings(", "cannot build it: TypeError"),
        ("self.metrics = (ENDS,)", "self.metrics = (Metric('x'),)", "do not name what its task"),
        ("sample_id=str(one.row.number)", "sample_id='1'", "several samples have the id '1'"),
        ("count=1)", "count=0)", "sample '1' has no request"),
        (
            "return [\n            Prepared(",
            "return [][1:] and [\n            Prepared(",
            "no samples",
        ),
        ("prompt=one.shown", "prompt=one.show", "cannot prepare its samples: AttributeError"),
    ],
)
def test_a_task_that_is_not_what_its_kind_says_is_an_error(package, planned, old, new, message):
    assert old in PLUGIN
    package(PLUGIN.replace(old, new))
    with pytest.raises(UsageError, match=message):
        planned()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("answer = str(responses[0])", "answer = responses[1]", "cannot score it: IndexError"),
        (
            "            sample_id=prepared.sample_id,",
            '            sample_id="first",',
            "returned sample 'first' of task 'facts' for sample",
        ),
        ('scores={"ends": float(', 'scores={"ends": 2 + float(', "ends is "),
        ('scores={"ends": float(', 'scores={"end": float(', "has no score 'ends'"),
        ("        return ScoredSample(", "        return dict(", "returned {"),
        ('name="endings",', 'name="endings", compared=lambda a, b: a / b,', "cannot compare"),
        ('name="endings",', 'name="endings", compared=lambda a, b: (a, b, b),', "cannot compare"),
        ('name="endings",', 'name="endings", compared=lambda a, b: (a, None),', "returned None"),
    ],
)
def test_what_cannot_be_scored_is_an_error_of_the_gate(package, suites, old, new, reason):
    assert old in PLUGIN
    package(PLUGIN.replace(old, new))
    gate, _ = check(suites, engine=FakeEngine({BASE: lambda prompt: "then"}))
    assert gate.verdict is not Verdict.PASS
    assert reason in gate.reason


def test_the_audit_looks_for_its_prompts(package, suites):
    package()
    items = load_items(suites / "endings.yaml")
    questions = [json.loads(line) for line in (suites / "facts.jsonl").read_text().splitlines()]
    assert [item.texts[0] for item in items] == [row["question"] for row in questions]
    assert items[0].where == "endings/facts:1"


def test_a_name_that_is_built_in_is_not_taken_by_a_package(package):
    package(PLUGIN.replace('endings"', 'drift"'), name="drift")
    assert registry.find_kind("drift").config.__module__ == "evalguard.tasks.kinds.drift"
