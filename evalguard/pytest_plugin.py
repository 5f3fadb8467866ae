"""Gates as pytest items: ``thresholds/release.yaml::general::acc``.

Active where an ``evalguard.yaml`` lies in the folder that pytest is started in, or is named by
``--evalguard-config``. All selected gates are measured in one go before the first item runs, so
that one model load serves them all; each item then reports its own verdict. Loads nothing heavy
until then.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from evalguard.errors import EvalGuardError, ExitCode, UsageError

if TYPE_CHECKING:
    from evalguard.config import Project
    from evalguard.records import CheckResult, Gate, GateResult

CONFIG_NAME = "evalguard.yaml"

_FLAGS = {
    "allow-partial": "exit with 0 instead of 7 if all selected gates pass but others were not "
    "selected",
    "full": "measure every sample; do not stop early",
    "strict": "fail if a file is read that the store's key does not cover",
    "noise": "also run the baseline against itself and flag margins below its noise floor",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a check."""
    group = parser.getgroup("evalguard", "gates on fine-tuned models")
    group.addoption(
        "--evalguard-config", metavar="PATH", help=f"project file (default: {CONFIG_NAME})"
    )
    group.addoption(
        "--evalguard-set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="override a value of the project file, such as engine.dtype=float32; repeatable",
    )
    group.addoption("--evalguard-json", metavar="PATH", help="write the result as JSON")
    group.addoption("--evalguard-html", metavar="PATH", help="write the HTML report")
    group.addoption(
        "--evalguard-extend",
        metavar="N",
        type=int,
        default=0,
        help="measure N more samples of each suite that an earlier check left inconclusive",
    )
    for name, text in _FLAGS.items():
        group.addoption(f"--evalguard-{name}", action="store_true", help=text)


def pytest_configure(config: pytest.Config) -> None:
    """Load the project, if there is one."""
    for mark in (
        "guard: gates that must PASS",
        "tripwire: gates that must not FAIL, but need not PASS",
    ):
        config.addinivalue_line("markers", mark)
    named = config.getoption("evalguard_config")
    path = Path(named) if named else config.invocation_params.dir / CONFIG_NAME
    if not named and not path.is_file():
        return
    from evalguard.records import Ability

    overrides = config.getoption("evalguard_set")
    project = _loaded(config, (named, overrides)) or _load(path, overrides)
    for ability in Ability:
        config.addinivalue_line("markers", f"{ability.value}: gates on suites of this ability")
    config.pluginmanager.register(GatePlugin(config, project), "evalguard-gates")


def _loaded(config: pytest.Config, asked: tuple[str, list[str]]) -> Project | None:
    """Return the project that was handed over, if it is what all options together ask for.

    Options of a configuration file and of the environment join those of the command line.
    """
    from evalguard.config import LoadedProject

    handed = (one for one in config.pluginmanager.get_plugins() if isinstance(one, LoadedProject))
    return next((one.project for one in handed if one.asked_by == asked), None)


def _load(path: Path, overrides: list[str]) -> Project:
    from evalguard.config import load_project

    try:
        return load_project(path, overrides=overrides)
    except UsageError as error:
        from evalguard.config.old_report import remove_old_report
        from evalguard.reports.text import visible

        remove_old_report(path, overrides)
        raise pytest.UsageError(visible(str(error))) from error


class GatePlugin:
    """Collects the gates of one project, measures them once, and reports."""

    def __init__(self, config: pytest.Config, project: Project) -> None:
        self.config = config
        self.project = project
        self.result: CheckResult | None = None
        self.reports: list[Path] = []
        self._of_item: dict[GateItem, GateResult] = {}
        self._of_node: dict[str, GateResult] = {}
        self._blocking: frozenset[str] = frozenset()
        self._failed = 0
        self._contradiction: str | None = None

    @pytest.hookimpl
    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> ThresholdsFile | None:
        """Collect the project's thresholds file."""
        if file_path.resolve() != self.project.thresholds.path.resolve():
            return None
        collected: ThresholdsFile = ThresholdsFile.from_parent(parent, path=file_path, plugin=self)
        return collected

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Measure all selected gates before the first item runs."""
        items = [item for item in session.items if isinstance(item, GateItem)]
        if not items or session.config.option.collectonly:
            return
        self._remove_reports()
        from rich.console import Console
        from rich.text import Text

        from evalguard.code.packages import files_of_projects
        from evalguard.reports.text import visible
        from evalguard.runner.check import holding_own_functions, run_check
        from evalguard.runner.display import display
        from evalguard.verdicts import blocking

        code = files_of_projects(self.config.pluginmanager.get_plugins())
        console = Console(stderr=True)
        try:
            with holding_own_functions(code=bool(code)), display(console) as on_progress:
                self.result = run_check(
                    self.project,
                    [(item.gate, item.model) for item in items],
                    full=self.config.getoption("evalguard_full"),
                    noise=self.config.getoption("evalguard_noise"),
                    extend=self.config.getoption("evalguard_extend"),
                    fail_fast=session.config.getvalue("maxfail") == 1,
                    on_progress=on_progress,
                    on_engine=lambda choice: console.print(Text(choice.line), soft_wrap=True),
                    code=code,
                    strict=self.config.getoption("evalguard_strict"),
                )
            self._of_item = dict(zip(items, self.result.gates, strict=True))
            self._of_node = {item.nodeid: result for item, result in self._of_item.items()}
            against = blocking(self.result.gates, self.result.on_inconclusive)
            self._blocking = frozenset(gate.id for gate in against)
            if session.config.getvalue("maxfail") == 1:
                # What stopped the run is shown first, before the gates that it left undecided.
                session.items.sort(key=self._undecided_last)
            self._write_reports(self.result)
            self._name_decision(self.result)
            self.config.pluginmanager.register(_LastWord(self))
        except UsageError as error:
            raise pytest.UsageError(visible(str(error))) from error
        except EvalGuardError as error:
            pytest.exit(f"evalguard: {visible(str(error))}", returncode=int(error.exit_code))

    @property
    def code(self) -> ExitCode:
        """The exit code of the verdict."""
        from evalguard.verdicts import exit_code

        assert self.result is not None
        allowed = self.config.getoption("evalguard_allow_partial")
        return exit_code(self.result, allow_partial=allowed)

    def result_of(self, item: GateItem) -> GateResult:
        """Return the verdict of an item."""
        return self._of_item[item]

    def blocks(self, result: GateResult) -> bool:
        """Return whether a gate blocks the release."""
        return result.id in self._blocking

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, Any] | None:
        """Name the verdict instead of passed and failed."""
        if report.when != "call":  # a report of a collection has no properties
            return None
        verdict = dict(report.user_properties).get("evalguard_verdict")
        if verdict is None:
            return None
        shown = {
            "PASS": ("passed", ".", "PASS"),
            "FAIL": ("failed", "F", ("FAIL", {"red": True})),
            "ERROR": ("failed", "E", ("ERROR", {"red": True})),
            "INCONCLUSIVE": ("failed", "?", ("INCONCLUSIVE", {"yellow": True})),
        }[str(verdict)]
        if verdict == "INCONCLUSIVE" and report.passed:
            return "inconclusive", "?", ("INCONCLUSIVE", {"yellow": True})
        return shown

    @pytest.hookimpl
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the gates, the findings and where the report is."""
        if self.result is None:
            return
        from evalguard.reports.terminal import print_summary

        terminalreporter.ensure_newline()
        print_summary(self.result, color=terminalreporter.hasmarkup)
        for path in self.reports:
            terminalreporter.write_line(f"report: {path}")
        if self._contradiction:
            terminalreporter.write_line(f"evalguard: {self._contradiction}", red=True)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hold an item's outcome to its gate's verdict, and count the gates that failed.

        A marker such as ``xfail``, a conftest.py or a plug-in may have changed it, and JUnit's file
        would say otherwise than the verdict.
        """
        self.hold(report)
        if report.failed and "evalguard_verdict" in dict(report.user_properties):
            self._failed += 1

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """End with the exit code of the verdict, which pytest's own must not contradict."""
        # --stepwise and plug-ins stop a session as an interruption, which it is not.
        stopped = exitstatus == pytest.ExitCode.INTERRUPTED and bool(session.shouldstop)
        ended = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) or stopped
        if self.result is None or not ended or session.testsfailed > self._failed:
            return
        code = self.code
        passed = code in (ExitCode.PASS, ExitCode.PARTIAL)
        if passed == (exitstatus == pytest.ExitCode.OK):
            session.exitstatus = code
            return
        session.exitstatus = ExitCode.INTERNAL_ERROR
        self._contradiction = (
            f"the verdict is {self.result.verdict}, exit code {int(code)}, but {self._failed} of "
            f"{len(self._of_item)} gates failed as tests. A conftest.py, a marker or a pytest "
            "plugin changes their outcome; run `evalguard check` without it"
        )

    def _name_decision(self, result: CheckResult) -> None:
        """Write the verdict and the decision into JUnit's file, if one is asked for."""
        from evalguard.reports.wording import headline

        for plugin in self.config.pluginmanager.get_plugins():
            if add := getattr(plugin, "add_global_property", None):
                add("evalguard_verdict", result.verdict.value)
                add("evalguard_decision", headline(result))

    def hold(self, report: pytest.TestReport) -> None:
        """Give a gate's report the outcome of its verdict."""
        result = self._of_node.get(report.nodeid)
        if result is None:
            return
        skipped_before = report.when == "setup" and report.skipped
        if self.blocks(result) and (report.when == "call" or skipped_before):
            if not report.failed:
                from evalguard.reports.terminal import failure_text

                report.longrepr = failure_text(result)
                report.outcome = "failed"
                if "evalguard_verdict" not in dict(report.user_properties):
                    report.user_properties.append(("evalguard_verdict", result.verdict.value))
        elif report.skipped or (report.when == "call" and report.failed):
            report.outcome, report.longrepr = "passed", None
        report.__dict__.pop("wasxfail", None)

    def _undecided_last(self, item: pytest.Item) -> int:
        result = self._of_item.get(item) if isinstance(item, GateItem) else None
        return 1 if result is None else {"FAIL": 0, "PASS": 1}.get(result.verdict.value, 2)

    def _remove_reports(self) -> None:
        """Remove what an earlier run wrote: it is not this one's, however this one ends."""
        json_path = self.config.getoption("evalguard_json")
        for path in filter(None, (self._html, json_path and Path(json_path))):
            if path.is_file():
                path.unlink()

    @property
    def _html(self) -> Path:
        html = self.config.getoption("evalguard_html")
        return Path(html) if html else self.project.reports / "index.html"

    def _write_reports(self, result: CheckResult) -> None:
        from evalguard.reports.html import write_html
        from evalguard.reports.json_report import write_json

        self.reports.append(write_html(result, self._html))
        if json_path := self.config.getoption("evalguard_json"):
            self.reports.append(write_json(result, Path(json_path)))


class _LastWord:
    """Holds the reports of gates again after every hook that came first, before JUnit's file.

    Args:
        plugin: What knows the verdicts. Registered last, this is called first among its like.
    """

    def __init__(self, plugin: GatePlugin) -> None:
        self._plugin = plugin

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hold a report."""
        self._plugin.hold(report)


class ThresholdsFile(pytest.File):
    """A thresholds file; its suites are collectors, their gates items."""

    def __init__(self, *, plugin: GatePlugin, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.plugin = plugin

    def collect(self) -> Iterator[SuiteCollector]:
        """Yield the suites in the order of the file; not in a worker of pytest-xdist."""
        if hasattr(self.config, "workerinput"):
            raise self.CollectError("gates are measured in one process: run them without -n")
        for suite in dict.fromkeys(gate.suite for gate in self.plugin.project.thresholds.gates):
            yield SuiteCollector.from_parent(self, name=suite, plugin=self.plugin)


class SuiteCollector(pytest.Collector):
    """The gates on one suite, for every candidate."""

    def __init__(self, *, plugin: GatePlugin, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.plugin = plugin

    def collect(self) -> Iterator[GateItem]:
        """Yield an item for each gate and candidate."""
        gates = [gate for gate in self.plugin.project.thresholds.gates if gate.suite == self.name]
        models = self.plugin.project.gated
        for model in models:
            for gate in gates:
                name = gate.node_name + (f"[{model}]" if len(models) > 1 else "")
                yield GateItem.from_parent(
                    self, name=name, gate=gate, model=model, plugin=self.plugin
                )


class GateItem(pytest.Item):
    """One gate on one candidate."""

    def __init__(self, *, gate: Gate, model: str, plugin: GatePlugin, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.gate = gate
        self.model = model
        self.plugin = plugin
        self.add_marker(gate.role.value)
        self.add_marker(gate.ability.value)

    def runtest(self) -> None:
        """Report the verdict.

        Raises:
            GateFailedError: If the verdict blocks the release.
        """
        result = self.plugin.result_of(self)
        self.user_properties.append(("evalguard_verdict", result.verdict.value))
        for key in ("delta", "p_pass", "p_fail", "n"):
            self.user_properties.append((f"evalguard_{key}", getattr(result, key)))
        if self.plugin.blocks(result):
            raise GateFailedError(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Print the figures and the worst samples instead of a traceback."""
        if isinstance(excinfo.value, GateFailedError):
            from evalguard.reports.terminal import failure_text

            return failure_text(excinfo.value.result)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Name the gate as its author did."""
        return self.path, 0, f"{self.parent.name if self.parent else ''}::{self.name}"


class GateFailedError(AssertionError):
    """A gate's verdict blocks the release."""

    def __init__(self, result: GateResult) -> None:
        super().__init__(f"{result.verdict.value}: {result.reason}")
        self.result = result
