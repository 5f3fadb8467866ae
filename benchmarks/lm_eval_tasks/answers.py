"""Prepared answers to rows, because a small model writes few correct ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SOLUTIONS = ("canonical_solution", "code", "best_answer")
"""Columns with a better answer than the target, where that is a test or a constant."""

_ANY = "That was kind of them."
"""An answer to rows that expect none, such as prompts to continue."""

_CODE_FORMS = (
    "{}",
    "```python\n{}\n```",
    "    return 'wrong'\n",
    "{}\n```\nThis “works”.",
    "    import does_not_exist\n",
)

_FORMS = (
    "{}",
    "So the answer is {}.",
    "Let me think. 3 + 4 is 7.\nThe answer is {}.",
    "no idea, perhaps 41",
    " {}\n",
    "First (B), then 12.\n#### {}",
    "Final Answer: The final answer is ${}$. I hope it is correct.",
    "We get $x = \\boxed{{{}}}$.",
    "The best answer is {}",
    "{} — or «7»?",
)

_CONSTRAINED = (
    "A quiet street with lamps and cats.",
    "bread is warm and smells of home",
    "The lamp of the harbour is lit.",
    "The Rhine is long, and blue in parts.",
    "Tea is hot. It is brewed from leaves.",
    '{"clock": {"hands": 2}}',
    '"<<snow>>\nIt falls."',
    "Eine Straße ist ein Weg, auf dem Menschen und Wagen durch die Stadt kommen.",
    "* a pen\n* a cup\n* a lamp",
    "RAIN, RAIN ON THE ROOF. THE END.",
    "A dull day.\n\nP.S. It got warm.",
    "A stall sells plums.\n\n***\n\nIt closes at six.",
)
"""For rows of verifiable instructions; the first answer follows those of the first row, …"""


def given_answer(row: Mapping[str, Any], target: str, number: int) -> str:
    """Return an answer to a row: right or wrong, in one of the formats that filters extract.

    Args:
        row: The row.
        target: What is expected, as text.
        number: Number of the row, and of the repeat, which choose the form.

    Example:
        >>> given_answer({}, "12", 1), given_answer({}, "12", 3)
        ('So the answer is 12.', 'no idea, perhaps 41')
    """
    if "instruction_id_list" in row:
        return _CONSTRAINED[number % len(_CONSTRAINED)]
    right = next((str(row[key]) for key in _SOLUTIONS if row.get(key)), target)
    is_code = any(row.get(key) for key in _SOLUTIONS[:2])
    forms = _CODE_FORMS if is_code else _FORMS
    form = forms[number % len(forms)]
    if form != "{}":
        right = right.rpartition("#### ")[2]  # GSM8K's targets hold the steps as well
    return form.format(right or _ANY)
