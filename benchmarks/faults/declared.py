"""Faults: what is planted, and what must happen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from benchmarks.faults.planting import Place, Seen

Plant: TypeAlias = Callable[[Place], Seen]
"""Plants a fault in a fresh copy of the project, runs what a user would, and returns what came."""

Wanted: TypeAlias = Callable[[Seen], str]
"""Returns what went wrong; empty where the fault was caught."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        group: Its class.
        what: What it is, in a sentence.
        plant: Plants it.
        wanted: What must happen.
    """

    group: str
    what: str
    plant: Plant
    wanted: Wanted


FAULTS: list[Fault] = []
"""Every fault, in the order of its declaration."""


def declare(group: str, what: str, wanted: Wanted) -> Callable[[Plant], Plant]:
    """Declare a fault: decorates the function that plants it."""

    def register(plant: Plant) -> Plant:
        FAULTS.append(Fault(group, what, plant, wanted))
        return plant

    return register


def blocked(*words: str) -> Wanted:
    """Demand an exit code other than 0 with a message about the fault.

    Args:
        *words: What the output must say, in any case; one of them is enough. Without these, a
            check that is blocked for another reason would count as one that noticed.
    """

    def problem(seen: Seen) -> str:
        if fault := _ended_badly(seen):
            return fault
        if seen.code == 0:
            return f"exit 0: {seen.last_line}"
        said = " ".join(seen.output.split()).lower()  # without the line breaks of a terminal
        if words and not any(word.lower() in said for word in words):
            return f"exit {seen.code}, but not for this: {seen.last_line}"
        return ""

    return problem


def exits(*codes: int, says: str = "") -> Wanted:
    """Demand one of several exit codes, and a word where one is given."""

    def problem(seen: Seen) -> str:
        if fault := _ended_badly(seen):
            return fault
        if seen.code not in codes:
            return f"exit {seen.code}: {seen.last_line}"
        return "" if says.lower() in seen.output.lower() else f"does not say {says!r}"

    return problem


def anew(model: str, suite: str = "facts") -> Wanted:
    """Demand that a model's samples of a suite are not taken from the store."""

    def problem(seen: Seen) -> str:
        if fault := _ended_badly(seen):
            return fault
        if seen.code != 0:
            return ""
        runs = [
            run
            for run in (seen.result or {}).get("tasks", [])
            if (run["model"], run["suite"]) == (model, suite)
        ]
        reused = sum(run["reused"] for run in runs)
        return f"{reused} of {sum(run['samples'] for run in runs)} stored" if reused else ""

    return problem


def no_release(seen: Seen) -> str:
    """Demand that nothing which was written reads like the release of a candidate."""
    if fault := _ended_badly(seen):
        return fault
    texts = {"terminal": seen.output, **seen.written}
    saying = [name for name, text in texts.items() if "may be released" in text]
    return f"“may be released” in {', '.join(saying)}" if saying else ""


def undecided(seen: Seen) -> str:
    """Demand the exit code of a part, and nothing that reads like the release of a candidate."""
    return exits(7)(seen) or no_release(seen)


def inert(*codes: int) -> Wanted:
    """Demand an exit code, and that no character which acts on a display is printed or written."""

    def problem(seen: Seen) -> str:
        if fault := exits(*codes)(seen):
            return fault
        acting = {
            f"{ord(character):#x} in {name}"
            for name, text in {"terminal": seen.output, **seen.written}.items()
            for character in text
            if ord(character) in _ACTING
        }
        return f"raw {', '.join(sorted(acting)[:4])}" if acting else ""

    return problem


_ACTING = {*range(0x9), 0xB, 0xC, *range(0xE, 0x20), 0x7F, *range(0x80, 0xA0),
           *range(0x202A, 0x202F), *range(0x2066, 0x206A)}  # fmt: skip


def _ended_badly(seen: Seen) -> str:
    if seen.timed_out:
        return f"hangs ({seen.seconds:.0f} s)"
    if "Traceback (most recent call last)" in seen.output:
        return f"a traceback: {seen.last_line}"
    return ""
