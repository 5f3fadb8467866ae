"""Audit, train, gate, diagnose, change the config, train again, until one attempt passes.

Every attempt has its own folder with its config, its adapter and its result. A pipeline that
was interrupted resumes there: an attempt that is trained is not trained again, and its check
finds its samples in the store.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import yaml

from evalguard.config import Project, load_project
from evalguard.config.contaminated import CODE, contaminated
from evalguard.errors import TrainingError
from evalguard.pipeline.inputs import DATA_KEYS, project_files, stages_of, training_files
from evalguard.pipeline.receipt import RECEIPT_NAME, file_hash, make_receipt, write_receipt
from evalguard.pipeline.repair import Tried, next_config
from evalguard.records import TRAINING_RECORD, CheckResult, ProbePoint, Verdict
from evalguard.reports.json_report import write_json
from evalguard.runner.check import run_check
from evalguard.runner.measured import Progress as CheckProgress
from evalguard.training.config import TrainingConfig
from evalguard.training.load import load_training_config
from evalguard.training.output import placed_folder
from evalguard.training.watch import TrainingProgress
from evalguard.verdicts import blocking

MAX_ATTEMPTS = 4


_CONFIG, _RESULT, _DIVERGED = "training.yaml", "result.json", "diverged.txt"


class Show(Protocol):
    """Shows the progress of the pipeline."""

    def stage(self, text: str) -> None:
        """Say what begins."""

    def note(self, text: str) -> None:
        """Tell what became of the rows, or a warning."""

    def looked(self, point: ProbePoint) -> None:
        """Tell a look at the model in training."""

    def training(self) -> AbstractContextManager[Callable[[TrainingProgress], None]]:
        """Show a training."""

    def checking(self) -> AbstractContextManager[Callable[[CheckProgress], None]]:
        """Show a check."""


class Silent:
    """Says nothing."""

    def stage(self, text: str) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""

    def looked(self, point: ProbePoint) -> None:
        """Say nothing."""

    def training(self) -> AbstractContextManager[Callable[[TrainingProgress], None]]:
        """Show nothing."""
        return nullcontext(lambda _: None)

    def checking(self) -> AbstractContextManager[Callable[[CheckProgress], None]]:
        """Show nothing."""
        return nullcontext(lambda _: None)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One training run with its gate.

    Attributes:
        number: From 1.
        folder: Its folder.
        config: Its training config as plain data.
        changes: What was changed since the attempt before.
        notes: What the user should know or do about the change.
        result: Result of its gate; ``None`` if its training failed.
        diverged: Why the training failed; empty if it did not.
    """

    number: int
    folder: Path
    config: Mapping[str, Any]
    changes: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    result: CheckResult | None = None
    diverged: str = ""

    @property
    def name(self) -> str:
        """Name of the candidate."""
        return f"attempt-{self.number}"

    @property
    def adapter(self) -> Path:
        """Folder of what was trained."""
        return self.folder / "adapter"

    @property
    def result_path(self) -> Path:
        """File of what its gate found."""
        return self.folder / _RESULT

    @property
    def passed(self) -> bool:
        """Whether it may be released."""
        return self.result is not None and self.result.verdict is Verdict.PASS


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a pipeline.

    Attributes:
        attempts: All attempts.
        best: The released attempt, or the closest one.
        released: Folder of the released adapter; ``None`` if there is none.
        receipt: Its receipt.
        reason: Why the pipeline ended without a release; empty if there is one.
    """

    attempts: tuple[Attempt, ...]
    best: Attempt
    released: Path | None = None
    receipt: Path | None = None
    reason: str = ""


def run_pipeline(
    training: Path,
    project: Path,
    *,
    max_attempts: int = MAX_ATTEMPTS,
    replay_data: Path | None = None,
    watch: bool = True,
    key: Path | None = None,
    overrides: Sequence[str] = (),
    show: Show | None = None,
) -> Outcome:
    """Train until an attempt passes the project's gates, and release it.

    The attempts share the error of PASS, so that the chance of a bad release does not grow with
    their number, unless the project file says ``selection: each``.

    Args:
        training: Training config of the first attempt; its ``output`` is where the release goes.
        project: The ``evalguard.yaml`` with the baseline and the gates; its candidates are ignored.
        max_attempts: Maximum number of attempts.
        replay_data: File of general data that a repair may mix in.
        watch: Probe the model while it trains and stop a run that has lost a guard.
        key: Private key that signs the receipt.
        overrides: ``KEY=VALUE`` each; they override the training config.
        show: Shows every step.

    Raises:
        UsageError: If a file cannot be used, or the audit of the data finds an error.
    """
    show = show or Silent()
    settings = load_training_config(training, overrides)
    config = _absolute(settings, training.parent)
    folder = _folder(load_project(project), training, config)
    show.stage("auditing the data")
    _audit(training, settings, project)
    loop = _Loop(project, folder, settings.tuner, max_attempts, watch=watch, show=show)
    tried: list[Attempt] = []
    changes: Mapping[str, Any] = {}
    notes: tuple[str, ...] = ()
    reason = f"none of {max_attempts} attempts passed"
    for number in range(1, max_attempts + 1):
        attempt = Attempt(number, folder / f"attempt-{number}", config, changes, notes)
        tried.append(loop.run(attempt))
        if tried[-1].passed:
            return _release(tried, settings, training, project, key=key)
        repair = next_config(
            [_as_tried(one) for one in tried],
            replay_data=str(replay_data.resolve()) if replay_data else None,
        )
        if repair.config is None:
            reason = " ".join(repair.notes)
            break
        config, changes, notes = repair.config, repair.changes, repair.notes
    return Outcome(tuple(tried), min(tried, key=_distance), reason=reason)


class _Loop:
    """Trains and gates one attempt after another."""

    def __init__(
        self,
        project: Path,
        folder: Path,
        tuner: str,
        max_attempts: int,
        *,
        watch: bool,
        show: Show,
    ) -> None:
        self._project = project
        self._folder = folder
        self._kind = "model" if tuner == "full" else "adapter"
        self._max_attempts = max_attempts
        self._watch = watch
        self._show = show

    def run(self, attempt: Attempt) -> Attempt:
        """Train an attempt, unless it is trained already, and gate it."""
        candidate = {attempt.name: {self._kind: str(attempt.adapter.resolve())}}
        project = load_project(self._project, overrides=[f"candidates={json.dumps(candidate)}"])
        if project.releases_any:
            # The first attempt that passes is released: each may be the bad one that does.
            project = replace(project, attempts=self._max_attempts)
        if diverged := self._train(attempt, project):
            return replace(attempt, diverged=diverged)
        self._show.stage(f"{attempt.name}: gating")
        selected = [(gate, attempt.name) for gate in project.thresholds.gates]
        with self._show.checking() as on_progress:
            result = run_check(
                project, selected, on_progress=on_progress, title=f"EvalGuard {attempt.name}"
            )
        write_json(result, attempt.result_path)
        return replace(attempt, result=result)

    def _train(self, attempt: Attempt, project: Project) -> str:
        """Train, where that is still to be done; return why it broke off, if it did."""
        from evalguard.pipeline.probes import GateProbe
        from evalguard.training.finetune import train

        path, said = attempt.folder / _CONFIG, attempt.folder / _DIVERGED
        if path.is_file() and yaml.safe_load(path.read_text(encoding="utf-8")) == attempt.config:
            if said.is_file():
                return said.read_text(encoding="utf-8")
            if (attempt.adapter / TRAINING_RECORD).is_file():
                return ""
        shutil.rmtree(attempt.folder, ignore_errors=True)
        attempt.folder.mkdir(parents=True)
        path.write_text(yaml.safe_dump(dict(attempt.config), sort_keys=False), encoding="utf-8")
        settings = load_training_config(path, [f"output={attempt.adapter.resolve()}"])
        self._show.stage(f"{attempt.name}: training")
        probe = (
            GateProbe(project, model=attempt.name, on_look=self._show.looked)
            if self._watch
            else None
        )
        try:
            with self._show.training() as on_progress:
                train(
                    settings,
                    base_dir=path.parent,
                    on_progress=on_progress,
                    probe=probe,
                    on_note=self._show.note,
                )
        except TrainingError as error:
            said.write_text(str(error), encoding="utf-8")
            return str(error)
        return ""


def _release(
    tried: Sequence[Attempt],
    settings: TrainingConfig,
    training: Path,
    project: Path,
    *,
    key: Path | None,
) -> Outcome:
    """Put what passed in its place, with its receipt."""
    attempt = tried[-1]
    assert attempt.result is not None
    output = training.parent / settings.output
    loaded = load_project(project)
    base = Path(attempt.config["base"]["model"])
    with placed_folder(output) as folder:
        shutil.copytree(attempt.adapter, folder, dirs_exist_ok=True)
        receipt = make_receipt(
            attempt.result,
            folder,
            base=base if base.is_dir() else None,
            inputs=[
                *(training, attempt.folder / _CONFIG),
                *project_files(loaded),
                *training_files(attempt.config),
            ],
        )
        write_receipt(receipt, folder / RECEIPT_NAME, key=key)
    return Outcome(tuple(tried), attempt, output, output / RECEIPT_NAME)


def _audit(training: Path, settings: TrainingConfig, project: Path) -> None:
    from evalguard.training.audit import audit_config, raise_errors

    report = audit_config(settings, base_dir=training.parent, against=[project])
    left_out = {
        f"{task}:{row}"
        for task, rows in contaminated(load_project(project)).items()
        for row in rows
    }
    standing = [
        finding
        for finding in report.findings
        if not (finding.code == CODE and left_out.issuperset(finding.places))
    ]
    raise_errors(replace(report, findings=tuple(standing)))


def _as_tried(attempt: Attempt) -> Tried:
    result = attempt.result
    return Tried(
        config=attempt.config,
        findings=result.findings if result else (),
        undecided=result is not None and result.verdict is Verdict.INCONCLUSIVE,
        diverged=bool(attempt.diverged),
    )


def _distance(attempt: Attempt) -> tuple[int, int, int]:
    """Order attempts by how far they are from a release."""
    if attempt.result is None:
        return (2, 0, -attempt.number)
    against = blocking(attempt.result.gates)
    failed = any(gate.verdict is not Verdict.INCONCLUSIVE for gate in against)
    return (int(failed), len(against), -attempt.number)


def _folder(project: Project, training: Path, config: Mapping[str, Any]) -> Path:
    """Return the folder of a pipeline: another one as soon as a config or a row changes."""
    parts = [json.dumps(config, sort_keys=True), *map(file_hash, training_files(config))]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
    return project.root / ".evalguard" / "pipeline" / f"{training.stem}-{digest}"


def _absolute(settings: TrainingConfig, base_dir: Path) -> dict[str, Any]:
    """Return a training config as plain data that reads the same from every folder."""
    from evalguard.training.base import resolve

    plain = settings.model_dump(mode="json", exclude_unset=True)
    model = resolve(settings.base, base_dir)
    plain["base"]["model"] = str(Path(model).resolve()) if Path(model).is_dir() else model
    for stage, values in zip(stages_of(plain), settings.stages, strict=True):
        chosen = {name: getattr(values.training, name) for name in ("learning_rate", "epochs")}
        stage["training"] = {**stage.get("training", {}), **chosen}
        for section, name in DATA_KEYS:
            if path := (stage.get(section) or {}).get(name):
                stage[section][name] = str((base_dir / path).resolve())
    if settings.tuner == "lora":
        plain["lora"] = {
            **plain.get("lora", {}),
            "r": settings.lora.r,
            "alpha": settings.lora.alpha,
        }
    plain.pop("preset", None)  # its values are in the config by now
    return plain
