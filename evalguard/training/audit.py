"""Audits training data before it is trained on.

Errors (broken rows, items of the gate's suites, broken JSON where JSON is the task) stop the
training; warnings do not.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evalguard.errors import DataError
from evalguard.quiet import quiet
from evalguard.training.audit_answers import find_in_answers
from evalguard.training.audit_contamination import find_contamination
from evalguard.training.audit_duplicates import find_duplicates, find_overlap
from evalguard.training.audit_findings import (
    AuditFinding,
    AuditReport,
    Level,
)
from evalguard.training.audit_pii import find_pii
from evalguard.training.audit_rows import (
    count_lengths,
    find_one_class,
    find_over_long,
    find_problems,
)
from evalguard.training.audit_suites import SuiteItem, load_items
from evalguard.training.config import Stage, TrainingConfig
from evalguard.training.dataset import layouts_of, read_examples
from evalguard.training.formats import Example, Layout
from evalguard.training.methods import MethodName
from evalguard.training.rows import RowProblem


def audit(
    data: Sequence[Path],
    *,
    validation: Path | None = None,
    against: Sequence[Path] = (),
    tokenizer: Any = None,
    max_length: int | None = None,
    layouts: Mapping[Path, Layout] | None = None,
    max_cut_share: float = 1.0,
    method: MethodName | None = None,
) -> AuditReport:
    """Audit data files as one training set.

    Args:
        data: The training files.
        validation: File of held-out rows.
        against: Suites, projects or data files whose questions must not be trained on.
        tokenizer: The base's tokenizer; lengths are counted where it is given.
        max_length: Tokens of a sequence that the training keeps.
        layouts: What a config says about the rows of a file; guessed for the others.
        max_cut_share: Share of a file's rows that may be longer; more of them are an error.
        method: What the rows are for; KTO needs wanted and unwanted answers.

    Raises:
        DataError: If a file as a whole is missing, of another kind, unreadable or empty.
        ConfigError: If a suite or project of ``against`` has problems.
    """
    started = time.monotonic()
    items: list[SuiteItem] = [item for path in against for item in load_items(path)]
    readings = [read_examples(path, (layouts or {}).get(path)) for path in data]
    examples = [example for reading in readings for example in reading.examples]
    problems = [problem for reading in readings for problem in reading.problems]
    findings = list(_broken(problems))
    tokens = None
    held_out: Sequence[Example] = ()
    if validation is not None:
        held = read_examples(validation, (layouts or {}).get(validation))
        readings.append(held)
        held_out = held.examples
        findings += _broken(held.problems)
    if examples:
        findings += find_contamination(examples, items) if items else ()
        findings += find_in_answers(examples)
        findings += find_duplicates(examples)
        findings += find_pii(examples)
        findings += find_one_class(examples) if method == "kto" and not problems else ()
    if held_out:
        findings += find_overlap(examples, held_out) if examples else ()
        leaked = find_contamination(held_out, items) if items else ()
        findings += _of_held_out([*leaked, *find_in_answers(held_out), *find_pii(held_out)])
    if tokenizer is not None and examples:
        problems_found, lengths = count_lengths([*examples, *held_out], tokenizer)
        findings += problems_found
        if lengths:
            ordered = sorted(lengths[: len(examples)])
            tokens = (
                ordered[len(ordered) // 2],
                ordered[int(0.95 * (len(ordered) - 1))],
                ordered[-1],
            )
            findings += find_over_long(
                [*examples, *held_out], lengths, max_length=max_length, max_cut_share=max_cut_share
            )
    return AuditReport(
        data=tuple(str(path) for path in data),
        rows=len(examples),
        formats=dict(Counter(example.format for example in examples)),
        tokens=tokens,
        suite_items=len(items),
        findings=_sorted(findings),
        seconds=time.monotonic() - started,
        notes=tuple(line for reading in readings for line in reading.lines()),
    )


def audit_config(
    config: TrainingConfig, *, base_dir: Path, against: Sequence[Path] = ()
) -> AuditReport:
    """Audit the data of every stage of a training config, with its base's tokenizer.

    Args:
        config: Names the data, the base and the lengths.
        base_dir: Folder that the config's relative paths refer to.
        against: As for :func:`audit`.

    Raises:
        DataError: As for :func:`audit`.
        ConfigError: As for :func:`audit`.
        ModelError: If the base's tokenizer cannot be loaded.
    """
    from transformers import AutoTokenizer

    from evalguard.training.base import open_pretrained, resolve

    with quiet():
        name = resolve(config.base, base_dir)
        tokenizer = open_pretrained(AutoTokenizer, name, revision=config.base.revision)
    reports = [
        _audit_stage(stage, base_dir=base_dir, against=against, tokenizer=tokenizer)
        for stage in config.stages
    ]
    return _together(reports)


def _audit_stage(
    stage: Stage, *, base_dir: Path, against: Sequence[Path], tokenizer: Any
) -> AuditReport:
    files = [stage.data.train, *([stage.replay.data] if stage.replay else [])]
    return audit(
        [base_dir / file for file in files],
        validation=base_dir / stage.data.validation if stage.data.validation else None,
        against=against,
        tokenizer=tokenizer,
        max_length=stage.training.max_length,
        max_cut_share=stage.training.max_cut_share,
        method=stage.method,
        layouts=layouts_of([stage], base_dir),
    )


def _together(reports: Sequence[AuditReport]) -> AuditReport:
    """Return the audits of several stages as one; what two of them found alike stands once."""
    first, *others = reports
    if not others:
        return first
    findings: dict[tuple[str, str, tuple[str, ...]], AuditFinding] = {}
    for report in reports:
        for one in report.findings:
            findings.setdefault((one.code, one.title, one.places), one)
    formats: Counter[str] = Counter()
    for report in reports:
        formats.update(report.formats)
    return AuditReport(
        data=tuple(dict.fromkeys(file for report in reports for file in report.data)),
        rows=sum(report.rows for report in reports),
        formats=dict(formats),
        tokens=max((report.tokens for report in reports if report.tokens), key=max, default=None),
        suite_items=first.suite_items,
        findings=_sorted(findings.values()),
        seconds=sum(report.seconds for report in reports),
        notes=tuple(dict.fromkeys(note for report in reports for note in report.notes)),
    )


def _sorted(findings: Iterable[AuditFinding]) -> tuple[AuditFinding, ...]:
    return tuple(sorted(findings, key=lambda f: (f.level is not Level.ERROR, -f.count)))


def _of_held_out(findings: Iterable[AuditFinding]) -> Iterable[AuditFinding]:
    """Say that rows are held out: they are not learned, but the best weights are chosen by them."""
    for finding in findings:
        title = finding.title.replace("the training data", "them").replace("the data", "them")
        yield replace(finding, title=f"held-out rows: {title}", level=Level.WARNING)


def check_data(
    config: TrainingConfig, *, base_dir: Path, on_note: Callable[[str], None] | None = None
) -> None:
    """Audit the data of a training config and stop at errors.

    Args:
        config: As for :func:`audit_config`.
        base_dir: Folder that the config's relative paths refer to.
        on_note: Called with each line on the rows, and with each warning, which begins with an
            exclamation mark.

    Raises:
        DataError: Naming every error, or as for :func:`audit`.
        ModelError: If the base's tokenizer cannot be loaded.
    """
    report = audit_config(config, base_dir=base_dir)
    tell = on_note or (lambda _: None)
    for note in report.notes:
        tell(note)
    raise_errors(report)
    for finding in report.findings:
        tell(f"! {finding.title}")


def raise_errors(report: AuditReport) -> None:
    """Stop what would train on the data where the audit found an error.

    Raises:
        DataError: Naming every error with its first pieces of evidence.
    """
    if not report.errors:
        return
    lines = []
    for finding in report.errors:
        lines.append(f"  {finding.title}. {finding.advice}")
        lines += [
            f"    {evidence.where}: {evidence.text}"
            + (f"  ↔  {evidence.other_where}" if evidence.other_where else "")
            for evidence in finding.evidence
        ]
    raise DataError(f"the audit of {', '.join(report.data)} found errors:\n" + "\n".join(lines))


def _broken(problems: Sequence[RowProblem]) -> Iterable[AuditFinding]:
    return find_problems(
        problems,
        code="broken_rows",
        what="cannot be used for training",
        advice="Fix or remove them.",
    )
