"""Parts of packages: whatever one does when it is loaded is one error, whichever part it is."""

import re
import sys

import pytest

from evalguard import plugins
from evalguard.damages import find_damage
from evalguard.demands import find_demand
from evalguard.engines.registry import find_kind as find_engine
from evalguard.errors import UsageError
from evalguard.importers import find_importer
from evalguard.reports.registry import find_format
from evalguard.scorers import get
from evalguard.tasks.registry import find_kind

FINDERS = {
    "evalguard.damages": find_damage,
    "evalguard.demands": find_demand,
    "evalguard.engines": find_engine,
    "evalguard.importers": find_importer,
    "evalguard.reports": find_format,
    "evalguard.scorers": get,
    "evalguard.tasks": find_kind,
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Install a package whose module does something when it is imported."""

    def install(group: str, code: str) -> None:
        info = tmp_path / "odd_parts-1.0.dist-info"
        info.mkdir()
        (tmp_path / "odd_parts.py").write_text(code)
        (info / "METADATA").write_text("Name: odd-parts\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[{group}]\nodd = odd_parts:PART\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        plugins.points.cache_clear()

    yield install
    plugins.points.cache_clear()
    sys.modules.pop("odd_parts", None)


@pytest.mark.parametrize("group", FINDERS)
@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import sys\nsys.exit(0)", "SystemExit(0)"),
        ("1 / 0", "ZeroDivisionError"),
        ("import no_such_package", "ModuleNotFoundError"),
        ("def broken(:", "SyntaxError"),
        ("", "AttributeError"),
        ("raise RecursionError", "RecursionError"),
    ],
)
def test_what_cannot_be_loaded_is_one_error(package, group, code, message):
    package(group, code)
    with pytest.raises(UsageError, match="Fix or uninstall the package") as caught:
        FINDERS[group]("odd")
    assert message in str(caught.value)
    assert "odd_parts:PART" in str(caught.value)


@pytest.mark.parametrize("group", FINDERS)
@pytest.mark.parametrize("code", ["PART = None", "PART = 'odd'", "class PART: pass"])
def test_what_is_no_part_is_one_error(package, group, code):
    package(group, code)
    with pytest.raises(UsageError, match=re.escape(group) + "|scorer 'odd'"):
        FINDERS[group]("odd")


def test_a_part_knows_the_package_that_provides_it(package):
    package("evalguard.reports", "PART = None")
    assert plugins.provider("evalguard.reports", "odd") == "odd-parts"
    assert plugins.provider("evalguard.reports", "even") is None
