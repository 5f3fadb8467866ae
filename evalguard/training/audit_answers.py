"""What the answers teach: broken JSON, cut-off texts, one answer to everything, refusals."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from evalguard.scorers.refusal import Response, classify
from evalguard.training.audit_findings import SHOWN_EVIDENCE, AuditFinding, Level, Location, cut
from evalguard.training.audit_words import answers, question, words
from evalguard.training.formats import Example

JSON_SHARE = 0.5
"""From this share of JSON answers on, a broken one is an error: JSON is the task."""

CONSTANT_SHARE = 0.3
"""From this share on, one same answer teaches the model to say it always."""

REFUSAL_SHARE = 0.1
"""From this share on, refusals teach to refuse."""

MIN_ROWS = 20
"""Shares of fewer rows say nothing."""

_LABEL_WORDS = 4
_MAX_LABELS = 30

_CUT_OFF = re.compile(r"(?:[,;:(\[{–-]|\b(?:and|or|but|because|the|a|an|of|to|with|that|is))\s*$")

_LIKE_JSON = re.compile(
    r"\s*(?:\{|\[\s*(?:[\[{\"'\]]|-?\d[\d.]*\s*(?:,|\]?\s*$)|(?:true|false|null)\b|$))"
)
"""Begins as JSON does; a list of calls (``[f(x=1)]``), a citation (``[1]``) or a note does not."""

_HARMFUL = re.compile(
    r"\b(?:build|make|assemble|create|synthesi[sz]e|write|buy|get)\b.{0,40}"
    r"\b(?:bomb|explosives?|pipe bomb|nerve agent|meth|malware|ransomware|keylogger|"
    r"phishing (?:mail|email|page)|counterfeit|untraceable gun)s?\b"
    r"|\b(?:hack into|break into|poison|stalk|blackmail|kill|murder|torture)\b.{0,30}"
    r"\b(?:someone|somebody|a person|my|his|her|their|the)\b"
    r"|\b(?:suicide|self-harm)\b.{0,30}\b(?:method|ways?|how)\b",
    re.IGNORECASE | re.DOTALL,
)


def find_in_answers(examples: Sequence[Example]) -> Iterable[AuditFinding]:
    """Run every check of the answers."""
    taught = [
        (example, answer) for example in examples for answer in answers(example) if answer.strip()
    ]
    if not taught:
        return
    yield from _json(taught)
    yield from _cut_off(taught)
    yield from _balance(taught)
    yield from _refusals(taught)


_Taught = Sequence[tuple[Example, str]]


def _json(taught: _Taught) -> Iterable[AuditFinding]:
    like_json = [pair for pair in taught if _LIKE_JSON.match(pair[1])]
    broken = [pair for pair in like_json if not _parses(pair[1])]
    is_the_task = len(like_json) >= JSON_SHARE * len(taught)
    yield from _finding(
        "broken_json",
        Level.ERROR if is_the_task else Level.WARNING,
        broken,
        f"{len(broken)} of {len(like_json)} answers that start like JSON do not parse",
        "Fix them: the model would learn to write broken JSON.",
    )


def _parses(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _cut_off(taught: _Taught) -> Iterable[AuditFinding]:
    found = [
        pair
        for pair in taught
        if len(pair[1].split()) > _LABEL_WORDS
        and (_CUT_OFF.search(pair[1]) or pair[1].count("```") % 2)
    ]
    yield from _finding(
        "cut_off",
        Level.WARNING,
        found,
        f"{len(found)} answers seem to be truncated",
        "Complete or remove them: the model would learn to stop mid-sentence.",
    )


def _balance(taught: _Taught) -> Iterable[AuditFinding]:
    counts = Counter(words(answer) for _, answer in taught)
    if len(taught) < MIN_ROWS:
        return
    most, n = counts.most_common(1)[0]
    labels = [label for label in counts if len(label) <= _LABEL_WORDS]
    if len(labels) == len(counts) and 2 <= len(labels) <= _MAX_LABELS:
        rare = min(counts.values())
        if n > 0.9 * len(taught) or rare < 0.01 * len(taught):
            shown = ", ".join(
                f"{' '.join(k)} {v / len(taught):.1%}" for k, v in counts.most_common()
            )
            yield AuditFinding(
                code="label_balance",
                level=Level.WARNING,
                title=f"the {len(labels)} labels are imbalanced: {cut(shown)}",
                count=len(taught),
                advice="Add rows with the rare labels, or gate on a macro average.",
            )
    elif n >= CONSTANT_SHARE * len(taught):
        same = [pair for pair in taught if words(pair[1]) == most]
        yield from _finding(
            "constant_answer",
            Level.WARNING,
            same,
            f"{n} of {len(taught)} answers are identical",
            "Vary them: the model would learn to say this to anything (mode collapse).",
        )


def _refusals(taught: _Taught) -> Iterable[AuditFinding]:
    refused = [pair for pair in taught if classify(pair[1]) is Response.REFUSED]
    if len(refused) >= REFUSAL_SHARE * len(taught) and len(taught) >= MIN_ROWS:
        yield from _finding(
            "teaches_refusal",
            Level.WARNING,
            refused,
            f"{len(refused)} of {len(taught)} answers refuse",
            "Fine for safety data; add a gate on over-refusal (benign look-alikes).",
        )
    complied = [
        pair
        for pair in taught
        if _HARMFUL.search(question(pair[0])) and classify(pair[1]) is Response.ANSWERED
    ]
    yield from _finding(
        "teaches_compliance",
        Level.WARNING,
        complied,
        f"{len(complied)} answers comply with a request that looks harmful",
        "Replace them with refusals, and add a safety gate.",
    )


def _finding(
    code: str, level: Level, pairs: _Taught, title: str, advice: str
) -> Iterable[AuditFinding]:
    if pairs:
        yield AuditFinding(
            code=code,
            level=level,
            title=title,
            count=len(pairs),
            advice=advice,
            evidence=tuple(
                Location(example.where, cut(answer)) for example, answer in pairs[:SHOWN_EVIDENCE]
            ),
            places=tuple(example.where for example, _ in pairs),
        )
