"""Published sets of labelled answers, with the columns of their cards."""

from __future__ import annotations

from typing import Any

from benchmarks.data_formats.files import jsonl
from benchmarks.data_formats.forms.registry import Made, form, made
from benchmarks.data_formats.forms.rows_of import PAIRS, is_made_of
from benchmarks.data_formats.forms.texts import chat
from benchmarks.data_formats.meant import labelled, refused, trained

GROUP = "published pairs"


def _labelled(reply: str, label: str, *, messages: bool = False, **settings: Any) -> Made:
    rows = []
    for q, *answers in PAIRS:
        for text, good in zip(answers, (True, False), strict=True):
            asked, said = chat(q, text)
            row = {"prompt": [asked], reply: [said]} if messages else {"prompt": q, reply: text}
            rows.append({**row, label: good})
    meant = [
        labelled(q, text, good=good) for q, a, w in PAIRS for text, good in ((a, True), (w, False))
    ]
    return made(jsonl(*rows), trained(*meant), method="kto", **settings)


@form(GROUP, "trl-lib/kto-mix-14k")
def kto_mix() -> Made:
    """Has labelled answers as messages."""
    return _labelled("completion", "label", messages=True)


@form(GROUP, "PKU-Alignment/BeaverTails")
def beavertails() -> Made:
    """Has answers that are safe or not, which is for the config to call a label."""
    return is_made_of(
        lambda q, a: {
            "prompt": q,
            "response": a,
            "is_safe": a.startswith("L"),
            "category": {"animal_abuse": False},
        },
        refused("is_safe", row=2),
    )


@form(GROUP, "PKU-Alignment/BeaverTails")
def beavertails_kto() -> Made:
    """Has answers that are safe or not, as the labels of KTO."""
    return _labelled("response", "is_safe", data={"columns": {"label": "is_safe"}})
