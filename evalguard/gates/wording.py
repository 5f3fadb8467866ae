"""Why a gate got its verdict, in a sentence."""

from __future__ import annotations

from evalguard.demands import Change, ConditionTest
from evalguard.demands.words import pvalue
from evalguard.gates.evidence import Evidence
from evalguard.gates.looks import Look
from evalguard.records import Comparison
from evalguard.stats import ConfidenceInterval


class Wording:
    """Sentences about one comparison, in its metric's own scale."""

    def __init__(
        self, comparison: Comparison, evidence: Evidence, look: Look, limits: ConfidenceInterval
    ) -> None:
        self.evidence = evidence
        self.look = look
        self.change = Change(evidence.difference.estimate, *limits, comparison.metric.percent)

    def passed(self) -> str:
        """Say what is shown."""
        demands = self.evidence.demands
        shown = (demand.passed(self.change) for demand in demands if demand.condition.must_be_shown)
        return "; ".join(shown)

    def failed(self, adjusted: float) -> str:
        """Say what the candidate does not meet."""
        failing = min(self.evidence.demands, key=lambda demand: demand.p_fail)
        return failing.failed(self.change, adjusted)

    def undecided(self, demand: ConditionTest, required_n: int | None, gates: int) -> str:
        """Say what is not shown, and what would decide it."""
        if self.evidence.too_few_units:
            return (
                f"{self.evidence.units} independent units (effective number) are too few for "
                "any verdict; measure more of them"
            )
        failing = min(self.evidence.demands, key=lambda demand: demand.p_fail)
        if failing.p_fail <= self.look.level and self.look.decides:
            alone = f"{failing.condition.text} fails on its own ({pvalue(failing.p_fail)})"
            over = f"Holm's correction over {gates} gates"
            if gates == 1:
                over = f"correction over the gate's {len(self.evidence.demands)} demands"
            reason = f"{alone}, but not after {over}"
        else:
            reason = demand.undecided(self.change)
        if not self.look.ended:
            return f"not decided yet: {reason}"
        return f"{reason}; {self._advice(required_n)}"

    def as_scored(self) -> str:
        """Say what the scores show, where the change is corrected."""
        seen = self.evidence.seen
        if seen is None or self.evidence.incomplete:
            return ""
        return f" (corrected; change as scored {self.change.signed(seen.estimate)})"

    def missing(self) -> str:
        """Say that too many samples could not be measured."""
        evidence = self.evidence
        allowed = evidence.missing_allowed
        limit = f"more than {allowed:.0%}" if allowed else "which a corpus metric cannot replace"
        return (
            f"{evidence.missing} of {evidence.n} samples could not be measured, {limit}; see the "
            "warnings"
        )

    def _advice(self, required_n: int | None) -> str:
        n = self.evidence.n
        if required_n is None and self.evidence.missing:
            return (
                f"{self.evidence.missing} samples could not be measured and count against it; "
                "measure them"
            )
        if required_n is None:
            return "too close to the margin for any practical number of samples"
        more = required_n - n
        samples = "sample" if more == 1 else "samples"
        return f"about {more} more {samples} ({required_n} in total) would decide it"
