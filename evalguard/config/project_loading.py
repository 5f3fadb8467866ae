"""The project file with its suites and thresholds, all problems of all files at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from evalguard import scorers
from evalguard.code import reads
from evalguard.config.cross_checks import (
    check_pooled,
    check_suite,
    check_thinking,
    gate_problems,
    measuring,
)
from evalguard.config.loading import load_yaml, read_mapping, validate
from evalguard.config.overrides import apply_overrides, blame_overrides
from evalguard.config.project import ProjectConfig
from evalguard.config.project_code import code_named, code_of_suite
from evalguard.config.resolved import Project, Suite, Thresholds
from evalguard.config.schema_files import with_schema_files
from evalguard.config.shipped import shipped_suites
from evalguard.config.suite import SuiteConfig
from evalguard.config.thresholds import EACH_TASK, GateConfig, PooledConfig, ThresholdsConfig
from evalguard.config_model import ConfigModel
from evalguard.errors import ConfigError, EvalGuardError, Problem, UsageError, did_you_mean
from evalguard.plugins import naming_parts
from evalguard.records import POOLED, Ability, Gate
from evalguard.tasks.registry import kind_of

PROJECT_FILE = Path("evalguard.yaml")

ModelT = TypeVar("ModelT", bound=ConfigModel)


@naming_parts()
def load_project(
    path: Path = PROJECT_FILE,
    *,
    overrides: Sequence[str] = (),
    labels: bool = True,
    project_code: bool = True,
) -> Project:
    """Read a project: its file, and the suites and thresholds that it names.

    Args:
        path: The project file, as the user wrote it.
        overrides: ``key.path=value`` each, which override the project file.
        labels: Whether files of labelled answers must exist; not so while they are made.
        project_code: Whether the project may bring code: scorer modules, functions that task files
            name, and code of a model. Otherwise it is refused before any of it is imported.

    Raises:
        ConfigError: Listing every problem of every file.
        UsageError: If there is no project file.
    """
    if not path.exists():
        raise UsageError(
            f"{path}: no such file. Run `evalguard init` to create one, or run the command in "
            "the folder of your project."
        )
    data = read_mapping(path)
    keys = apply_overrides(data, overrides)
    loader = _Loader(path, data)
    config = loader.validate_project()
    if project_code:
        loader.load_scorers()
    suites = loader.load_suites(labels=labels)
    if not project_code and (refused := [*code_named(str(path), data), *_code_of(suites)]):
        raise ConfigError(refused)
    loader.check_judge(suites)
    thresholds = loader.load_thresholds(suites)
    problems = loader.problems
    project = None
    if config is not None and thresholds is not None:
        project = Project(path=path, config=config, suites=suites, thresholds=thresholds)
        problems += check_thinking(project, loader.gates)
    if project is None or problems:
        raise ConfigError(blame_overrides(problems, keys, file=str(path)))
    return project


def _code_of(suites: Mapping[str, Suite]) -> Iterator[Problem]:
    for suite in suites.values():
        yield from code_of_suite(suite)


class _Loader:
    """Reads the files that a project names and collects every problem.

    It takes the names from the raw data, so that a mistake in the project file does not hide
    those in the other files.
    """

    def __init__(self, path: Path, data: dict[str, Any]) -> None:
        self.path = path
        self.problems: list[Problem] = []
        self.gates: Sequence[GateConfig] = ()
        self._data = data
        self._suites = self._names("suites")

    def validate_project(self) -> ProjectConfig | None:
        """Return the project file's content."""
        return self._keep(lambda: validate(self._data, ProjectConfig, file=str(self.path)))

    def load_scorers(self) -> None:
        """Run the team's scorer files, and none but those that the project file names."""
        reads.begin(self.path.parent.absolute())
        for index, module in enumerate(self._names("scorer_modules")):
            try:
                scorers.load_module(self.path.parent / module)
            except EvalGuardError as error:
                self.problems.append(
                    Problem(str(self.path), f"scorer_modules[{index}]", str(error))
                )

    def load_suites(self, *, labels: bool) -> dict[str, Suite]:
        """Read the suites and check them against scorers and data files."""
        suites: dict[str, Suite] = {}
        for index, name in enumerate(self._suites):
            path = self._find(name, "suites_dir", key=f"suites[{index}]")
            config = path and self._read(path, SuiteConfig)
            if path and config:
                config, files, problems = with_schema_files(config, path)
                self.problems += problems
                suites[name] = Suite(name, path, config, files)
                self.problems += check_suite(suites[name], labels=labels)
        return suites

    def check_judge(self, suites: Mapping[str, Suite]) -> None:
        """Check that a project with judged tasks says which model judges."""
        judged = [
            name
            for name, suite in suites.items()
            if any(kind_of(task).judged for task in suite.config.tasks)
        ]
        if judged and self._data.get("judge") is None:
            message = (
                f"suite '{judged[0]}' has a judged task, but no judge is set; add 'judge: "
                "{model: FOLDER or hub name}'"
            )
            self.problems.append(Problem(str(self.path), "judge", message))

    def load_thresholds(self, suites: dict[str, Suite]) -> Thresholds | None:
        """Read the thresholds and check every gate against the suites."""
        name = self._data.get("thresholds")
        if not isinstance(name, str):
            return None
        path = self._find(name, "thresholds_dir", key="thresholds")
        config = path and self._read(path, ThresholdsConfig)
        if not path or not config:
            return None
        self.gates = config.gates
        for index, gate in enumerate(config.gates):
            self.problems += gate_problems(
                gate, self._suites, suites, file=str(path), key=f"gates[{index}]"
            )
        gates: list[Gate] = []
        for index, gate in enumerate(config.gates):
            for one in _each(gate, suites.get(gate.suite)):
                record = _gate(one, suites.get(gate.suite), path)
                self._check_name(record, gates, Problem(str(path), f"gates[{index}].name", ""))
                gates.append(_told_apart(record, gates))
        self.problems += check_pooled(config, suites, gates, file=str(path))
        by_name = {
            gate.gate_name: _gate(_whole(gate), suites.get(gate.suite), path)
            for gate in config.gates
        }
        for pooled in config.pooled:
            gates.append(_told_apart(_pooled(pooled, by_name, path), gates))
        return Thresholds(
            path=path,
            confidence_level=config.confidence_level,
            on_inconclusive=config.on_inconclusive,
            on_underpowered=config.on_underpowered,
            gates=tuple(gates),
        )

    def _check_name(self, gate: Gate, others: Sequence[Gate], at: Problem) -> None:
        """Note a gate on each task whose name on one of them is taken."""
        if any(gate.name == other.name for other in others):
            message = (
                f"its gate on task '{gate.task}' would be called '{gate.name}', the name of "
                "another gate; rename this entry"
            )
            self.problems.append(replace(at, message=message))

    def _read(self, path: Path, model: type[ModelT]) -> ModelT | None:
        return self._keep(lambda: load_yaml(path, model))

    def _keep(self, load: Callable[[], ModelT]) -> ModelT | None:
        """Return what is loaded, or ``None`` after noting the problems."""
        try:
            return load()
        except ConfigError as error:
            self.problems += error.problems
            return None

    def _names(self, key: str) -> list[str]:
        names = self._data.get(key)
        return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []

    def _find(self, name: str, folder_key: str, *, key: str) -> Path | None:
        """Return the path of a named file, or note that it is missing.

        A suite that the project does not have itself may be one that comes with EvalGuard.
        """
        default = ProjectConfig.model_fields[folder_key].default
        folder = self.path.parent / str(self._data.get(folder_key, default))
        path = folder / f"{name}.yaml"
        folders = [folder, shipped_suites()] if folder_key == "suites_dir" else [folder]
        found = next((one for one in folders if (one / f"{name}.yaml").is_file()), None)
        if found:
            return found / f"{name}.yaml"
        hint = did_you_mean(name, {file.stem for one in folders for file in one.glob("*.yaml")})
        self.problems.append(Problem(str(self.path), key, f"there is no file {path}. {hint}"))
        return None


def _each(gate: GateConfig, suite: Suite | None) -> Iterator[GateConfig]:
    """Yield a gate, or one for each task of its suite where it asks for that."""
    if gate.task != EACH_TASK or suite is None:
        yield gate
        return
    for task in measuring(gate.metric, suite):
        name = f"{gate.name}: {task}" if gate.name else None
        yield gate.model_copy(update={"task": task, "name": name})


def _whole(gate: GateConfig) -> GateConfig:
    """Return a gate on all tasks of its suite together, where it asks for one on each."""
    return gate.model_copy(update={"task": None}) if gate.task == EACH_TASK else gate


def _pooled(config: PooledConfig, by_name: Mapping[str, Gate], path: Path) -> Gate:
    """Return the record of a gate that is pooled over others."""
    return Gate(
        name=config.name,
        suite=POOLED,
        metric="mean_score",
        demands={demand.key: demand.value for demand in config.demands},
        role=config.role,
        weights=config.weights,
        source=str(path),
        pool=tuple(by_name[name] for name in config.gates if name in by_name),
        confidence_level=config.confidence_level,
    )


def _told_apart(gate: Gate, others: Sequence[Gate]) -> Gate:
    """Return a gate with its name as the node, where another one of its suite has that node.

    So it is with a gate on one task beside one on each task of the suite; both must hold.
    """
    nodes = {other.node_name for other in others if other.suite == gate.suite}
    if gate.node_name not in nodes:
        return gate
    return replace(gate, node=f"{gate.node_name} ({gate.name})")


def _gate(config: GateConfig, suite: Suite | None, path: Path) -> Gate:
    """Return the record of a gate."""
    return Gate(
        name=config.gate_name,
        suite=config.suite,
        metric=config.metric,
        task=config.task,
        demands={demand.key: demand.value for demand in config.demands},
        role=config.role,
        weights=config.weights,
        ability=suite.config.ability if suite else Ability.OTHER,
        source=str(path),
        error_difference=config.error_difference,
    )
