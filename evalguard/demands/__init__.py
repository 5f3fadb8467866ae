"""What a gate may demand: each demand one class, from its key in YAML to its sentence in a report.

Stands below ``config``, which reads demands, and ``gates``, which tests them: neither imports the
other, and a demand is both. Reading one loads no scipy; the tests come from ``evalguard.stats``
when they are asked for. May import ``evalguard.stats``, records, plugins and errors.
"""

from evalguard.demands.base import Condition, ConditionTest, Demand, Observed, PairedTests
from evalguard.demands.bounds import Bound
from evalguard.demands.difference import Difference
from evalguard.demands.margins import parse_margin
from evalguard.demands.numbers import NUMBER, parse_number
from evalguard.demands.power import Design, Need, need_of_bound, need_of_difference
from evalguard.demands.registry import GROUP, all_demands, demands_of, find_demand, requirement
from evalguard.demands.words import Change

__all__ = [
    "GROUP",
    "NUMBER",
    "Bound",
    "Change",
    "Condition",
    "ConditionTest",
    "Demand",
    "Design",
    "Difference",
    "Need",
    "Observed",
    "PairedTests",
    "all_demands",
    "demands_of",
    "find_demand",
    "need_of_bound",
    "need_of_difference",
    "parse_margin",
    "parse_number",
    "requirement",
]
