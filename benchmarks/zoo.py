"""``python -m benchmarks.zoo``: is every damaged adapter caught, and no healthy one blamed?

Trains the zoo where it is not there yet, gates every member against the base, and decides the same
samples by two other rules: the observed drop against the same margins, and lm-eval's z test. Those
two look at every sample of each suite; EvalGuard stops where it is certain.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.rules import Tables, unpaired_z
from evalguard.cli.zoo import build, untrained, write
from evalguard.config import Project, load_project
from evalguard.demo.zoo import MEMBERS, STRENGTHS, Member
from evalguard.records import CheckResult, GateResult, Verdict
from evalguard.runner.check import run_check

WORKDIR = Path(".evalguard/zoo")


@dataclass(frozen=True, slots=True)
class Found:
    """What was decided about one member.

    Attributes:
        member: The member.
        verdict: EvalGuard's overall verdict.
        named: Codes of the findings that stand for themselves.
        point_fails: Whether an observed drop exceeds a margin.
        z_fails: Whether lm-eval's z test calls a drop significant.
        samples: Answers that EvalGuard scored, and how many there are.
    """

    member: Member
    verdict: Verdict
    named: tuple[str, ...]
    point_fails: bool
    z_fails: bool
    samples: tuple[int, int]

    @property
    def is_caught(self) -> bool:
        """Whether it FAILed."""
        return self.verdict is Verdict.FAIL

    @property
    def is_right(self) -> bool:
        """Whether the verdict and the name are what they must be."""
        return self.member.finding in self.named and self.is_caught == bool(self.member.strength)


def gate(project: Project, members: Sequence[Member], *, full: bool) -> CheckResult:
    """Gate the members, all on one load of the base."""
    selected = [(g, member.name) for member in members for g in project.thresholds.gates]
    return run_check(project, selected, full=full)


def judge(members: Sequence[Member], early: CheckResult, full: CheckResult) -> list[Found]:
    """Set EvalGuard's verdicts beside those of the other rules."""
    found = []
    for member in members:
        gates = [g for g in early.gates if g.model == member.name]
        every = [g for g in full.gates if g.model == member.name]
        tasks = [task for task in early.tasks if task.model == member.name]
        found.append(
            Found(
                member=member,
                verdict=_verdict(gates),
                named=tuple(
                    finding.code
                    for finding in early.findings
                    if finding.model == member.name and finding.explained_by is None
                ),
                point_fails=any(map(_point_fails, every)),
                z_fails=any(map(_z_fails, every)),
                samples=(sum(t.samples for t in tasks), sum(t.planned for t in tasks)),
            )
        )
    return found


def _verdict(gates: Sequence[GateResult]) -> Verdict:
    from evalguard.verdicts import overall

    return overall(gates)[0]


def _point_fails(result: GateResult) -> bool:
    return (
        result.margin is not None
        and result.delta is not None
        and result.delta < -result.margin - 1e-12
    )


def _z_fails(result: GateResult) -> bool:
    if result.losses is None or result.gains is None or result.baseline is None:
        return False  # the test is for means of right and wrong answers
    right = round(result.baseline * result.n) - result.losses
    counts = (np.array([value]) for value in (result.losses, result.gains, right))
    return bool(unpaired_z(Tables(result.n, *counts), 0.0).failed[0])


def print_members(found: Sequence[Found], console: Console) -> None:
    """Print a line for each member."""
    table = Table("member", "verdict", "named", "right", "point rule", "z test", "samples")
    for one in found:
        table.add_row(
            one.member.name,
            str(one.verdict),
            ", ".join(one.named),
            "yes" if one.is_right else "NO",
            "FAIL" if one.point_fails else "pass",
            "FAIL" if one.z_fails else "pass",
            f"{one.samples[0]:,} of {one.samples[1]:,}",
        )
    console.print(table)


def print_rates(found: Sequence[Found], console: Console) -> bool:
    """Print detection and false alarms beside the targets; return whether all are reached."""
    groups: dict[str, list[Found]] = defaultdict(list)
    for one in found:
        groups[one.member.strength or "healthy"].append(one)
    table = Table("", "target", "EvalGuard", "point rule", "z test")
    reached = True
    for strength in STRENGTHS:
        group = groups[strength]
        caught = sum(one.is_caught for one in group)
        needed = len(group) if strength != "mild" else 0
        reached &= caught >= needed
        table.add_row(
            f"{strength} damages that FAIL",
            f"{needed} of {len(group)}" if needed else "",
            _of(caught, group, missed=caught < needed),
            _of(sum(one.point_fails for one in group), group),
            _of(sum(one.z_fails for one in group), group),
        )
    for strength in STRENGTHS:
        group = groups[strength]
        named = sum(one.is_right for one in group)
        needed = len(group) if strength != "mild" else 0
        reached &= named >= needed
        table.add_row(
            f"{strength} damages named rightly",
            f"{needed} of {len(group)}" if needed else "",
            _of(named, group, missed=named < needed),
            "–",
            "–",
        )
    healthy = groups["healthy"]
    alarms, point, z = (
        sum(values)
        for values in (
            [one.is_caught for one in healthy],
            [one.point_fails for one in healthy],
            [one.z_fails for one in healthy],
        )
    )
    reached &= alarms == 0
    table.add_row(
        "healthy ones that FAIL", f"0 of {len(healthy)}", _of(alarms, healthy, missed=alarms > 0),
        _of(point, healthy), _of(z, healthy),
    )  # fmt: skip
    serious = groups["medium"] + groups["severe"]
    worse = point > alarms or sum(o.point_fails for o in serious) < sum(
        o.is_caught for o in serious
    )
    reached &= worse
    table.add_row(
        "the point rule is worse on one of the two", "yes", "yes" if worse else "no  MISSED", "", ""
    )
    measured, planned = (sum(one.samples[i] for one in found) for i in (0, 1))
    table.add_row("share of the samples used", "", f"{measured / planned:.0%}", "100%", "100%")
    console.print(table)
    return reached


def _of(count: int, group: Sequence[Found], *, missed: bool = False) -> str:
    return f"{count} of {len(group)}{'  MISSED' if missed else ''}"


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.zoo")
    parser.add_argument("--workdir", type=Path, default=WORKDIR, help="folder of the zoo")
    parser.add_argument("--jobs", type=int, default=2, help="trainings side by side")
    options = parser.parse_args()
    console = Console(width=150)
    members = list(MEMBERS.values())
    config, trainings = write(options.workdir, members)
    missing = untrained(options.workdir, trainings)
    started = time.perf_counter()
    for _ in track(build(missing, jobs=options.jobs), "training the zoo", total=len(missing)):
        pass
    trained = time.perf_counter()
    project = load_project(config)
    early = gate(project, members, full=False)
    gated = time.perf_counter()
    found = judge(members, early, gate(project, members, full=True))
    print_members(found, console)
    reached = print_rates(found, console)
    console.print(
        f"{len(missing)} trained in {trained - started:.0f} s; {len(members)} gated in "
        f"{gated - trained:.0f} s ({early.timing['engine_seconds']:.0f} s of it in the engine)"
    )
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
