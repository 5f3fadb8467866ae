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


ASKED = {
    "a report format": (
        "evalguard.reports",
        "from evalguard.reports.registry import ReportFormat\n"
        "PART = ReportFormat(name='odd', render=lambda result: 1 / 0, summary='odd')\n",
        lambda part: part.render(None),
    ),
    "an engine, as it is opened": (
        "evalguard.engines",
        "from evalguard.engines.availability import Availability\n"
        "from evalguard.engines.registry import EngineKind\n"
        "PART = EngineKind(name='odd', open=lambda settings: 1 / 0, availability=Availability)\n",
        lambda part: part.open(None),
    ),
    "an engine, while it answers": (
        "evalguard.engines",
        "from evalguard.engines.availability import Availability\n"
        "from evalguard.engines.registry import EngineKind\n"
        "def stream(requests):\n"
        "    yield 0\n"
        "    raise SystemExit(0)\n"
        "PART = EngineKind(name='odd', open=stream, availability=Availability)\n",
        lambda part: [*part.open(None)],
    ),
    "what an importer calls": (
        "evalguard.importers",
        "import json\n"
        "from evalguard.importers import Importer\n"
        "PART = Importer(name='odd', recognises=json.loads, read=lambda path: json.loads(path),\n"
        "                summary='odd')\n",
        lambda part: part.read("{"),
    ),
}


@pytest.mark.parametrize(("group", "code", "ask"), ASKED.values(), ids=list(ASKED))
def test_whatever_a_part_raises_is_one_error_that_names_it(package, group, code, ask):
    package(group, code)
    part = FINDERS[group]("odd")
    pattern = rf"odd = odd_parts:PART of {group}, package odd-parts: odd_parts.py:\d+ in .* raised"
    with pytest.raises(UsageError, match=pattern), plugins.naming_parts():
        ask(part)


def test_what_no_part_raised_stays_as_it_is(package):
    package("evalguard.reports", "PART = None")
    with pytest.raises(ZeroDivisionError), plugins.naming_parts():
        1 / 0  # noqa: B018
    with pytest.raises(KeyboardInterrupt), plugins.naming_parts():
        raise KeyboardInterrupt
