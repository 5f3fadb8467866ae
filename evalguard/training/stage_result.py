"""What a stage came to: its curve, its rows, and what probes saw."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from evalguard.records import LossPoint, ProbePoint, RowCounts


@dataclass(frozen=True, slots=True)
class ProbeOutcome:
    """What the looks of a run came to.

    Attributes:
        points: Every look.
        stopped: Why the run was stopped; empty where it was not.
        kept_step: Step whose weights were put back; ``None`` where those of the end were kept.
    """

    points: tuple[ProbePoint, ...] = ()
    stopped: str = ""
    kept_step: int | None = None

    def then(self, later: ProbeOutcome, *, after_step: int) -> ProbeOutcome:
        """Return both outcomes as one, the steps of the later stage numbered on."""
        points = tuple(replace(point, step=point.step + after_step) for point in later.points)
        kept = later.kept_step
        return ProbeOutcome(
            points=(*self.points, *points),
            stopped=later.stopped,
            kept_step=None if kept is None else kept + after_step,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StageResult:
    """A finished stage.

    Attributes:
        method: ``sft``, ``dpo``, …
        train: Rows of its training set.
        validation: Rows of its held-out set; ``None`` where it has none.
        replayed: Rows trained on that are general data.
        curve: Its logged steps, numbered from 1.
        warnings: What stood out.
        seen: What probes saw.
    """

    method: str
    train: RowCounts
    validation: RowCounts | None
    replayed: int
    curve: tuple[LossPoint, ...]
    warnings: tuple[str, ...] = ()
    seen: ProbeOutcome = field(default_factory=ProbeOutcome)
