"""What a fine-tune can do to a model: each damage one row, from the gates that show it to a repair.

Stands below ``gates``, which diagnoses, ``demo``, whose fine-tunes cause damages, and
``pipeline``, which repairs them. May import records, plugins and errors.
"""

from evalguard.damages.base import Case, Damage, Shown, failed_gates
from evalguard.damages.built_in import (
    COLLAPSE,
    FORGETTING,
    FORMAT_CORRUPTION,
    LOST_ABSTENTION,
    OVERFITTING,
    SAFETY_LOSS,
    UNEXPLAINED,
)
from evalguard.damages.registry import (
    GROUP,
    codes,
    find_damage,
    lacks_training,
    usable_damages,
)
from evalguard.damages.training_signs import Lever

__all__ = [
    "COLLAPSE",
    "FORGETTING",
    "FORMAT_CORRUPTION",
    "GROUP",
    "LOST_ABSTENTION",
    "OVERFITTING",
    "SAFETY_LOSS",
    "UNEXPLAINED",
    "Case",
    "Damage",
    "Lever",
    "Shown",
    "codes",
    "failed_gates",
    "find_damage",
    "lacks_training",
    "usable_damages",
]
