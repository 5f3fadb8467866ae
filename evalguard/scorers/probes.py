"""What the probes measure: the kinds of tasks whose metrics are not those of scorers.

Declared here, apart from the tasks, so that a gate can be checked before a task is built.
"""

from __future__ import annotations

from collections.abc import Mapping

from evalguard.records import Metric, ScoreKind
from evalguard.scorers.diversity import METRICS

LENGTH_CHANGE = Metric("length_change", ScoreKind.BOUNDED, -1.0, 1.0)
"""log(words of the candidate / words of the baseline), counted up to ±1; gate it on both sides."""

SHARED_ANSWERS = Metric("shared_answers", ScoreKind.CORPUS, higher_is_better=False)
"""Share of answers that another prompt got as well."""

TOKEN_KL = Metric("token_kl", ScoreKind.BOUNDED, 0.0, 2.0, higher_is_better=False, in_nats=True)
"""KL(baseline ‖ candidate) in nats per token along the baseline's answers; counted up to 2, beyond
which the models have nothing in common."""

NATS_PER_TOKEN = Metric(
    "nats_per_token",
    ScoreKind.BOUNDED,
    0.0,
    20.0,
    higher_is_better=False,
    clip=1.0,
    in_nats=True,
)
"""Negative log-likelihood of a text. A difference counts up to ±1 nat: without a limit, a few
documents that one model cannot read at all decide the mean, and the test no longer holds."""

VERBATIM_RECALL = Metric("verbatim_recall", higher_is_better=False)
"""Whether the training row's answer is reproduced to the letter and the held-out row's is not."""

SCORE_GAP = Metric("score_gap", ScoreKind.BOUNDED, -1.0, 1.0, higher_is_better=False)
"""Exact answer of the training row (0 or 1) − that of the held-out row."""

LOSS_GAP = Metric(
    "loss_gap", ScoreKind.BOUNDED, -20.0, 20.0, higher_is_better=False, clip=2.0, in_nats=True
)
"""Nats per token of the held-out row's right answer − those of the training row's."""

APPROVED = Metric("approved")
"""Whether the judge says that the answer meets the criterion."""

APPROVAL = Metric("approval", ScoreKind.BOUNDED)
"""Probability of the judge's yes against its no."""

PREFERRED = Metric("preferred", ScoreKind.BOUNDED, span=0.5)
"""Mean over both orders of 1 where a judge prefers the answer to the baseline's, 0 where it prefers
that, and ½ where it is even. The baseline's own is ½, so a difference is ½ at most."""

WAVERED = "wavered"
"""Whether a judge's verdict on a pair changed with the order; stored with the score of a pair."""

METRICS_OF_KIND: Mapping[str, tuple[Metric, ...]] = {
    "diversity": (*METRICS, LENGTH_CHANGE, SHARED_ANSWERS),
    "drift": (TOKEN_KL,),
    "judge": (APPROVED, APPROVAL),
    "preference": (PREFERRED,),
    "perplexity": (NATS_PER_TOKEN,),
    "overfitting": (VERBATIM_RECALL, SCORE_GAP, LOSS_GAP),
}
