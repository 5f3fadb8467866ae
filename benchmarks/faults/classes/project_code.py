"""Code of a project that nobody asked for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from benchmarks.faults.classes.verdicts import PERFECT_SCORES
from benchmarks.faults.declared import Wanted, blocked, declare
from benchmarks.faults.planting import Place, Seen

project_code = partial(declare, "code of the project, refused")

EXIT = "import os\n\nprint('RAN', flush=True)\nos._exit(0)\n"
"""Ends the check with 0 as soon as it is imported."""

FUNCTION = "process_results: !function own.results\nmetric_list:"


def unrun(*words: str) -> Wanted:
    """Demand that the check is blocked with one of some words, and that no code has run."""

    def problem(seen: Seen) -> str:
        return "code of the project ran" if "RAN" in seen.output else blocked(*words)(seen)

    return problem


refused = unrun("--no-project-code refuses")


def with_files(place: Place, files: Mapping[str, str], *arguments: str) -> Seen:
    """Gate a harmful adapter without code of the project, which brings files."""
    place.worsen()
    for name, text in files.items():
        place.write(name, text)
    return place.check("--no-project-code", *arguments)


for _what, _files in {
    "a conftest.py that nobody named ends the run with 0": {"conftest.py": EXIT},
    "a conftest.py replaces the comparison by one that passes": {
        "conftest.py": f"print('RAN')\n{PERFECT_SCORES}",
    },
    "a conftest.py in the folder of the thresholds ends the run": {"thresholds/conftest.py": EXIT},
    "a conftest.py in a folder of tests beside the thresholds": {
        "thresholds/test_own/conftest.py": EXIT
    },
    "pytest.ini names a plug-in of the project": {
        "evil.py": EXIT,
        "pytest.ini": "[pytest]\naddopts = -q\n    -p evil\npythonpath = .\n",
    },
    "pyproject.toml names a plug-in of the project in a list": {
        "evil.py": EXIT,
        "pyproject.toml": '[tool.pytest.ini_options]\naddopts = [\n    "-p",\n    "evil",\n]\n'
        'pythonpath = ["."]\n',
    },
    "a conftest.py names plug-ins of the project": {
        "conftest.py": 'pytest_plugins = ["evil"]\n',
        "evil.py": EXIT,
    },
}.items():
    project_code(_what, refused)(partial(with_files, files=_files))

for _what, _files in {
    "python_files of an ini file makes every module a test": {
        "thresholds/evil.py": EXIT,
        "pytest.ini": "[pytest]\npython_files = *.py\n",
    },
    "a module of the project has the name of one of the standard library": {"sqlite3.py": EXIT},
    "metadata of a package in the project registers a plug-in of pytest": {
        "evil.py": EXIT,
        "evil-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n",
        "evil-1.0.dist-info/entry_points.txt": "[pytest11]\nevil = evil\n",
    },
}.items():
    project_code(_what, unrun("still knows facts"))(partial(with_files, files=_files))


before = unrun("before the standard library")


@project_code("python -m searches the folder of the project first", before)
def _module(place: Place) -> Seen:
    place.worsen()
    place.write("evil.py", EXIT)
    return place.script("-m", "evalguard", "check", "--no-project-code")


@project_code("a folder of the project called site-packages is on PYTHONPATH", before)
def _site_packages(place: Place) -> Seen:
    place.worsen()
    place.write("vendor/site-packages/yaml.py", "")
    folder = place / "vendor/site-packages"
    return place.script("-P", "-m", "evalguard", "check", "--no-project-code", package=folder)


@project_code("a finder of an editable install leads to a module of the project", refused)
def _editable(place: Place) -> Seen:
    place.worsen()
    place.write("sqlite3.py", EXIT)
    return place.check("--no-project-code", hook=_find_editable)


def _find_editable() -> None:
    """Map a name to a file, as setuptools does for an editable install."""
    import sys
    from importlib.machinery import ModuleSpec
    from importlib.util import spec_from_file_location
    from pathlib import Path

    class Editable:
        @staticmethod
        def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:
            return spec_from_file_location(name, Path("sqlite3.py")) if name == "sqlite3" else None

    for name in [name for name in sys.modules if name.partition(".")[0] == "sqlite3"]:
        del sys.modules[name]
    sys.meta_path.insert(0, Editable)


@project_code("python -P -m finds no metadata of a package there", unrun("still knows facts"))
def _metadata(place: Place) -> Seen:
    place.worsen()
    place.write("evil.py", EXIT)
    place.write("evil-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n")
    place.write("evil-1.0.dist-info/entry_points.txt", "[pytest11]\nevil = evil\n")
    return place.script("-P", "-m", "evalguard", "check", "--no-project-code")


@project_code("an option of the command line names a module of the project", refused)
def _option(place: Place) -> Seen:
    return with_files(place, {"evil.py": EXIT}, "-p", "evil")


def own_scorers(place: Place, text: str, *arguments: str) -> Seen:
    """Check with a file of scorers."""
    place.write("scorers/own.py", text)
    place.edit("evalguard.yaml", "suites:", "scorer_modules: [scorers/own.py]\nsuites:")
    return place.check(*arguments)


@project_code("a scorer module ends the process with 0", refused)
def _scorer_exits(place: Place) -> Seen:
    return own_scorers(place, EXIT, "--no-project-code")


@project_code("--set names a scorer module", refused)
def _scorer_set(place: Place) -> Seen:
    place.write("scorers/own.py", EXIT)
    return place.check("--no-project-code", "--set", "scorer_modules=[scorers/own.py]")


@project_code("a scorer module raises SystemExit(0)", blocked("own.py"))
def _scorer_system_exit(place: Place) -> Seen:
    return own_scorers(place, "raise SystemExit(0)\n")


@project_code("a !function raises SystemExit(0) while it scores", blocked())
def _function_exits(place: Place) -> Seen:
    place.forget()
    place.write("suites/own.py", "def results(doc, results):\n    raise SystemExit(0)\n")
    place.edit("suites/mc.yaml", "metric_list:", FUNCTION)
    return place.check()


@project_code("the module of a !function ends the process with 0", refused)
def _function(place: Place) -> Seen:
    place.write("suites/own.py", EXIT)
    place.edit("suites/mc.yaml", "metric_list:", FUNCTION)
    return place.check("--no-project-code")


@project_code("a file that a task file includes names a !function", refused)
def _included(place: Place) -> Seen:
    place.write("suites/own.py", EXIT)
    place.write("suites/_base.yaml", "process_docs: !function own.docs\n")
    text = (place / "suites/mc.yaml").read_text(encoding="utf-8")
    place.write("suites/mc.yaml", f"include: _base.yaml\n{text}")
    return place.check("--no-project-code")


@project_code("a member of a group of tasks names a !function", refused)
def _member(place: Place) -> Seen:
    place.write("suites/own.py", EXIT)
    place.edit("suites/mc.yaml", "metric_list:", FUNCTION)
    place.write("suites/group.yaml", "group: g\ntask: [mc]\n")
    place.edit("suites/general.yaml", "mc.yaml", "group.yaml")
    return place.check("--no-project-code")


@project_code("a model has trust_remote_code", refused)
def _remote(place: Place) -> Seen:
    return place.check("--no-project-code", "--set", "baseline.trust_remote_code=true")
