"""What surrounds the package: workflows, issue forms, versions and the changelog agree."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import evalguard

ROOT = Path(__file__).parents[1]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
TARGETS = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def steps(workflow: Any) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_there_are_workflows():
    assert {path.stem for path in WORKFLOWS} == {"docs", "lint", "release", "test"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
class TestWorkflow:
    def test_it_may_only_read_unless_a_job_says_more(self, path):
        assert load(path)["permissions"] == {"contents": "read"}

    def test_actions_are_pinned_to_a_commit(self, path):
        used = re.findall(r"uses: (\S+)", path.read_text())
        assert used
        assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action) for action in used)

    def test_every_job_ends(self, path):
        assert all(job["timeout-minutes"] for job in load(path)["jobs"].values())

    def test_targets_of_make_exist(self, path):
        commands = [step["run"] for step in steps(load(path)) if "run" in step]
        named = {word for run in commands for word in re.findall(r"\bmake ([\w-]+)", run)}
        assert named <= TARGETS


def test_the_targets_of_a_matrix_exist():
    jobs = load(GITHUB / "workflows" / "test.yml")["jobs"]
    assert set(jobs["slow"]["strategy"]["matrix"]["target"]) <= TARGETS
    assert {"coverage", "test"} <= TARGETS


def test_every_python_that_is_named_is_tested():
    named = {line.rpartition(" ")[2] for line in PROJECT["classifiers"] if ":: 3." in line}
    test = load(GITHUB / "workflows" / "test.yml")["jobs"]["test"]
    tried = load(GITHUB / "workflows" / "release.yml")["jobs"]["try"]
    assert named == set(test["strategy"]["matrix"]["python"])
    assert named == set(tried["strategy"]["matrix"]["python"])
    assert PROJECT["requires-python"] == f">={min(named, key=lambda one: int(one[2:]))}"


def test_only_the_publishing_job_may_publish():
    jobs = load(GITHUB / "workflows" / "release.yml")["jobs"]
    assert [name for name, job in jobs.items() if "permissions" in job] == ["publish"]
    assert jobs["publish"]["needs"] == "try"
    assert jobs["try"]["needs"] == "build"


def test_the_changelog_begins_with_what_is_unreleased_and_this_version():
    text = (ROOT / "CHANGELOG.md").read_text()
    first, second = re.findall(r"^## (.*)$", text, re.MULTILINE)[:2]
    assert first == "Unreleased"
    assert re.fullmatch(rf"{re.escape(evalguard.__version__)} \(\d{{4}}-\d\d-\d\d\)", second)


@pytest.mark.parametrize("path", sorted((GITHUB / "ISSUE_TEMPLATE").glob("[!c]*.yml")))
def test_an_issue_form_has_fields(path):
    form = load(path)
    ids = [field["id"] for field in form["body"]]
    assert len(ids) == len(set(ids)) >= 3
    assert form["name"]
    assert form["description"]


def test_hooks_are_what_lint_runs():
    hooks = load(ROOT / ".pre-commit-config.yaml")["repos"][0]["hooks"]
    entries = {hook["entry"].split()[0].removeprefix(".venv/bin/") for hook in hooks}
    lint = (ROOT / "Makefile").read_text().partition("lint: ")[2].partition("\n\n")[0]
    assert entries == set(re.findall(r"\$\(BIN\)/([\w-]+)", lint))


def test_home_pages_are_the_same_everywhere():
    site = (ROOT / "mkdocs.yml").read_text()
    assert f"site_url: {PROJECT['urls']['Documentation']}" in site
    assert f"repo_url: {PROJECT['urls']['Source']}\n" in site


def kinds_named(source: str) -> Iterator[int]:
    """Yield the lines that name a kind of task: by import of it, or by comparison with its name."""
    from evalguard.tasks.registry import built_in

    names = {kind.name for kind in built_in()}
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.stmt | ast.expr):
            continue
        match node:
            case ast.ImportFrom(module=str(module)):
                imported = [module, *(f"{module}.{alias.name}" for alias in node.names)]
            case ast.Import():
                imported = [alias.name for alias in node.names]
            case _:
                imported = []
        if any(one.startswith("evalguard.tasks.kinds") for one in imported):
            yield node.lineno
        compared: list[ast.AST] = []
        if isinstance(node, ast.Compare):
            compared = [node.left, *node.comparators]
        elif isinstance(node, ast.Match):
            compared = [node.subject, *(case.pattern for case in node.cases)]
        asked = any(isinstance(one, ast.Attribute) and one.attr == "kind" for one in compared)
        constants = (one for each in compared for one in ast.walk(each))
        if asked and any(isinstance(c, ast.Constant) and c.value in names for c in constants):
            yield node.lineno


SOURCES = [
    path
    for path in sorted((ROOT / "evalguard").rglob("*.py"))
    if not path.is_relative_to(ROOT / "evalguard" / "tasks")
]


def test_nothing_but_its_file_and_the_registry_names_a_kind_of_task():
    # The rows of training data have kinds of their own, "preference" among them.
    training = ROOT / "evalguard" / "training"
    named = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in SOURCES
        if not path.is_relative_to(training) or "suite" in path.name
        for line in kinds_named(path.read_text(encoding="utf-8"))
    ]
    assert not named, "ask the kind instead: evalguard.tasks.registry.kind_of"


@pytest.mark.parametrize(
    "source",
    [
        "from evalguard.tasks.kinds import drift",
        "from evalguard.tasks.kinds.drift import Drift",
        "import evalguard.tasks.kinds.judge",
        "config.kind in ('drift', 'preference')",
        "'test_set' != self.config.kind",
        "match config.kind:\n    case 'benchmark' | 'judge': pass",
    ],
)
def test_a_named_kind_would_be_seen(source):
    assert list(kinds_named(source)) == [1]
