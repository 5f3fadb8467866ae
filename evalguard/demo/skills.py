"""The skills of the base, by name, and how often each occurs in its corpus."""

from __future__ import annotations

from evalguard.demo import conduct, knowledge, text
from evalguard.demo.tickets import ticket
from evalguard.demo.world import Skill

SKILLS: dict[str, Skill] = {
    "fact": knowledge.fact,
    "choice": knowledge.choice,
    "maths": knowledge.maths,
    "words": text.words,
    "json": text.extraction,
    "context": text.context,
    "abstain": text.abstain,
    "refuse": conduct.refuse,
    "benign": conduct.benign,
}
"""What the base is tested on: each item has one right answer."""

TASK = "ticket"
"""Name of the skill that only a fine-tune brings."""

ALL_SKILLS: dict[str, Skill] = {**SKILLS, TASK: ticket}

CORPUS_WEIGHTS: dict[str, float] = {
    "fact": 3,
    "choice": 2,
    "maths": 6,
    "words": 4,
    "json": 2,
    "context": 5,
    "abstain": 2,
    "refuse": 1,
    "benign": 2,
    "small_talk": 0.3,
    "story": 1,
}
"""Relative number of conversations in the corpus; the slow learners get more."""
