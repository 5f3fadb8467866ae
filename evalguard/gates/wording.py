"""Why a gate got its verdict, in a sentence."""

from __future__ import annotations

from evalguard.gates.evidence import MAX_CLIPPED_LOSSES, Demand, Evidence
from evalguard.gates.looks import Look
from evalguard.records import Comparison
from evalguard.stats import ConfidenceInterval


class Wording:
    """Sentences about one comparison, in its metric's own scale."""

    def __init__(self, comparison: Comparison, evidence: Evidence, look: Look) -> None:
        self.comparison = comparison
        self.evidence = evidence
        self.look = look
        self.percent = comparison.metric.percent

    def passed(self, limits: ConfidenceInterval) -> str:
        """Say what is shown."""
        shown = []
        for demand in self.evidence.demands:
            if demand.test is self.evidence.difference:
                better = "non-inferior" if demand.margin > 0 else "superior"
                shown.append(
                    f"{better}: change {self._delta()}, lower bound {self._signed(limits.low)}, "
                    f"margin {self._margin(demand)} ({_p(demand.p_pass)})"
                )
            elif demand.p_pass > 0:
                shown.append(f"{demand.text} holds ({_p(demand.p_pass)})")
        return "; ".join(shown)

    def failed(self, limits: ConfidenceInterval, adjusted: float) -> str:
        """Say what the candidate does not meet."""
        demand = min(self.evidence.demands, key=lambda demand: demand.p_fail)
        if demand.test is self.evidence.difference:
            what = "regression beyond" if demand.margin > 0 else "gain below"
            return (
                f"{what} {self._margin(demand)}: change {self._delta()}, "
                f"upper bound {self._signed(limits.high)} (adjusted {_p(adjusted)})"
            )
        return f"{self._unmet(demand)} (adjusted {_p(adjusted)})"

    def undecided(
        self, demand: Demand, limits: ConfidenceInterval, required_n: int | None, gates: int
    ) -> str:
        """Say what is not shown, and what would decide it."""
        if self.evidence.too_few_units:
            return (
                f"{self.evidence.units} independent units, by their sizes, are too few to decide "
                "anything; measure more of them"
            )
        failing = min(self.evidence.demands, key=lambda demand: demand.p_fail)
        if failing.p_fail <= self.look.level and self.look.decides:
            alone = f"{failing.text} fails by itself ({_p(failing.p_fail)})"
            over = f"Holm's adjustment over {gates} gates"
            if gates == 1:
                over = f"adjustment over the gate's {len(self.evidence.demands)} demands"
            told = f"{alone}, but not after {over}"
        elif demand.test is self.evidence.difference:
            told = (
                f"the interval {self._signed(limits.low)} … {self._signed(limits.high)} spans the "
                f"margin of {self._margin(demand)} (change {self._delta()})"
            )
        else:
            told = f"{demand.text} is neither shown nor refuted ({_p(demand.p_pass)})"
        if not self.look.ended:
            return f"not decided yet: {told}"
        return f"{told}; {self._advice(required_n)}"

    def missing(self) -> str:
        """Say that too many samples could not be measured."""
        evidence = self.evidence
        allowed = evidence.missing_allowed
        limit = f"more than {allowed:.0%}" if allowed else "which a corpus metric cannot replace"
        return (
            f"{evidence.missing} of {evidence.n} samples could not be measured, {limit}; the "
            "warnings say why"
        )

    def _advice(self, required_n: int | None) -> str:
        n = self.evidence.n
        if required_n is None:
            return "too close to the margin for any practical number of samples"
        return f"about {required_n - n} more samples ({required_n} in total) would decide it"

    def _unmet(self, demand: Demand) -> str:
        gate, clip = self.comparison.gate, self.comparison.metric.clip
        if demand.kind == "min":
            return f"the candidate's mean is below {gate.min:g}"
        if demand.kind == "max":
            return f"the candidate's mean exceeds {gate.max:g}"
        return f"more than {MAX_CLIPPED_LOSSES:.0%} of samples lose over {clip:g} (the clip)"

    def _margin(self, demand: Demand) -> str:
        gate = self.comparison.gate
        demanded = gate.max_drop or gate.min_gain
        assert demanded is not None
        if demanded.unit == "pp":
            return f"{demanded.value * 100:g} pp"
        if demanded.unit != "%":
            return str(demanded)
        return f"{demanded} of the baseline ({self._plain(abs(demand.margin))})"

    def _delta(self) -> str:
        return self._signed(self.evidence.difference.estimate)

    def _signed(self, value: float) -> str:
        sign = "−" if value < 0 else "+"
        return f"{sign}{self._plain(abs(value))}"

    def _plain(self, value: float) -> str:
        return f"{value * 100:.1f} pp" if self.percent else f"{value:.3g}"


def _p(pvalue: float) -> str:
    return "p < 0.0001" if pvalue < 0.0001 else f"p = {pvalue:.4f}"
