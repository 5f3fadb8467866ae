"""Does a sentence rule out what it names?"""

from __future__ import annotations

import regex

from evalguard.scorers.answer_words import NEGATIONS, NEGATIONS_AFTER

_REACH = 30
"""Characters before a name in which a negation counts, within its clause."""

_SPACELESS = regex.compile(r"[\p{Han}\p{Hiragana}\p{Hangul}\p{Thai}]")
NEGATION = regex.compile(
    r"(?<![\p{L}\p{M}])(?:\L<words>|\p{L}+n't)(?![\p{L}\p{M}])|(?:\L<glued>)",
    regex.I | regex.V1,
    words=[one for one in NEGATIONS if not _SPACELESS.match(one)],
    glued=[one for one in NEGATIONS if _SPACELESS.match(one)],
)
"""A word that negates, in any of the languages of :mod:`evalguard.scorers.answer_words`."""

_AFTER = regex.compile(
    r"[^.,;:!?。，；！？।\n]{0,12}?(?:\L<after>)", regex.V1, after=NEGATIONS_AFTER
)
_CLAUSE_END = regex.compile(r"[.,;:!?。，；：！？।\n]")


def negated(text: str, name: str) -> bool:
    """Return whether a negation of the same clause stands before or behind a name in a text.

    Example:
        >>> negated("it is not spam", "spam"), negated("not sure, but spam", "spam")
        (True, False)
    """
    start = text.rfind(name)
    if start < 0:
        return False
    clause = _CLAUSE_END.split(text[max(0, start - _REACH) : start])[-1]
    return bool(NEGATION.search(clause) or _AFTER.match(text, start + len(name)))
