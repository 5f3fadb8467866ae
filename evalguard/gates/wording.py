"""Why a gate got its verdict, in a sentence."""

from __future__ import annotations

from evalguard.demands import Change, ConditionTest
from evalguard.demands.words import pvalue
from evalguard.gates.evidence import Evidence
from evalguard.gates.looks import Look
from evalguard.records import Comparison, in_reach
from evalguard.stats import AcrossSeeds, ConfidenceInterval

MANY = 3
"""Times the planned samples, above which a suite may not have them."""


class Wording:
    """Sentences about one comparison, in its metric's own scale."""

    def __init__(
        self,
        comparison: Comparison,
        evidence: Evidence,
        look: Look,
        limits: ConfidenceInterval,
        narrowest: float | None = None,
    ) -> None:
        """Take what the sentences are about.

        Args:
            comparison: The comparison.
            evidence: Its tests.
            look: The look.
            limits: Limits of the difference.
            narrowest: The least margin that the planned samples could show to be kept.
        """
        self.n_planned = comparison.n_planned
        self.drawn = bool(comparison.labels)
        self.narrowest = narrowest
        self.evidence = evidence
        self.look = look
        self.change = Change(evidence.difference.estimate, *limits, comparison.metric.percent)

    def passed(self) -> str:
        """Say what is shown."""
        demands = self.evidence.demands
        shown = (demand.passed(self.change) for demand in demands if demand.condition.must_be_shown)
        return "; ".join(shown) + self._seeds() + self._stage()

    def failed(self, adjusted: float) -> str:
        """Say what the candidate does not meet."""
        failing = min(self.evidence.demands, key=lambda demand: demand.p_fail)
        return failing.failed(self.change, adjusted) + self._seeds() + self._stage()

    def undecided(
        self, demand: ConditionTest, required_n: int | None, gates: int, *, futile: bool
    ) -> str:
        """Say what is not shown, and what would decide it."""
        if self.evidence.too_few_units:
            return (
                f"{self.evidence.units} independent units (effective number) are too few for a "
                "verdict; measure more"
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
        if futile:
            reason = f"stopped early, as PASS is out of reach: {reason}"
        elif not self.look.ended:
            return f"not decided yet: {reason}"
        if self.evidence.seeds:
            return f"{reason}{self._seeds()}; {self._more_seeds(demand)}"
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

    def _seeds(self) -> str:
        """Say how the trainings of a recipe differ."""
        if not self.evidence.seeds:
            return ""
        each = ", ".join(self.change.signed(one) for one in self.evidence.seeds)
        return f"; by seed: {each}"

    def _more_seeds(self, demand: ConditionTest) -> str:
        """Say how many trainings of a recipe would decide it."""
        if self.evidence.missing:
            return "measure what is missing"
        needed = None
        if isinstance(demand.test, AcrossSeeds):
            passing = demand.test.estimate + demand.margin > 0
            level = self.look.level_pass if passing else self.look.level
            needed = demand.test.seeds_to_decide(demand.margin, alpha=level)
        if needed is None:
            return "no number of seeds would decide it on these samples"
        return f"about {needed} seeds would decide it on these samples"

    def _stage(self) -> str:
        """Say which stage decided, where there are several."""
        extension = self.look.stage - 1
        return f"; decided by extension {extension}" if extension else ""

    def _advice(self, required_n: int | None) -> str:
        n = self.evidence.n
        if required_n is None and self.evidence.missing:
            return (
                f"{self.evidence.missing} samples could not be measured and count against it; "
                "measure them"
            )
        if required_n is None:
            return f"no practical number of samples would decide it{self._instead()}"
        if not in_reach(required_n, self.n_planned):
            times = round(required_n / self.n_planned)
            return (
                f"deciding it takes about {_rounded(required_n):,} samples, {times} times those "
                f"planned{self._instead()}"
            )
        instead = self._instead() if required_n > MANY * self.n_planned else ""
        if self.drawn:
            return (
                f"about {_rounded(required_n):,} samples in total would decide it, with as large "
                f"a share of them drawn for labels{instead}"
            )
        if not self.look.reserve:
            return f"about {_rounded(required_n):,} samples in total would decide it{instead}"
        more = _rounded(required_n - n)
        command = f"evalguard check --extend {more}"
        return f"about {more:,} more samples would decide it ({command}){instead}"

    def _instead(self) -> str:
        """Say what is practical where no number of samples is."""
        margin, narrowest = self.evidence.margin, self.narrowest
        if narrowest is None or margin is None or narrowest >= self.evidence.span:
            return ""
        if narrowest <= margin:
            return "; the change is too close to the margin"
        return (
            f"; the planned samples can rule out a drop of {self.change.plain(narrowest)} at best: "
            "use a larger suite or a wider margin for the next candidate"
        )


def _rounded(n: int) -> int:
    """Return a number of samples rounded up to two digits, and to tens.

    Example:
        >>> _rounded(1), _rounded(347), _rounded(1234)
        (10, 350, 1300)
    """
    step = int(10 ** max(len(str(n)) - 2, 1))
    return -(-n // step) * step
