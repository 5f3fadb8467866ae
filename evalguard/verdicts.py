"""What verdicts mean for a release: which gates block it, what is overall, which exit code follows.

The pytest plugin, JUnit, every report, the pipeline and the command line ask here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from evalguard.errors import ExitCode, UsageError
from evalguard.records import CheckResult, GateResult, OnInconclusive, Role, Verdict

EXIT_CODES = {
    Verdict.PASS: ExitCode.PASS,
    Verdict.FAIL: ExitCode.REGRESSION,
    Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
    Verdict.ERROR: ExitCode.INTERNAL_ERROR,
}

_WORST_FIRST = tuple(reversed(Verdict))


def blocking(
    results: Sequence[GateResult], on_inconclusive: OnInconclusive = "fail"
) -> tuple[GateResult, ...]:
    """Return the gates that block a release, FAIL before ERROR before INCONCLUSIVE.

    A guard must PASS; a tripwire must be measured and not FAIL. If no gate of a candidate PASSed,
    nothing was shown about it, so its undecided tripwires block like guards. Of a recipe, the gate
    over its seeds decides: each seed must be measured and not FAIL.

    Args:
        results: Gates of one or several candidates.
        on_inconclusive: Whether an undecided gate blocks (``fail``) or not (``warn``).

    Raises:
        UsageError: If there is no result: without a gate there is no PASS.
    """
    if not results:
        raise UsageError("no gate was decided, so there is no PASS; add or select gates")
    found = list(_blocking(results, on_inconclusive))
    return tuple(sorted(found, key=lambda result: _WORST_FIRST.index(result.verdict)))


def overall(results: Sequence[GateResult]) -> tuple[Verdict, str | None]:
    """Return the verdict over all gates and the id of the gate that decided it.

    ``on_inconclusive`` changes the exit code, not the verdict. That all guards must PASS needs no
    correction for their number (Berger 1982: an intersection-union test).

    Raises:
        UsageError: If there is no result.

    Example:
        >>> guard = GateResult(name="a", suite="qa", metric="acc", model="v2", reason="",
        ...                    verdict=Verdict.PASS)
        >>> tripwire = GateResult(name="b", suite="qa", metric="f1", model="v2", reason="",
        ...                       verdict=Verdict.INCONCLUSIVE, role=Role.TRIPWIRE)
        >>> overall([guard, tripwire])[0].value, overall([tripwire])[0].value
        ('PASS', 'INCONCLUSIVE')
    """
    found = blocking(results)
    return (found[0].verdict, found[0].id) if found else (Verdict.PASS, None)


def exit_code(result: CheckResult, *, allow_partial: bool = False) -> ExitCode:
    """Return the exit code of a check: the worst gate that blocks decides.

    Args:
        result: The result.
        allow_partial: Whether a part of the gates that passes ends with 0, though it is no release
            decision.
    """
    found = blocking(result.gates, result.on_inconclusive)
    if found:
        return EXIT_CODES[found[0].verdict]
    partial = any(result.left_out.values()) and not allow_partial
    return ExitCode.PARTIAL if partial else ExitCode.PASS


def _blocking(
    results: Sequence[GateResult], on_inconclusive: OnInconclusive
) -> Iterator[GateResult]:
    shown = {result.model for result in results if result.verdict is Verdict.PASS}
    ids = {result.id for result in results}
    for result in results:
        if result.verdict is Verdict.INCONCLUSIVE:
            spared = result.role is Role.TRIPWIRE and result.model in shown
            spared |= bool(result.recipe) and replace(result, model=result.recipe).id in ids
            if not spared and on_inconclusive == "fail":
                yield result
        elif result.verdict is not Verdict.PASS:
            yield result
