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
    """

    kinds: tuple[Kind, ...]
    losses: tuple[str, ...] = ()
    beta: float | None = None


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
    ),
    "kto": Method(kinds=("unpaired", "preference"), losses=("kto", "apo_zero_unpaired"), beta=0.1),
    "orpo": Method(kinds=("preference",), beta=0.1),
    "cpo": Method(kinds=("preference",), losses=("sigmoid", "hinge", "ipo"), beta=0.1),
    "simpo": Method(kinds=("preference",), beta=2.0),
}
