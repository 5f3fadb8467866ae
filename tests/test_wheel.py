"""The wheel by itself, where nothing but its own dependencies is installed."""

import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


def needed(requirements: list[str], found: set[str]) -> set[str]:
    """Return the distributions that requirements install, with all that those require."""
    for text in requirements:
        requirement = Requirement(text)
        extras = requirement.extras or {""}
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        name = requirement.name.lower().replace("_", "-")
        if name not in found:
            found.add(name)
            more = [text for extra in extras for text in of_extra(name, extra)]
            needed(more, found)
    return found


def of_extra(name: str, extra: str) -> Iterator[str]:
    for text in importlib.metadata.requires(name) or []:
        marker = Requirement(text).marker
        if marker is None or marker.evaluate({"extra": extra}):
            yield text.partition(";")[0]


def link(name: str, folder: Path) -> None:
    """Link what a distribution installed into another environment."""
    distribution = importlib.metadata.distribution(name)
    tops = {file.parts[0] for file in distribution.files or []} - {"..", "__pycache__"}
    assert tops, f"{name} lists no files"
    for top in tops:
        target = folder / top
        if not target.exists():
            target.symlink_to(Path(str(distribution.locate_file(top))).resolve())


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> Path:
    """The folder of the programs of an environment that holds the wheel and what it requires."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (wheel,) = folder.glob("*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv")
    programs = folder / "venv" / "bin"
    install = ("install", "--quiet", "--no-index", "--no-deps", "--disable-pip-version-check")
    run(sys.executable, "-m", "pip", "--python", programs / "python", *install, wheel)
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (metadata,) = site.glob("evalguard-*.dist-info")
    for name in needed(importlib.metadata.Distribution.at(metadata).requires or [], set()):
        link(name, site)
    return programs


def run(*words: object, cwd: Path | None = None, code: int = 0) -> str:
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def project(environment, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    run(environment / "evalguard", "init", folder)
    return folder


@pytest.fixture(scope="module")
def with_models(project, adapters, demo_model) -> Path:
    """The project with its model, adapter and data, so that only packages are missing."""
    files = {
        "data.jsonl": '{"prompt": "a", "completion": "b"}\n',
        "hellaswag.yaml": "version: 1\ntasks: [{kind: benchmark, task: hellaswag}]\n",
        "training.yaml": "version: 1\nmethod: sft\nbase: {model: models/base}\n"
        "data: {train: data.jsonl}\noutput: adapters/new\n",
    }
    for name, text in files.items():
        (project / name).write_text(text)
    for name, target in (("models/base", demo_model), ("adapters/mine", adapters / "harmless")):
        (project / name).parent.mkdir()
        (project / name).symlink_to(target)
    return project


@pytest.mark.parametrize("module", ["torch", "transformers", "lm_eval", "datasets", "peft", "trl"])
def test_nothing_heavy_is_there(environment, module):
    assert "ModuleNotFoundError" in run(environment / "python", "-c", f"import {module}", code=1)


def test_every_command_shows_its_help(environment):
    text = run(environment / "evalguard", "--help")
    commands = text.partition("Commands:")[2].partition("Exit codes")[0]
    names = [line.split()[0] for line in commands.splitlines() if line.strip()]
    assert {"check", "decide", "init", "power", "schema", "train"} <= set(names)
    for name in names:
        assert "Usage: evalguard" in run(environment / "evalguard", name, "--help")


def test_a_gate_is_decided_and_planned(environment):
    counts = ("--losses", 3, "--gains", 2, "--n", 400, "--max-drop", "5pp")
    assert run(environment / "evalguard", "decide", *counts).startswith("PASS")
    planned = run(environment / "evalguard", "power", "--n", 200, "--max-drop", "5pp", "--json")
    assert json.loads(planned)["required_n"] > 200
    code = "import evalguard as e; print(e.decide([1] * 300, [0] * 3 + [1] * 297, max_drop='5pp'))"
    assert "Verdict.PASS" in run(environment / "python", "-c", code)


@pytest.mark.parametrize("kind", ["project", "suite", "thresholds", "training"])
def test_schemas_are_printed(environment, kind):
    assert json.loads(run(environment / "evalguard", "schema", kind))["type"] == "object"


def test_a_project_is_written_and_its_gates_are_collected(environment, project):
    python = environment / "python"
    collected = run(python, "-m", "pytest", "--collect-only", "-q", cwd=project)
    assert "thresholds/release.yaml::example::numeric" in collected


def test_data_are_audited(environment, tmp_path):
    rows = [{"prompt": f"How many legs have {n} hens?", "completion": str(2 * n)} for n in range(9)]
    data = tmp_path / "data.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in [*rows, rows[0]]))
    assert "repeat an earlier one" in run(environment / "evalguard", "audit", data)


@pytest.mark.parametrize(
    ("words", "extra"),
    [
        (("check",), "models"),
        (("check", "--set", "engine.name=endpoint"), "models"),
        (("audit", "data.jsonl", "--model", "models/base"), "models"),
        (("audit", "data.jsonl", "--against", "hellaswag.yaml"), "models"),
        (("train", "training.yaml"), "train"),
        (("pipeline", "training.yaml"), "train"),
        (("demo",), "train"),
    ],
)
def test_what_needs_an_extra_says_which(environment, with_models, words, extra):
    text = run(environment / "evalguard", *words, cwd=with_models, code=4)
    assert f"pip install 'evalguard[{extra}]'" in text
    assert "Traceback" not in text


def test_pytest_and_python_say_which_extra_too(environment, with_models):
    message = "A check needs packages that are not installed. Install them with: pip install"
    python = environment / "python"
    assert message in run(python, "-m", "pytest", cwd=with_models, code=4)
    code = "import evalguard; evalguard.check()"
    last = run(python, "-c", code, cwd=with_models, code=1).splitlines()[-1]
    assert last.startswith(f"evalguard.errors.PrerequisiteError: {message}")


def test_every_module_that_is_light_imports(environment):
    """What runs no model and trains none needs no extra."""
    code = """
import importlib, pkgutil, evalguard
skipped = ("evalguard.engines", "evalguard.training", "evalguard.tasks.benchmark",
           "evalguard.demo", "evalguard.pipeline.loop", "evalguard.__main__")
for module in pkgutil.walk_packages(evalguard.__path__, "evalguard."):
    if not module.name.startswith(skipped):
        importlib.import_module(module.name)
"""
    run(environment / "python", "-c", code)
