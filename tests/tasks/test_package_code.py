"""Whatever code of a package can change what is measured changes its hash."""

import importlib
import sys
import zipfile
from importlib.metadata import EntryPoint

import pytest

from evalguard.tasks.package_code import code_digest

KIND = """
from typing import Literal

from evalguard import TaskKind
from evalguard.tasks.row_config import Rows, named_data
IMPORT

class Config(Rows):
    kind: Literal["mine"]


KIND = TaskKind(name="mine", config=Config, build=BUILD, files=named_data)
"""


@pytest.fixture
def digest(tmp_path, monkeypatch):
    """Write files, import a module and return the hash of its kind."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(str(tmp_path))

    def forget():
        for name in set(sys.modules):
            if name.partition(".")[0] in ("corp", "mine", "beside", "zipped"):
                del sys.modules[name]
        importlib.invalidate_caches()

    def of(files, module):
        forget()
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        kind = importlib.import_module(module).KIND
        return code_digest(EntryPoint("mine", f"{module}:KIND", "evalguard.tasks"), kind)

    yield of
    forget()


def kind(*, imported="", build="print"):
    return KIND.replace("IMPORT", imported).replace("BUILD", build)


@pytest.mark.parametrize(
    ("files", "module", "changed"),
    [
        ({"mine.py": kind()}, "mine", "mine.py"),
        ({"mine/__init__.py": kind(), "mine/words.txt": "a"}, "mine", "mine/words.txt"),
        ({"mine/__init__.py": "", "mine/a.py": kind(), "mine/b/c.py": ""}, "mine.a", "mine/b/c.py"),
        ({"corp/mine/__init__.py": kind(), "corp/mine/a.py": ""}, "corp.mine", "corp/mine/a.py"),
        ({"mine.py": kind(imported="import beside"), "beside.py": ""}, "mine", "beside.py"),
        (
            {
                "mine.py": kind(imported="from beside.a import build", build="build"),
                "beside/__init__.py": "",
                "beside/a.py": "def build(config, context): return []\n",
                "beside/b.py": "",
            },
            "mine",
            "beside/b.py",
        ),
        (
            {
                "mine.py": "import importlib\nKIND = importlib.import_module('beside').KIND\n",
                "beside.py": kind(),
            },
            "mine",
            "beside.py",
        ),
    ],
    ids=[
        "a module",
        "data beside the code",
        "below the package",
        "in a namespace",
        "an imported module",
        "the package of its function",
        "the package of its config",
    ],
)
def test_a_change_of_its_code_changes_the_hash(digest, files, module, changed):
    before = digest(files, module)
    assert before is not None
    assert digest(files, module) == before
    assert digest({**files, changed: files[changed] + "# changed\n"}, module) != before


def test_bytecode_and_other_packages_do_not(digest):
    files = {"mine/__init__.py": kind()}
    before = digest(files, "mine")
    more = {"mine/__pycache__/a.cpython-311.pyc": "x", "mine/b.pyc": "x", "beside.py": "x = 1"}
    assert digest({**files, **more}, "mine") == before


def test_a_file_that_is_no_python_is_no_obstacle(digest):
    files = {"mine/__init__.py": kind(), "mine/template.py": "{{ not python }} ("}
    assert digest(files, "mine") is not None


def test_code_in_a_zip_file_has_no_hash(digest, tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "zipped.zip", "w") as file:
        file.writestr("zipped.py", kind())
    monkeypatch.syspath_prepend(str(tmp_path / "zipped.zip"))
    assert digest({}, "zipped") is None


def test_a_function_that_was_typed_in_has_no_hash(digest):
    typed = "exec('def build(config, context): return []')\nbuild.__module__ = '__console__'"
    assert digest({"mine.py": kind(imported=typed, build="build")}, "mine") is None


def test_the_version_of_what_is_installed_counts(digest, monkeypatch):
    files = {"mine.py": kind(imported="import jinja2")}
    before = digest(files, "mine")
    for name in ("state_of", "state_of_module"):
        monkeypatch.setattr(f"evalguard.code.packages.{name}", lambda name: "99")
    assert digest(files, "mine") != before
