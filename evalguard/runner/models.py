"""The models of a check: what makes each one, the engine that serves it, and its trust checks."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Self

from evalguard.config import BASELINE, JUDGE, ModelSpec, Project
from evalguard.engines.adapter_files import WEIGHTS_NAME
from evalguard.engines.base import BASE, Engine, EngineSettings, OnWait, ServesByName
from evalguard.engines.limits import default_limit
from evalguard.engines.opening import EngineChoice, choose_engine, open_engine
from evalguard.engines.registry import depends_on, find_kind, is_remote, packages_of
from evalguard.engines.safetensors_header import tensors_sha256
from evalguard.engines.same_weights import same_model
from evalguard.errors import EngineError, ModelError, TrustError, UsageError
from evalguard.records import ModelInfo
from evalguard.runner.bases import BaseKey, base_key, check_own_model, engine_settings
from evalguard.runner.fingerprints import (
    answering_versions,
    local_fingerprint,
    served_fingerprint,
)
from evalguard.runner.model_files import check_model_files
from evalguard.runner.model_prompts import ModelPrompts
from evalguard.runner.spot_checks import SpotChecks
from evalguard.runner.training_records import (
    check_trained_on,
    read_training_record,
    set_up_notes,
)
from evalguard.runner.unkeyed import Unkeyed
from evalguard.store import SampleStore, fingerprint, folder_state


class ModelPool:
    """The models of a check; those on one base share one loaded engine.

    Args:
        project: The project.
        names: Names of the models that take part.
        store: Remembers file hashes and what was seen of an adapter.
        on_wait: Called while an engine waits for a server.
        engine: Engine for every model, instead of those that the project names.
        unkeyed: What decides answers besides the models and their settings.
    """

    def __init__(
        self,
        project: Project,
        names: Iterable[str],
        store: SampleStore,
        *,
        on_wait: OnWait | None = None,
        engine: Engine | None = None,
        unkeyed: Unkeyed | None = None,
    ) -> None:
        specs = project.models
        self._given = engine
        self._project = project
        self._store = store
        self._on_wait = on_wait
        self._unkeyed = unkeyed
        self._specs = {name: specs[name] for name in names}
        self._engines: dict[tuple[str, *BaseKey], Engine] = {}
        self._serving: dict[str, tuple[Engine, str]] = {}  # asked for every answer
        self._spot_checks = SpotChecks(store, self.fingerprint)
        self._effects: dict[str, float] = {}
        self._adapter_notes: list[str] = []
        self._fingerprints: dict[str, str] = {}
        self._states: dict[str, tuple[str, ...]] = {}
        self.prompts = ModelPrompts(project, self._specs, store, self)
        """What renders the prompts of each model."""
        self.broken: dict[str, str] = {}
        """Candidates and judge that cannot be used, with the reason; the others are measured."""

    def check_files(self) -> None:
        """Check every model's files before anything heavy is loaded.

        Candidates and judges whose files cannot be used are :attr:`broken` from then on.

        Raises:
            ModelError: If files of the baseline, or those of all candidates, are missing, unsafe or
                incomplete, or an adapter was trained on another base.
        """
        self._states = {name: _state(spec) for name, spec in self._specs.items()}
        self.broken |= check_model_files(
            self._project, self._specs, lambda spec: check_trained_on(spec, self._store)
        )

    def default_limit(self, name: str) -> int:
        """Return the tokens that a model may write where a task sets no limit."""
        return default_limit(self._specs[name].engine.options)

    def is_remote(self, name: str) -> bool:
        """Whether a model is a name on a server."""
        return self._given is None and is_remote(self._choice(self._specs[name]).name)

    def is_only_served(self, spec: ModelSpec) -> bool:
        """Whether a model is known to a server alone, by its name."""
        here = spec.revision or Path(spec.model).exists()
        looks_local = spec.model.startswith((".", "/", "~"))
        named = not here and not looks_local and self.is_remote(spec.name)
        return spec.on_server or named

    def check_other_than_baseline(self, name: str) -> None:
        """Check that a candidate is not the baseline itself, which no gate could tell apart.

        Raises:
            TrustError: If its weights and settings are the baseline's, or it is another candidate's
                model on a server.
        """
        if self._given is not None:
            return
        base, spec = self._specs[BASELINE], self._specs[name]
        if self.is_remote(name):
            if not spec.adapter:
                known = self._specs.items()
                check_own_model(
                    spec, [one for other, one in known if other not in (BASELINE, JUDGE)]
                )
            return
        same = self.fingerprint(name) == self.fingerprint(BASELINE)
        alike = (base.adapter, base.quantization, base.engine.dtype)
        if not same and alike == (None, spec.quantization, spec.engine.dtype) and not spec.adapter:
            same = same_model(Path(base.model), Path(spec.model))
        if same:
            raise TrustError(
                f"{spec.adapter or spec.model}: the weights are the baseline's own, so that every "
                f"gate would compare the baseline with itself. Was the adapter merged, and does "
                f"the path lead to the fine-tuned model?"
            )

    def engine_of(self, name: str) -> tuple[Engine, str]:
        """Return the engine that serves a model and the model's name on it.

        Loads the base and the adapter at the first call.

        Raises:
            ModelError: If the base cannot be loaded, or the adapter does not fit it.
            TrustError: If the adapter changes nothing, or vLLM and transformers disagree.
        """
        if name in self._serving:
            return self._serving[name]
        spec = self._specs[name]
        engine = self._opened(spec)
        served = name if spec.adapter else BASE
        if spec.adapter and served not in engine.models:
            with self._located(spec):
                seen = engine.load_adapter(name, spec.adapter)
            self._effects[name] = seen.effect
            self._adapter_notes.extend(f"{name}: {note}" for note in seen.notes)
            self._store.describe_fingerprint(
                self.fingerprint(name), {"adapter_effect": self._effects[name]}
            )
        self._check_unchanged(spec)
        self._check_other(spec, engine)
        self._spot_checks.check(name, engine, served)
        self._serving[name] = engine, served
        return engine, served

    @contextmanager
    def _located(self, spec: ModelSpec) -> Iterator[None]:
        """Say of what a server refuses in which file its model is named, and as what."""
        try:
            yield
        except (UsageError, EngineError) as error:
            if not self.is_remote(spec.name) or type(error) not in _WITH_PLACE:
                raise
            whole = spec.name in (BASELINE, JUDGE)
            where = spec.name if whole else f"candidates.{spec.name}"
            raise type(error)(f"{self._project.path}: {where}: {error}") from None

    def _opened(self, spec: ModelSpec) -> Engine:
        """Return the engine of a model's base, opened at the first call."""
        if self._given is not None:
            return self._given
        name_of_engine = self._choice(spec).name
        base = (name_of_engine, *base_key(spec))
        if base not in self._engines:
            if find_kind(name_of_engine).held_to_hf:
                names = [other.name for other in self._sharing(spec)]
                self._spot_checks.prepare(self._settings(spec), names)
            with self._located(spec):
                self._engines[base] = open_engine(name_of_engine, self._settings(spec))
        return self._engines[base]

    def check_unchanged(self, untrusted: Container[str] = ()) -> None:
        """Check that every model is still what was hashed and loaded, and what reports name.

        Args:
            untrusted: Names of models whose gates are errors already.

        Raises:
            TrustError: If a file of one was written in the meantime.
        """
        for name, spec in self._specs.items():
            if name not in self.broken and name not in untrusted:
                self._check_unchanged(spec)

    def _check_unchanged(self, spec: ModelSpec) -> None:
        """Check that what was loaded is what was hashed.

        Raises:
            TrustError: If a file of the model was written in between.
        """
        known = self._states.get(spec.name)
        if known is not None and known != _state(spec):
            raise TrustError(
                f"{spec.adapter or spec.model}: a file changed while it was loaded or measured, so "
                "that it is not known which weights answered. Wait until nothing writes there, and "
                "run again."
            )

    def _check_other(self, spec: ModelSpec, engine: Engine) -> None:
        """Prove that a server has a whole model under its name, and not the baseline's.

        Raises:
            TrustError: If it answers as the baseline.
        """
        if not isinstance(engine, ServesByName) or spec.adapter or spec.name in (BASELINE, JUDGE):
            return
        if BASELINE not in self._specs or spec.name in self._effects:
            return
        base, _ = self.engine_of(BASELINE)
        self._effects[spec.name] = engine.check_differs(BASE, base, spec.model)

    @cached_property
    def engine(self) -> EngineChoice:
        """The engine that baseline and candidates run on, and why."""
        if self._given is not None:
            return EngineChoice(self._given.name, "given by the caller", auto=False)
        engine = self._project.config.engine
        bases = {
            base_key(spec): self._settings(spec)
            for spec in self._specs.values()
            if spec.name != JUDGE and spec.name not in self.broken
        }
        return choose_engine(engine.name, list(bases.values()))

    def _choice(self, spec: ModelSpec) -> EngineChoice:
        """Return the engine of a model: a judge may have one of its own."""
        if spec.name != JUDGE or self._given is not None:
            return self.engine
        return choose_engine(spec.engine.name, [self._settings(spec)])

    def fingerprint(self, name: str) -> str:
        """Return the key under which the model's samples are stored."""
        if name not in self._fingerprints:
            spec = self._specs[name]
            known = self._known_fingerprint(spec)
            self._fingerprints[name] = (
                self._unkeyed.completed(known, spec) if self._unkeyed else known
            )
        return self._fingerprints[name]

    def _known_fingerprint(self, spec: ModelSpec) -> str:
        """Return the key of what is known to decide a model's answers."""
        if self.is_only_served(spec):
            return self._served_fingerprint(spec)
        self._states.setdefault(spec.name, _state(spec))
        engine = self._choice(spec).name
        return local_fingerprint(
            self._store,
            spec,
            engine=engine,
            versions=self._versions(engine),
            depends_on=self._depends_on(spec),
        )

    def _versions(self, engine: str) -> dict[str, str]:
        """Return the versions that count for what an engine answers."""
        given = self._given
        own = () if given is not None else packages_of(engine)
        served = is_remote(engine) if given is None else isinstance(given, ServesByName)
        return answering_versions(*own, served=served)

    def _depends_on(self, spec: ModelSpec) -> object:
        """Return what else the engine of a package says that its answers depend on."""
        if self._given is not None:
            return None
        return depends_on(self._choice(spec).name, spec.engine.options)

    def _served_fingerprint(self, spec: ModelSpec) -> str:
        """Return the key of a model whose weights cannot be seen.

        Raises:
            TrustError: If its server refuses most harmless prompts; it is :attr:`broken` then.
        """
        engine = self._opened(spec)
        assert isinstance(engine, ServesByName)
        try:
            return served_fingerprint(self._store, spec, engine, depends_on=self._depends_on(spec))
        except TrustError as error:
            self.broken[spec.name] = str(error)
            raise

    def info(self, name: str) -> ModelInfo:
        """Return what is known of a model after the run."""
        spec = self._specs[name]
        if reason := self.broken.get(name):
            return ModelInfo(
                name=name, model=spec.model, adapter=spec.adapter, fingerprint="", notes=(reason,)
            )
        described = self._store.fingerprint_description(self.fingerprint(name))
        effect = self._effects.get(name, described.get("adapter_effect"))
        training = read_training_record(spec.adapter)
        return ModelInfo(
            name=name,
            model=spec.model,
            adapter=spec.adapter,
            fingerprint=self.fingerprint(name),
            adapter_sha256=self._weights_sha256(spec),
            adapter_effect=effect,
            notes=tuple(set_up_notes(spec, training)),
            training=training,
        )

    def weights(self, name: str) -> str:
        """Return what a model is known by: an adapter's tensors, whatever else its file holds."""
        spec = self._specs[name]
        file_sha256 = self._weights_sha256(spec)
        if spec.adapter is None or file_sha256 is None:
            return self.fingerprint(name)
        key = fingerprint({"tensors of the file": file_sha256})
        known = self._store.fingerprint_description(key).get(_TENSORS)
        if known is None:
            known = tensors_sha256(Path(spec.adapter) / WEIGHTS_NAME)
            self._store.describe_fingerprint(key, {_TENSORS: known})
        return str(known)

    @property
    def notes(self) -> list[str]:
        """What a user should know of the adapters, and of how the engines answered."""
        of_engines = [note for engine in self._engines.values() for note in engine.notes]
        return [*self._adapter_notes, *of_engines]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free every engine that was opened here."""
        for engine in self._engines.values():
            engine.close()
        self._engines.clear()
        self._serving.clear()

    def _weights_sha256(self, spec: ModelSpec) -> str | None:
        if spec.adapter is None:
            return None
        return self._store.file_sha256(Path(spec.adapter) / WEIGHTS_NAME)

    def _settings(self, spec: ModelSpec) -> EngineSettings:
        return engine_settings(spec, self._sharing(spec), on_wait=self._on_wait)

    def _sharing(self, spec: ModelSpec) -> list[ModelSpec]:
        """Return the models that one loaded base serves together with a model."""
        usable = (other for other in self._specs.values() if other.name not in self.broken)
        return [other for other in usable if base_key(other) == base_key(spec)]


_TENSORS = "tensors"
"""Name of the fact that keeps the hash of an adapter's tensors, by that of its file."""

_WITH_PLACE = (UsageError, ModelError, EngineError)
"""Errors that say what is wrong with a model's server."""


def _state(spec: ModelSpec) -> tuple[str, ...]:
    """Return what changes when a local file of a model is written."""
    folders = map(Path, filter(None, (spec.model, spec.adapter, spec.tokenizer)))
    return tuple(folder_state(folder) for folder in folders if folder.exists())
