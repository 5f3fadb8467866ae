"""Holds what two checks made of a behaviour to what is expected of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.servers.checked import Checked
from benchmarks.servers.expected import Case, Target

LONGEST_MESSAGE = 1500
"""Characters of an error that a person still reads."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table.

    Attributes:
        case: What was expected.
        good: The check of the candidate that is as good.
        bad: The check of the candidate that is worse.
        misses: What was not as expected.
    """

    case: Case
    good: Checked
    bad: Checked
    misses: tuple[str, ...]

    @property
    def false_pass(self) -> bool:
        """Whether the worse candidate passed."""
        return self.bad.verdict == "PASS"


def judge(case: Case, good: Checked, bad: Checked) -> Line:
    """Return the row of a case."""
    misses = [
        f"{name}: {miss}"
        for name, checked, worse in (("as good", good, False), ("worse", bad, True))
        for miss in _misses(case, checked, worse=worse)
    ]
    return Line(case, good, bad, tuple(misses))


def reached(checked: Checked) -> Target | None:
    """Return which target a check reached; ``None`` for none."""
    if checked.verdict in ("CRASH", "TIMEOUT"):
        return None
    if checked.verdict == "ERROR":
        return Target.ERROR
    return Target.UNMEASURED if checked.missing else Target.RIGHT


def _misses(case: Case, checked: Checked, *, worse: bool) -> Iterator[str]:
    if checked.verdict == "TIMEOUT":
        yield f"did not end within {checked.seconds:.0f} s"
        return
    if checked.verdict == "CRASH":
        yield f"crashed: {checked.message.strip().splitlines()[-1]}"
        return
    if worse and checked.verdict == "PASS":
        yield "FALSE PASS"
    if not worse and checked.verdict == "FAIL":
        yield "false FAIL"
    if checked.n_wrong:
        yield f"{checked.n_wrong} wrong values, such as: {checked.wrong[0]}"
    found = reached(checked)
    if found not in case.targets:
        yield {
            Target.ERROR: f"error: {_short(checked.message)}",
            Target.UNMEASURED: f"{checked.missing} samples lost: {_short(checked.message)}",
        }.get(found or Target.RIGHT, "measured as if nothing were wrong")
    elif found is Target.RIGHT:
        wanted = "FAIL" if worse else "PASS"
        if checked.verdict != wanted and not (worse and checked.verdict == "PASS"):
            yield f"{checked.verdict}, not {wanted}: {_short(checked.message)}"
    else:
        yield from _unheard(case, checked)
        touched = sum(checked.touched)
        if found is Target.UNMEASURED and touched and checked.missing != touched:
            yield f"{checked.missing} samples not measured where {touched} were concerned"


def _unheard(case: Case, checked: Checked) -> Iterator[str]:
    """Yield what is wrong with a message."""
    text = checked.message.casefold()
    if case.words and not any(word.casefold() in text for word in case.words):
        named = " or ".join(repr(word) for word in case.words)
        yield f"the message lacks {named}: {_short(checked.message)}"
    if len(checked.message) > LONGEST_MESSAGE:
        yield f"the message has {len(checked.message)} characters"


def _short(message: str) -> str:
    lines = [line for line in message.splitlines() if "passes in about" not in line]
    return " ".join(" ".join(lines).split())[:300]
