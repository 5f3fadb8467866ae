"""``evalguard check --no-project-code`` refuses code of the project, and runs none of it."""

import subprocess
import sys
import zipfile
from importlib import import_module
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location

import pytest

from evalguard.cli import main
from evalguard.errors import ConfigError, ExitCode

RAN = "print('RAN')\n"


def check(project, capsys, monkeypatch, *arguments):
    monkeypatch.chdir(project)
    code = main(["check", "--no-project-code", *arguments])
    captured = capsys.readouterr()
    assert "RAN" not in captured.out
    return code, captured.err


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"conftest.py": RAN}, "conftest.py"),
        ({"thresholds/conftest.py": RAN}, "thresholds/conftest.py"),
        ({"pytest.ini": "[pytest]\naddopts = -q -p own\n", "own.py": RAN}, "pytest.ini: addopts"),
        ({"tox.ini": "[pytest]\naddopts = -q\n  -pown\n", "own.py": RAN}, "tox.ini: addopts"),
    ],
)
def test_what_pytest_would_run_is_refused(project, capsys, monkeypatch, files, says):
    for name, text in files.items():
        (project / name).write_text(text)
    code, message = check(project, capsys, monkeypatch)
    assert code == 4
    assert says in message
    assert "which --no-project-code refuses" in message


def test_every_code_is_named_in_one_message(project, capsys, monkeypatch, edit):
    (project / "own.py").write_text(RAN)
    (project / "suites/own.py").write_text(RAN)
    edit("evalguard.yaml", "suites:", "scorer_modules: [own.py]\nsuites:")
    edit("evalguard.yaml", "adapters/harmless}", "adapters/harmless, trust_remote_code: true}")
    edit("suites/mc.yaml", "metric_list:", "process_results: !function own.f\nmetric_list:")
    code, message = check(project, capsys, monkeypatch)
    assert code == 4
    for place in ("scorer_modules[0]", "candidates.harmless.trust_remote_code", "!function own.f"):
        assert place in message


@pytest.mark.parametrize("arguments", [["-p", "own"], ["-pown"], ["test_own.py"], ["-c", "x.ini"]])
def test_options_that_lead_to_code_are_refused(project, capsys, monkeypatch, arguments):
    (project / "test_own.py").write_text(RAN)
    code, message = check(project, capsys, monkeypatch, *arguments)
    assert code == 4
    assert "the command line" in message


def test_settings_without_a_plug_in_are_no_code(project, capsys, monkeypatch):
    (project / "pytest.ini").write_text("[pytest]\naddopts = -q -p no:randomly --strict-markers\n")
    code, message = check(project, capsys, monkeypatch, "-p", "no:xdist", "-k", "exact_match")
    assert code == ExitCode.PARTIAL, message


@pytest.fixture
def paths(monkeypatch):
    """What is searched for modules is put back at the end."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])


def _as_folder(project):
    (project / "own_folder.py").write_text(RAN)
    sys.path.append(str(project))
    return "own_folder"


def _as_site_packages(project):
    """A folder of that name is of an environment only if it is one's own."""
    folder = project / "vendor/site-packages"
    folder.mkdir(parents=True)
    (folder / "own_vendored.py").write_text(RAN)
    sys.path.append(str(folder))
    return "own_vendored"


def _as_zip(project):
    with zipfile.ZipFile(project / "code.zip", "w") as archive:
        archive.writestr("own_zipped.py", RAN)
    sys.path.append(str(project / "code.zip"))
    return "own_zipped"


def _as_namespace(project):
    (project / "own_namespace").mkdir()
    (project / "own_namespace/part.py").write_text(RAN)
    sys.path.append(str(project))
    return "own_namespace.part"


def _as_editable(project):
    """An editable install maps names to folders by a finder of its own."""
    source = project / "src"
    source.mkdir()
    (source / "own_editable.py").write_text(RAN)

    class Editable:
        @staticmethod
        def find_spec(name, path=None, target=None):
            file = source / f"{name}.py"
            return spec_from_file_location(name, file) if name == "own_editable" else None

    sys.meta_path.append(Editable)
    return "own_editable"


WAYS = (_as_folder, _as_site_packages, _as_zip, _as_namespace, _as_editable)


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.usefixtures("paths")
def test_no_module_of_the_project_is_imported(project, capsys, monkeypatch, later):
    """One check for all ways: what each leads to has a name of its own."""
    modules = [] if later else [way(project) for way in WAYS]
    code, message = check(project, capsys, monkeypatch, "-k", "exact_match")
    assert code == ExitCode.PARTIAL, message
    for module in modules or [way(project) for way in WAYS]:
        with pytest.raises(
            (ImportError, ConfigError), match=r"No module named|--no-project-code refuses"
        ):
            import_module(module)
    assert "RAN" not in capsys.readouterr().out


@pytest.mark.usefixtures("paths")
def test_a_folder_before_the_standard_library_is_refused(project, capsys, monkeypatch):
    sys.path.insert(0, str(project))
    code, message = check(project, capsys, monkeypatch)
    assert code == ExitCode.USAGE
    assert f"{project}: is searched for modules before the standard library" in message
    assert "python -P -m evalguard" in message


@pytest.mark.usefixtures("paths")
def test_a_module_that_was_imported_before_is_refused(project, capsys, monkeypatch):
    file = project / "own_before.py"
    file.write_text("")
    spec = ModuleSpec("own_before", SourceFileLoader("own_before", str(file)), origin=str(file))
    spec.has_location = True
    monkeypatch.setitem(sys.modules, "own_before", module_from_spec(spec))
    code, message = check(project, capsys, monkeypatch)
    assert code == ExitCode.USAGE
    assert f"{file}: was imported before the check began" in message


@pytest.mark.parametrize(("flag", "code"), [("-P", ExitCode.PARTIAL), ("-u", ExitCode.USAGE)])
def test_python_m_needs_a_path_without_the_working_directory(project, flag, code):
    command = [sys.executable, flag, "-m", "evalguard", "check", "--no-project-code"]
    done = subprocess.run(
        [*command, "-k", "exact_match"], cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
