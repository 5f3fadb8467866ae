"""The embedded model: a small world, its corpus, and a real chat model trained on it.

No weights need to be downloaded to see EvalGuard work. The committed model (0.8 M parameters) has
real skills on a procedurally made world, and a careless fine-tune really destroys them.

``lexicon`` → ``world`` → ``knowledge``, ``text``, ``conduct``, ``tickets`` → ``skills`` →
``corpus`` → ``tokenizer`` → ``train``; ``evaluate`` measures every skill, ``suites`` writes the
test files under ``suites/demo``, and ``recipes`` writes the fine-tunes: a healthy one and the
damaging ones. May import the floors below and, inside ``train`` and ``evaluate`` alone, torch.
"""

from __future__ import annotations

from pathlib import Path

WORLD_SEED = 7
"""Seed of the committed world; every file of the demo is a function of it."""


def model_path() -> Path:
    """Return the folder of the committed model, in Hugging Face format."""
    return Path(__file__).parent / "model"
