"""A check whose samples are stored loads what it needs, and rewrites no assertions for gates."""

import importlib.metadata
import json
import subprocess
import sys

import pytest

from evalguard.cli import main

COMMAND = ("check", "-k", "facts", "--allow-partial")

CHECK = """
import json, sys
from evalguard.cli import main
from _pytest.assertion import rewrite

rewritten = []
exec_module = rewrite.AssertionRewritingHook.exec_module

def exec_and_note(self, module):
    rewritten.append(module.__name__)
    exec_module(self, module)

rewrite.AssertionRewritingHook.exec_module = exec_and_note
code = main(sys.argv[1:])
print("RESULT " + json.dumps([code, sorted(sys.modules), rewritten]))
"""

WANTED = {
    "annotated_types", "charset_normalizer", "click", "cython_runtime", "evalguard", "iniconfig",
    "jinja2", "markupsafe", "numpy", "packaging", "pluggy", "py", "pydantic", "pydantic_core",
    "pygments", "pytest", "regex", "rich", "safetensors", "scipy", "sqlalchemy",
    "typing_extensions", "typing_inspection", "yaml",
}  # fmt: skip
"""What a check of stored samples may load; before adding a name, see what it costs with
``python -m benchmarks.start_up --parts``."""

HEAVY = ("scipy.stats", "scipy.integrate", "cryptography", "jsonschema")


def check(project, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", CHECK, *COMMAND, *arguments],
        cwd=project,
        capture_output=True,
        text=True,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    assert lines, done.stdout + done.stderr
    code, modules, rewritten = json.loads(lines[-1].removeprefix("RESULT "))
    assert code == (5 if "--collect-only" in arguments else 0), done.stdout + done.stderr
    return modules, rewritten


def plugins():
    """Return the packages of the plug-ins of pytest that are installed here."""
    points = importlib.metadata.entry_points(group="pytest11")
    return {point.value.partition(":")[0].partition(".")[0] for point in points}


def test_an_unchanged_check_loads_what_it_needs(answered, monkeypatch):
    monkeypatch.chdir(answered)
    assert main([*COMMAND]) == 0

    modules, rewritten = check(answered)

    packages = {name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names)
    more = {name for name in packages - WANTED - plugins() if not name.startswith("_")}
    assert more - {"execnet", "coverage"} == set(), "execnet and coverage are of pytest's plug-ins"
    assert [name for name in HEAVY if name in modules] == []
    assert "anyio" not in packages
    assert rewritten == []


@pytest.mark.parametrize("named", ["argument", "conftest", "addopts"])
def test_a_projects_own_tests_have_rewritten_assertions(project, named):
    (project / "own").mkdir()
    (project / "own" / "test_facts.py").write_text("def test_own():\n    assert 1 + 1 == 2\n")
    if named == "conftest":
        (project / "conftest.py").write_text("")
    if named == "addopts":
        (project / "pytest.ini").write_text("[pytest]\naddopts = own\n")

    own = ["own"] if named == "argument" else []
    modules, rewritten = check(project, "--collect-only", *own)

    assert {"argument": "test_facts", "conftest": "conftest", "addopts": "test_facts"}[named] in (
        rewritten
    )
    assert ("anyio" in modules) == ("anyio" in plugins())
