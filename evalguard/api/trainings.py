"""Adapters: audit what they are trained on, train them, and train until one passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalguard.api.paths import StrPath
from evalguard.errors import UsageError, did_you_mean
from evalguard.plugins import naming_parts
from evalguard.prerequisites import prerequisites
from evalguard.quiet import quiet

if TYPE_CHECKING:
    from rich.console import Console

    from evalguard.pipeline.loop import Outcome
    from evalguard.training.audit_findings import AuditReport
    from evalguard.training.config import TrainingConfig
    from evalguard.training.finetune import TrainedAdapter
    from evalguard.training.formats import Layout
    from evalguard.training.probing import Probe


@naming_parts()
@prerequisites("The audit")
def audit(
    *data: StrPath,
    against: Sequence[StrPath] = (),
    validation: StrPath | None = None,
    model: str | None = None,
    format: str | None = None,  # noqa: A002 (the key of training configs)
    max_length: int | None = None,
) -> AuditReport:
    """Check training data for duplicates, leaks, PII and broken rows.

    Args:
        *data: Data files, or one training config (``.yaml``), whose data files are audited.
        against: Suites, folders of suites, projects or data files whose questions must not be
            trained on.
        validation: File of held-out rows.
        model: Model whose tokenizer counts tokens.
        format: Format of the rows; detected by default.
        max_length: Maximum sequence length, in tokens.

    Raises:
        DataError: If a file as a whole is missing, unreadable or empty.
        UsageError: If the arguments do not go together.
    """
    with quiet():
        from evalguard.training import audit as auditing
        from evalguard.training.load import load_training_config
    if not data:
        raise UsageError("nothing to audit; give data files or a training config")
    files = [Path(path) for path in data]
    suites = [file for path in against for file in _suite_files(Path(path))]
    if files[0].suffix in (".yaml", ".yml"):
        if len(files) > 1 or validation or model or format or max_length:
            raise UsageError(
                "a training config already names its data, model, format and max_length"
            )
        settings = load_training_config(files[0])
        return auditing.audit_config(settings, base_dir=files[0].parent, against=suites)
    held_out = None if validation is None else Path(validation)
    return auditing.audit(
        files,
        validation=held_out,
        against=suites,
        tokenizer=_tokenizer(model),
        max_length=max_length,
        layouts=_layouts([*files, *([held_out] if held_out else [])], format),
    )


def train(
    config: StrPath | TrainingConfig,
    *,
    overrides: Sequence[str] = (),
    base_dir: StrPath | None = None,
    output: StrPath | None = None,
    audit: bool = True,
    resume: bool = False,
    probe: Probe | None = None,
    probe_every: int | None = None,
    progress: bool | Console = True,
    on_note: Callable[[str], None] | None = None,
) -> TrainedAdapter:
    """Audit the data, fine-tune, and write the adapter with its training record.

    Args:
        config: Training config, or its file.
        overrides: ``KEY=VALUE`` each; they override the file.
        base_dir: Folder that the config's relative paths refer to; the file's own by default.
        output: Folder for the adapter; overrides the config's.
        audit: Audit the data first, and stop at errors.
        resume: Continue an interrupted run that kept checkpoints.
        probe: Evaluates the model while it trains, such as
            :class:`evalguard.pipeline.probes.GateProbe`, and stops a run that has lost a guard.
        probe_every: Steps between probes; a tenth of the stage by default.
        progress: Show progress on standard error, or on this console.
        on_note: Called with each line on the rows, and with each warning, which begins with
            an exclamation mark.

    Raises:
        DataError: If the audit finds errors, or the data cannot be used.
        ModelError: If the base cannot be used.
        TrainingError: If the loss is not finite or diverges.
        UsageError: If the output cannot be written, or there is nothing to resume or to train.
    """
    with prerequisites("Training", extra="train"), quiet():
        from rich.console import Console

        from evalguard.training import TrainingConfig, finetune, load_training_config
        from evalguard.training.audit import check_data
        from evalguard.training.display import training_display
    if isinstance(config, TrainingConfig):
        if overrides:
            raise UsageError("overrides apply to a config file; this config is already loaded")
        folder = Path(base_dir or ".")
    else:
        folder = Path(base_dir) if base_dir is not None else Path(config).parent
        config = load_training_config(Path(config), overrides)
    if output is not None:
        config = config.model_copy(update={"output": str(Path(output).resolve())})
    if audit:
        check_data(config, base_dir=folder, on_note=on_note)
    console = progress if isinstance(progress, Console) else Console(stderr=True)
    with training_display(console) if progress else nullcontext() as on_progress:
        return finetune.train(
            config,
            base_dir=folder,
            on_progress=on_progress,
            resume=resume,
            probe=probe,
            probe_every=probe_every,
            on_note=on_note,
        )


def run_pipeline(training: StrPath, project: StrPath = "evalguard.yaml", **options: Any) -> Outcome:
    """Train, gate, diagnose, repair and retrain until an adapter may be released.

    Args:
        training: Training config of the first attempt.
        project: The project with the baseline and the gates.
        **options: As for :func:`evalguard.pipeline.loop.run_pipeline`.

    Raises:
        UsageError: If a file cannot be used, or the audit of the data finds an error.
    """
    with prerequisites("The pipeline", extra="train"), quiet():
        from evalguard.pipeline import loop
    return loop.run_pipeline(Path(training), Path(project), **options)


def _suite_files(path: Path) -> list[Path]:
    """Return a file, or the suites of a folder."""
    if not path.is_dir():
        return [path]
    found = sorted(path.glob("*.yaml"))
    if not found:
        raise UsageError(f"{path}: no suites (*.yaml) in this folder")
    return found


def _layouts(files: Sequence[Path], name: str | None) -> Mapping[Path, Layout]:
    """Return the format of every file, where one is named."""
    from evalguard.training.formats import FORMATS, Layout

    if name is None:
        return {}
    if name not in FORMATS:
        raise UsageError(f"format '{name}'? {did_you_mean(name, FORMATS)}")
    return dict.fromkeys(files, Layout(format=name))


def _tokenizer(model: str | None) -> Any:
    if model is None:
        return None
    from transformers import AutoTokenizer

    from evalguard.training.base import open_pretrained

    with quiet():
        return open_pretrained(AutoTokenizer, model)
