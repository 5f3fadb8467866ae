"""Audits training data before it is trained on.

Errors (broken rows, items of the gate's suites, broken JSON where JSON is the task) stop the
training; warnings do not.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evalguard.errors import DataError
from evalguard.quiet import quiet
from evalguard.training.audit_answers import find_in_answers
from evalguard.training.audit_contamination import find_contamination
from evalguard.training.audit_duplicates import find_duplicates, find_overlap
from evalguard.training.audit_findings import (
    SHOWN_EVIDENCE,
    AuditFinding,
    AuditReport,
    Evidence,
    Level,
    cut,
)
from evalguard.training.audit_pii import find_pii
from evalguard.training.audit_suites import SuiteItem, load_items
from evalguard.training.audit_words import whole
from evalguard.training.config import TrainingConfig
from evalguard.training.dataset import layouts_of, read_examples
from evalguard.training.formats import Example, Layout
from evalguard.training.rows import RowProblem
from evalguard.training.tokens import count_tokens


def audit(
    data: Sequence[Path],
    *,
    validation: Path | None = None,
    against: Sequence[Path] = (),
    tokenizer: Any = None,
    max_length: int | None = None,
    layouts: Mapping[Path, Layout] | None = None,
) -> AuditReport:
    """Audit data files as one training set.

    Args:
        data: The training files.
        validation: File of held-out rows.
        against: Suites, projects or data files whose questions must not be trained on.
        tokenizer: The base's tokenizer; lengths are counted where it is given.
        max_length: Tokens of a sequence that the training keeps.
        layouts: What a config says about the rows of a file; guessed for the others.

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
    if examples:
        findings += find_contamination(examples, items) if items else ()
        findings += find_in_answers(examples)
        findings += find_duplicates(examples)
        if validation is not None:
            held = read_examples(validation, (layouts or {}).get(validation))
            readings.append(held)
            findings += [*_broken(held.problems), *find_overlap(examples, held.examples)]
        findings += find_pii(examples)
        if tokenizer is not None:
            lengths, refused = count_tokens(examples, tokenizer)
            findings += _refused(refused)
            ordered = sorted(lengths)
            tokens = (
                ordered[len(ordered) // 2],
                ordered[int(0.95 * (len(ordered) - 1))],
                ordered[-1],
            )
            findings += _over_long(examples, lengths, max_length)
    return AuditReport(
        data=tuple(str(path) for path in data),
        rows=len(examples),
        formats=dict(Counter(example.format for example in examples)),
        tokens=tokens,
        suite_items=len(items),
        findings=tuple(sorted(findings, key=lambda f: (f.level is not Level.ERROR, -f.count))),
        seconds=time.monotonic() - started,
        notes=tuple(line for reading in readings for line in reading.lines()),
    )


def audit_config(
    config: TrainingConfig, *, base_dir: Path, against: Sequence[Path] = ()
) -> AuditReport:
    """Audit the data of a training config's first stage, with its base's tokenizer.

    Args:
        config: Names the data, the base and the length.
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
    files = [config.data.train, *([config.replay.data] if config.replay else [])]
    return audit(
        [base_dir / file for file in files],
        validation=base_dir / config.data.validation if config.data.validation else None,
        against=against,
        tokenizer=tokenizer,
        max_length=config.training.max_length,
        layouts=layouts_of(config.stages, base_dir),
    )


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
    if problems:
        yield AuditFinding(
            code="broken_rows",
            level=Level.ERROR,
            title=f"{len(problems)} rows cannot be trained on",
            count=len(problems),
            advice="Mend or remove them.",
            evidence=tuple(
                Evidence(problem.where, cut(problem.message, 600))
                for problem in problems[:SHOWN_EVIDENCE]
            ),
            places=tuple(problem.where for problem in problems),
        )


def _refused(problems: Sequence[RowProblem]) -> Iterable[AuditFinding]:
    """Yield one finding, with the first row of each reason."""
    if problems:
        first = {problem.message: problem.where for problem in reversed(problems)}
        reasons = list(reversed(first.items()))
        yield AuditFinding(
            code="refused_by_template",
            level=Level.ERROR,
            title=f"{len(problems)} rows do not fit the base's chat template",
            count=len(problems),
            advice="Change them as each reason says, or choose another base.",
            evidence=tuple(
                Evidence(where, cut(reason, 600)) for reason, where in reasons[:SHOWN_EVIDENCE]
            ),
            places=tuple(problem.where for problem in problems),
        )


def _over_long(
    examples: Sequence[Example], lengths: Sequence[int], max_length: int | None
) -> Iterable[AuditFinding]:
    if max_length is None:
        return
    long = [(e, n) for e, n in zip(examples, lengths, strict=True) if n > max_length]
    if long:
        yield AuditFinding(
            code="over_long",
            level=Level.WARNING,
            title=f"{len(long)} rows are longer than {max_length} tokens and would be cut",
            count=len(long),
            advice="Raise training.max_length, or shorten them: a cut answer has no end.",
            evidence=tuple(
                Evidence(example.where, f"{n} tokens: {cut(whole(example), 120)}")
                for example, n in long[:SHOWN_EVIDENCE]
            ),
            places=tuple(example.where for example, _ in long),
        )
