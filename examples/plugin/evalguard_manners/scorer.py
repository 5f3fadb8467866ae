"""A scorer: whether an answer is written in capital letters.

A suite names it under ``scorers``, with its options: ``{shouting: {min_letters: 5}}``.
"""

from __future__ import annotations

import evalguard


@evalguard.scorer(name="shouting", kind="binary", higher_is_better=False)
def shouting(output: str, *, min_letters: int = 3) -> bool:
    """Return whether all letters of an answer are capitals.

    Args:
        output: The answer.
        min_letters: Answers with fewer letters, such as "OK", are not counted.
    """
    letters = [letter for letter in output if letter.isalpha()]
    return len(letters) >= min_letters and all(letter.isupper() for letter in letters)
