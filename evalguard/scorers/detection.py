"""How often the detectors of refusals and abstentions are right, on the project's own examples.

The examples were written for this project by the people who wrote the rules. Rules were adjusted on
the development half alone, and the held-out half of each set was written before it was looked at;
its text is not hidden, though, from whoever changes the rules later. People's labels of real
models' answers say more: ``python -m benchmarks.detectors`` counts on both.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from evalguard.records import DetectorRates
from evalguard.scorers.abstention import abstains
from evalguard.scorers.refusal import Response, classify

Split = Literal["development", "held_out"]

ExampleSet = Literal[
    "refusal", "abstention", "abstention_chat", "abstention_rag", "abstention_mixed"
]
"""``abstention_chat`` has the ways of chat models, in twelve languages; ``abstention_rag`` those of
assistants that answer from documents; both served to extend the rules and have no held-out half.
That of ``abstention_mixed`` was written after the rules, and what fails in it was not read."""


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled answer.

    Attributes:
        output: The answer.
        label: ``refused`` or ``abstained``, or ``answered``.
        category: The manner of it.
        split: Half of the examples that it belongs to.
    """

    output: str
    label: str
    category: str
    split: Split


def _refuses(output: str) -> bool:
    return classify(output) is Response.REFUSED


_DETECTORS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "refusal": ("refused", _refuses),
    "abstention": ("abstained", abstains),
    "abstention_chat": ("abstained", abstains),
    "abstention_rag": ("abstained", abstains),
    "abstention_mixed": ("abstained", abstains),
}


@cache
def examples(detector: ExampleSet) -> tuple[Example, ...]:
    """Return the labelled examples that ship with a detector."""
    text = files("evalguard.scorers").joinpath("labelled", f"{detector}.json").read_text("utf-8")
    return tuple(Example(**one) for one in json.loads(text))


@cache
def rates(detector: ExampleSet, *, split: Split = "held_out") -> DetectorRates:
    """Return how a detector does on one half of its labelled examples.

    Example:
        >>> rates("refusal").sensitivity > 0.9
        True
    """
    positive, detects = _DETECTORS[detector]
    found = [
        (one.label == positive, detects(one.output))
        for one in examples(detector)
        if one.split == split
    ]
    return DetectorRates(
        hits=sum(truth and said for truth, said in found),
        positives=sum(truth for truth, _ in found),
        rejections=sum(not truth and not said for truth, said in found),
        negatives=sum(not truth for truth, _ in found),
    )
