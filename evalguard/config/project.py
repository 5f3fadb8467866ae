"""``evalguard.yaml``: which models are compared, on what, and where results go."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from evalguard.config_model import ConfigModel, NonEmpty
from evalguard.engines.forms import advice

BASELINE = "baseline"
"""Name of the baseline among the models of a project."""

SEED = ".seed"
"""Between the name of a recipe and the number of one of its trainings."""

JUDGE = "judge"
"""Name of the model that judges answers; it is not gated itself."""

Quantization = Literal["none", "nf4", "int8"]
Selection = Literal["each", "any"]
Spending = Literal["late", "early"]
FileStem = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]


def _without_duplicates(names: tuple[str, ...]) -> tuple[str, ...]:
    duplicates = sorted({name for name in names if names.count(name) > 1})
    if duplicates:
        raise ValueError(f"listed twice: {', '.join(duplicates)}; name each once")
    return names


class Engine(ConfigModel):
    """What runs the models; one engine for the baseline and every candidate."""

    name: NonEmpty = "auto"
    """`auto` (vllm where installed, else hf), `hf`, `vllm`, `endpoint`, or an lm-eval type."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """Compute precision."""
    batch_size: int = Field(default=64, ge=1)
    """Requests in one forward pass, on engines that batch by number."""
    max_length: int | None = Field(default=None, ge=1)
    """Context length in tokens; the model's own by default."""
    device: NonEmpty | None = None
    """`cpu`, `cuda`, `cuda:1`, …; CUDA by default, if available."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Further arguments of the engine, such as `base_url` of an endpoint."""

    @model_validator(mode="before")
    @classmethod
    def _is_written_as_one(cls, value: Any) -> Any:
        if words := advice(value, cls.model_fields):
            raise ValueError(words)
        return value


class Marks(ConfigModel):
    """The delimiters of a model's thinking."""

    start: NonEmpty | None = None
    """Start delimiter; without one, every output begins as thinking."""
    end: NonEmpty
    """End delimiter."""


Thinking = Marks | Literal["auto", "off"]


class WholeModel(ConfigModel):
    """A model that takes nothing over from another."""

    model: NonEmpty
    """Folder (relative to this file) or name on the hub."""
    revision: NonEmpty | None = None
    """Commit of a hub model (40 hex digits); results of a moving branch cannot be stored."""
    adapter: NonEmpty | None = None
    """Folder of the baseline's own adapter, such as that of the last release."""
    tokenizer: NonEmpty | None = None
    """Folder or hub name, if it is not the model's own."""
    quantization: Quantization = "none"
    """bitsandbytes precision of the base's weights."""
    trust_remote_code: bool = False
    """Whether Python code that comes with this model may run."""
    thinking: Thinking = "auto"
    """How thinking is removed before scoring: by the marks of the chat template and known ones
    (`auto`), by your own (`{start: …, end: …}`), or not at all (`off`)."""
    server: dict[str, Any] = Field(default_factory=dict)
    """Options of `engine: {name: endpoint}` for this model only, such as `base_url`, `model` and
    `key_env`."""


class Baseline(WholeModel):
    """The model that candidates must not be worse than."""


class Candidate(ConfigModel):
    """A model to gate: an adapter on the baseline's model, or a full model."""

    adapter: NonEmpty | None = None
    """Folder of the adapter (relative to this file)."""
    seeds: Annotated[tuple[NonEmpty, ...], AfterValidator(_without_duplicates)] = Field(
        default=(), min_length=2
    )
    """Folders of adapters that one recipe trained with different seeds, instead of `adapter`: each
    is gated, and the recipe as a whole."""
    model: NonEmpty | None = None
    """Folder or hub name of a merged, quantised or fully fine-tuned model, or of another base."""
    revision: NonEmpty | None = None
    """Commit of a hub model (40 hex digits)."""
    tokenizer: NonEmpty | None = None
    """Folder or hub name, if it is not the model's own."""
    quantization: Quantization | None = None
    """bitsandbytes precision; the baseline's by default, `none` for a full model."""
    trust_remote_code: bool = False
    """Whether Python code that comes with `model` may run."""
    thinking: Thinking | None = None
    """As for the baseline; the baseline's by default, `auto` for a full model."""
    server: dict[str, Any] = Field(default_factory=dict)
    """Options of `engine: {name: endpoint}` for this model only. With `model`, a name on the
    server, nothing else is needed: tokenizer and the rest are the baseline's."""

    @model_validator(mode="after")
    def _differs_from_the_baseline(self) -> Self:
        if self.is_name_on_server:
            return self
        if self.seeds and self.adapter is not None:
            raise ValueError("'seeds' lists the adapters; leave 'adapter' out")
        if self.seeds:
            return self
        if self.model is None and self.adapter is None and self.quantization is None:
            raise ValueError(
                "needs 'adapter', 'seeds', 'model', 'quantization' or 'server: {model: …}' to "
                "differ from the baseline"
            )
        orphans = {"revision", "server", "tokenizer", "trust_remote_code"} & self.model_fields_set
        if self.model is None and orphans:
            raise ValueError(f"'{min(orphans)}' needs 'model', which is not given")
        return self

    @property
    def is_name_on_server(self) -> bool:
        """Whether it is nothing but a name on the server that has the baseline, or on another."""
        given = self.model_fields_set - {"server", "thinking"}
        return not given and isinstance(self.server.get("model"), str)


def _with_seeds(candidates: dict[str, Candidate]) -> dict[str, Candidate]:
    """Return the candidates, with one for each training of a recipe in its place."""
    found: dict[str, Candidate] = {}
    for name, candidate in candidates.items():
        if not candidate.seeds:
            found[name] = candidate
            continue
        for number, folder in enumerate(candidate.seeds, start=1):
            seed = f"{name}{SEED}{number}"
            if seed in candidates:
                raise ValueError(f"'{seed}' is the name of a seed of '{name}'; choose another name")
            found[seed] = candidate.model_copy(update={"adapter": folder})
    return found


class Judge(WholeModel):
    """The model that decides whether answers meet a criterion, or which of two is better."""

    engine: Engine | None = None
    """What runs it; the project's engine by default."""


class Noise(ConfigModel):
    """How the noise floor is measured: the baseline against itself."""

    runs: int = Field(default=2, ge=2)
    """Number of runs of the baseline."""


class ProjectConfig(ConfigModel):
    """The project file. Paths are relative to its folder."""

    version: Literal[1]
    """Version of this file format."""
    engine: Engine = Engine()
    baseline: Baseline
    candidates: Annotated[dict[FileStem, Candidate], AfterValidator(_with_seeds)] = Field(
        default_factory=dict
    )
    """The models to gate, by name."""
    judge: Judge | None = None
    """Judges the answers to tasks of `kind: judge` and `kind: preference`."""
    suites: Annotated[tuple[FileStem, ...], AfterValidator(_without_duplicates)] = Field(
        min_length=1
    )
    """Names of the suites: `general` is `suites/general.yaml`."""
    suites_dir: NonEmpty = "suites"
    """Folder of the suites."""
    thresholds: FileStem
    """Name of the thresholds: `release` is `thresholds/release.yaml`."""
    thresholds_dir: NonEmpty = "thresholds"
    """Folder of the thresholds."""
    scorer_modules: tuple[NonEmpty, ...] = ()
    """Python files of your own scorers."""
    contaminated: NonEmpty | None = None
    """Audit (JSON) of the training data; suite items that it found there are excluded from the
    gates."""
    noise: Noise | None = None
    chat_template: bool | Literal["auto"] = "auto"
    """Whether prompts are rendered with the model's chat template; `auto`: if it has one."""
    early_stopping: bool = True
    """Stop a suite as soon as every gate on it has decided."""
    looks: int = Field(default=10, ge=1, le=50)
    """Number of interim analyses with early stopping."""
    spending: Spending = "late"
    """When the looks may spend α: `late`, which costs nearly no power, or `early`, which stops
    sooner, for about a point of power."""
    futility: bool = False
    """Also stop a gate, as INCONCLUSIVE, once even an unchanged model would be unlikely to pass
    from there on, and a FAIL is not likely either."""
    reserve: float = Field(default=0.02, ge=0, le=0.5)
    """Part of α that a check keeps, so that an INCONCLUSIVE gate can be extended with
    `evalguard check --extend`."""
    selection: Selection = "each"
    """What the chance of 1 − `confidence_level` that a bad candidate passes is held over: `each`
    candidate, or all of this file together (`any`: whichever of them passes may be released)."""
    seed: int = Field(default=0, ge=0)
    """Seed of the sample order and of all sampling."""
    store: NonEmpty = ".evalguard/store.db"
    """SQLite file or database URL that keeps every scored sample."""
    reports: NonEmpty = "reports"
    """Folder for reports."""

    @model_validator(mode="after")
    def _reserve_names(self) -> Self:
        recipes = {name.rpartition(SEED)[0] for name, one in self.candidates.items() if one.seeds}
        for name in (BASELINE, JUDGE):
            if name in self.candidates or name in recipes:
                raise ValueError(
                    f"candidates: '{name}' is reserved for the {name}; choose another name"
                )
        return self
