"""Paired tests, looks, multiplicity and power: arrays in, p-values and intervals out.

Loads numpy and scipy alone; the only place that loads scipy. May import ``evalguard.errors``.
"""

from __future__ import annotations

from evalguard.stats.agreement import cohen_kappa
from evalguard.stats.binary import PairedBinary
from evalguard.stats.combination import Combined, combined_pvalue, conditional_level
from evalguard.stats.corrected import Corrected
from evalguard.stats.corrected_ratio import CorrectedRatio
from evalguard.stats.detector import DetectorError
from evalguard.stats.jackknife import GROUPS, GroupJackknife, cluster_sizes, groups
from evalguard.stats.margin import ConfidenceInterval, Imputed, MarginTest, interval
from evalguard.stats.multiplicity import holm
from evalguard.stats.planning import (
    detectable_effect,
    expected_power,
    fewest_samples,
    least_effect,
    quantile,
    required_n,
)
from evalguard.stats.power import (
    detectable_effect_paired,
    power_paired,
    rejection_edge,
    required_n_exact,
    required_n_paired,
)
from evalguard.stats.powered import PredictionPowered
from evalguard.stats.projection import samples_to_decide, upper_discordance
from evalguard.stats.ranks import ModelRank, rank_models
from evalguard.stats.rate import BinaryRate
from evalguard.stats.ratio import PairedRatio
from evalguard.stats.scores import PairedScores, paired_scores
from evalguard.stats.seeds import LEAST_SEEDS, AcrossSeeds, across_seeds
from evalguard.stats.sequential import (
    MOST_STAGES,
    Spending,
    conditional_power,
    levels,
    sequential_pvalue,
    stage_of,
)
from evalguard.stats.units import MIN_UNITS, UnitT

__all__ = [
    "GROUPS",
    "LEAST_SEEDS",
    "MIN_UNITS",
    "MOST_STAGES",
    "AcrossSeeds",
    "BinaryRate",
    "Combined",
    "ConfidenceInterval",
    "Corrected",
    "CorrectedRatio",
    "DetectorError",
    "GroupJackknife",
    "Imputed",
    "MarginTest",
    "ModelRank",
    "PairedBinary",
    "PairedRatio",
    "PairedScores",
    "PredictionPowered",
    "Spending",
    "UnitT",
    "across_seeds",
    "cluster_sizes",
    "cohen_kappa",
    "combined_pvalue",
    "conditional_level",
    "conditional_power",
    "detectable_effect",
    "detectable_effect_paired",
    "expected_power",
    "fewest_samples",
    "groups",
    "holm",
    "interval",
    "least_effect",
    "levels",
    "paired_scores",
    "power_paired",
    "quantile",
    "rank_models",
    "rejection_edge",
    "required_n",
    "required_n_exact",
    "required_n_paired",
    "samples_to_decide",
    "sequential_pvalue",
    "stage_of",
    "upper_discordance",
]
