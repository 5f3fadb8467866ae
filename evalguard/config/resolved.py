"""A project with its suites and thresholds, paths resolved: what :func:`load_project` returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from evalguard.config.project import (
    BASELINE,
    JUDGE,
    SEED,
    Candidate,
    Engine,
    ProjectConfig,
    Quantization,
    Selection,
    Thinking,
    WholeModel,
)
from evalguard.config.suite import SuiteConfig
from evalguard.engines.registry import is_remote
from evalguard.errors import ConfigError, Problem
from evalguard.records import Gate, OnInconclusive, one_sided_error
from evalguard.tasks.kind import TaskContext


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A model to run, with what a candidate leaves out filled in from the baseline.

    Attributes:
        name: ``baseline``, the candidate's name, or ``judge``.
        model: Folder as seen from the working directory, or hub name.
        revision: Commit of a hub model.
        adapter: Folder of the adapter as seen from the working directory.
        tokenizer: Folder or hub name, when it is not the model's own.
        quantization: ``none``, ``nf4`` or ``int8``.
        trust_remote_code: Whether code that comes with the model may run.
        engine: What runs it.
        thinking: How its thinking is separated from its answers.
        on_server: Whether `model` is a name on a server, which alone has its weights; tokenizer and
            revision are those of the baseline.
    """

    name: str
    model: str
    revision: str | None
    adapter: str | None
    tokenizer: str | None
    quantization: Quantization
    trust_remote_code: bool
    engine: Engine
    thinking: Thinking = "auto"
    on_server: bool = False


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite and its file, as the user would type its path.

    Attributes:
        name: Its name.
        path: Its file.
        config: What it holds.
        contents: Files whose contents the config holds in place of their paths.
    """

    name: str
    path: Path
    config: SuiteConfig
    contents: tuple[Path, ...] = ()

    def resolve(self, relative: str) -> Path:
        """Return a path of the suite file as seen from the working directory."""
        return self.path.parent / Path(relative).expanduser()

    def context(
        self, index: int, *, seed: int = 0, count_tokens: Callable[[str], int] = len
    ) -> TaskContext:
        """Return what surrounds one of its tasks.

        Args:
            index: The task's place in the file.
            seed: Seed of every sampling.
            count_tokens: Length of a text in tokens of the baseline.
        """
        return TaskContext(
            suite=self.name, path=self.path, index=index, seed=seed, count_tokens=count_tokens
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """The gates and how strictly they are held; ``path`` as the user would type it."""

    path: Path
    confidence_level: float
    on_inconclusive: OnInconclusive
    on_underpowered: Literal["error", "warn"]
    gates: tuple[Gate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Everything that the files of a project say.

    Attributes:
        path: The project file, as the user wrote it.
        config: What it holds.
        suites: Its suites by name, in its order.
        thresholds: Its gates.
        attempts: Candidates that are tried one after another until one passes, each in a check of
            its own.
    """

    path: Path
    config: ProjectConfig
    suites: Mapping[str, Suite]
    thresholds: Thresholds
    attempts: int = 1

    @property
    def recipes(self) -> dict[str, tuple[str, ...]]:
        """The candidates that are trainings of one recipe, by the name of the recipe."""
        found: dict[str, tuple[str, ...]] = {}
        for name, candidate in self.config.candidates.items():
            if candidate.seeds:
                recipe = name.rpartition(SEED)[0]
                found[recipe] = (*found.get(recipe, ()), name)
        return found

    @property
    def gated(self) -> list[str]:
        """Every candidate, and each recipe after its seeds."""
        of_seed = {seed: recipe for recipe, seeds in self.recipes.items() for seed in seeds}
        found: list[str] = []
        for name in self.config.candidates:
            found.append(name)
            recipe = of_seed.get(name)
            if recipe and self.recipes[recipe][-1] == name:
                found.append(recipe)
        return found

    @property
    def sharing(self) -> int:
        """Number of candidates that share the chance that a bad one passes.

        All of the project file count, whichever of them a check selects: checking them one by one
        must not give each the whole of it. A recipe counts once: none of its seeds is released
        by its own PASS.
        """
        seeds = sum(len(seeds) - 1 for seeds in self.recipes.values())
        at_once = len(self.config.candidates) - seeds if self.config.selection == "any" else 1
        return max(at_once, self.attempts, 1)

    @property
    def releases_any(self) -> bool:
        """Whether any candidate that passes may be released: ``any``, or no selection given."""
        return self.config.selection == "any" or "selection" not in self.config.model_fields_set

    def with_selection(self, selection: Selection) -> Project:
        """Return the project as if its file said so."""
        return replace(self, config=self.config.model_copy(update={"selection": selection}))

    @property
    def alpha_pass(self) -> float:
        """One-sided error of PASS for one candidate."""
        return one_sided_error(self.thresholds.confidence_level) / self.sharing

    def alpha_pass_of(self, gate: Gate) -> float:
        """Return the one-sided error of PASS of a gate, which may have a level of its own."""
        if gate.confidence_level is None:
            return self.alpha_pass
        return one_sided_error(gate.confidence_level) / self.sharing

    @property
    def root(self) -> Path:
        """Folder of the project file, to which its paths are relative."""
        return self.path.parent

    @property
    def models(self) -> dict[str, ModelSpec]:
        """The baseline, then every candidate, by name; and the judge, where there is one."""
        baseline = self._whole(BASELINE, self.config.baseline, self.config.engine)
        candidates = {
            name: self._candidate(name, candidate, baseline)
            for name, candidate in self.config.candidates.items()
        }
        judge = self.config.judge
        judges = {}
        if judge:
            engine = judge.engine
            if engine is None or engine == self.config.engine:
                engine = self._engine_of(judge.model, baseline)
            judges = {JUDGE: self._whole(JUDGE, judge, engine)}
        return {BASELINE: baseline, **candidates, **judges}

    @property
    def store(self) -> str:
        """SQLite file as seen from the working directory, or database URL."""
        return store_location(self.config, self.root)

    @property
    def reports(self) -> Path:
        """Folder for reports as seen from the working directory."""
        return self.resolve(self.config.reports)

    def resolve(self, relative: str) -> Path:
        """Return a path of the project file as seen from the working directory."""
        return self.root / Path(relative).expanduser()

    def _whole(self, name: str, config: WholeModel, engine: Engine) -> ModelSpec:
        """Return a model that takes nothing over from another."""
        return ModelSpec(
            name=name,
            model=self._local_or_hub(config.model),
            revision=config.revision,
            adapter=config.adapter and str(self.resolve(config.adapter)),
            tokenizer=config.tokenizer and self._local_or_hub(config.tokenizer),
            quantization=config.quantization,
            trust_remote_code=config.trust_remote_code,
            engine=self._on_server(name, engine, config.server),
            thinking=config.thinking,
        )

    def _candidate(self, name: str, config: Candidate, baseline: ModelSpec) -> ModelSpec:
        adapter = config.adapter and str(self.resolve(config.adapter))
        if config.is_name_on_server:
            return self._name_on_server(name, config, baseline)
        if config.model is None:
            return ModelSpec(
                name=name,
                model=baseline.model,
                revision=baseline.revision,
                adapter=adapter or baseline.adapter,
                tokenizer=baseline.tokenizer,
                quantization=config.quantization or baseline.quantization,
                trust_remote_code=baseline.trust_remote_code,
                engine=baseline.engine,
                thinking=config.thinking or baseline.thinking,
            )
        return ModelSpec(
            name=name,
            model=self._local_or_hub(config.model),
            revision=config.revision,
            adapter=adapter,
            tokenizer=config.tokenizer and self._local_or_hub(config.tokenizer),
            quantization=config.quantization or "none",
            trust_remote_code=config.trust_remote_code,
            engine=self._on_server(name, self._engine_of(config.model, baseline), config.server),
            thinking=config.thinking or "auto",
        )

    def _name_on_server(self, name: str, config: Candidate, baseline: ModelSpec) -> ModelSpec:
        """Return a model that only a server has, with the tokenizer of the baseline."""
        engine = self._on_server(name, baseline.engine, config.server)
        known = baseline.revision or Path(baseline.model).exists()
        chats = engine.options.get("api") == "chat"
        tokenizer = baseline.tokenizer or (baseline.model if known or not chats else None)
        return replace(
            baseline,
            name=name,
            model=str(config.server["model"]),
            adapter=None,
            tokenizer=tokenizer,
            engine=engine,
            thinking=config.thinking or baseline.thinking,
            on_server=True,
        )

    def _engine_of(self, model: str, baseline: ModelSpec) -> Engine:
        """Return the project's engine for a whole model.

        What the baseline is called on a server is not what another model is called.
        """
        engine = self.config.engine
        if not is_remote(engine.name) or self._local_or_hub(model) == baseline.model:
            return engine
        return engine.model_copy(update={"options": _unnamed(engine.options)})

    def _on_server(self, name: str, engine: Engine, own: Mapping[str, Any]) -> Engine:
        """Return the engine of a model with the options that it has for itself.

        Raises:
            ConfigError: If the engine's models are not names on a server.
        """
        if not own:
            return engine
        if not is_remote(engine.name):
            where = name if name in (BASELINE, JUDGE) else f"candidates.{name}"
            reason = (
                "needs an engine that asks a server, such as 'engine: {name: endpoint}', but the "
                f"engine is '{engine.name}'"
            )
            raise ConfigError([Problem(str(self.path), f"{where}.server", reason)])
        return engine.model_copy(update={"options": {**_unnamed(engine.options), **own}})

    def _local_or_hub(self, name: str) -> str:
        """Return a folder that exists as seen from the working directory, else the name."""
        folder = self.resolve(name)
        return str(folder) if folder.exists() else name


def store_location(config: ProjectConfig, root: Path) -> str:
    """Return the store of a project: a file as seen from the working directory, or a URL.

    Args:
        config: The project file's content.
        root: Its folder.
    """
    return config.store if "://" in config.store else str(root / Path(config.store).expanduser())


def _unnamed(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return an endpoint's options without the name of a model on it."""
    return {key: value for key, value in options.items() if key != "model"}


class LoadedProject:
    """Hands a project to pytest's plug-in, which need not load it a second time.

    Args:
        project: The project.
        config: The path that it was loaded from, as ``--evalguard-config`` names it.
        overrides: With what it was loaded, as ``--evalguard-set`` gives it.
    """

    def __init__(self, project: Project, config: str, overrides: Sequence[str]) -> None:
        self.project = project
        self.asked_by = (config, list(overrides))
