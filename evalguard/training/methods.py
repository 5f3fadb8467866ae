"""The training methods: what data each needs and which losses it has.

====== ============================================= ==========================================
name   what it does                                  source
====== ============================================= ==========================================
sft    next-token loss on the answers                –
dpo    prefers chosen to rejected, near a reference  Rafailov et al. 2023, arXiv:2305.18290
kto    single answers, wanted or unwanted            Ethayarajh et al. 2024, arXiv:2402.01306
orpo   SFT and preference in one step, no reference  Hong et al. 2024, arXiv:2403.07691
cpo    preference plus SFT loss, no reference        Xu et al. 2024, arXiv:2401.08417
simpo  length-normalised, with a margin, no reference Meng et al. 2024, arXiv:2405.14734
====== ============================================= ==========================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from evalguard.training.formats import Kind

MethodName = Literal["sft", "dpo", "kto", "orpo", "cpo", "simpo"]


@dataclass(frozen=True, slots=True)
class Method:
    """What a training method takes.

    Attributes:
        kinds: Kinds of examples that it trains on.
        losses: Names of its losses, the default first; empty where it has one alone.
        beta: Default strength of the preference: β, and λ for ORPO.
        reference: Whether it holds a frozen copy as its reference, which a larger β holds it nearer
            to, at the cost of a forward pass.
        answers: Sequences of a row: 2 where it has a chosen and a rejected answer.
        logits_held: Where the loss is taken from all logits at once: copies of them at the peak of
            a step, in float32. They are the logits, what the loss keeps, and their gradients; SimPO
            has no SFT term. Measured on the CPU at a vocabulary of 152,064: 3.3 to 3.5, and 2.8 to
            3.0.
    """

    kinds: tuple[Kind, ...]
    losses: tuple[str, ...] = ()
    beta: float | None = None
    reference: bool = False
    answers: int = 1
    logits_held: float | None = None


METHODS: Mapping[MethodName, Method] = {
    "sft": Method(kinds=("conversation", "text")),
    "dpo": Method(
        kinds=("preference",),
        losses=(
            "sigmoid",
            "ipo",
            "hinge",
            "robust",
            "exo_pair",
            "nca_pair",
            "bco_pair",
            "sppo_hard",
            "aot",
            "aot_unpaired",
            "apo_zero",
            "apo_down",
            "discopop",
            "sigmoid_norm",
        ),
        beta=0.1,
        reference=True,
        answers=2,
    ),
    "kto": Method(
        kinds=("unpaired", "preference"),
        losses=("kto", "apo_zero_unpaired"),
        beta=0.1,
        reference=True,
    ),
    "orpo": Method(kinds=("preference",), beta=0.1, answers=2, logits_held=3.5),
    "cpo": Method(
        kinds=("preference",),
        losses=("sigmoid", "hinge", "ipo"),
        beta=0.1,
        answers=2,
        logits_held=3.5,
    ),
    "simpo": Method(kinds=("preference",), beta=2.0, answers=2, logits_held=3.0),
}
