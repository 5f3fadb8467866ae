"""Reads a text that is nothing but a verdict: a word, a sign, or a sentence that says no more."""

from __future__ import annotations

import re

from evalguard.runner import verdict_words as words
from evalguard.runner.reply_forms import AROUND_WORD, SENTENCE, leads
from evalguard.scorers.yes_no import NO, YES

WORDS = {"Yes": YES, "No": NO}
_ALONE = {"Yes": words.YES_ALONE, "No": words.NO_ALONE}


def small_or_alone(text: str, yes: str, no: str) -> float | None:
    """Return the verdict of a text that can be nothing else: there, a small letter is one, too."""
    is_letter = len(yes) == 1 and re.fullmatch(r"\W*[a-z]\W*", text)
    return verdict_alone(text.upper() if is_letter else text, yes, no)


def verdict_alone(text: str, yes: str, no: str) -> float | None:
    """Return the verdict of a text that is one word, a sign, or both."""
    text = re.sub(r"^[-–—•*]\s+", "", text.strip())
    if len(yes) == 1:
        return _choice(text, yes, no)
    marks = {sign for sign in text if sign in words.YES_MARKS + words.NO_MARKS}
    signed = {float(sign in words.YES_MARKS) for sign in marks}
    rest = "".join(sign for sign in text if sign not in marks)
    word = _word(rest, yes, no)
    if not marks or (word is None and rest.strip(AROUND_WORD)):
        return None if marks else word
    signed |= {word} if word is not None else set()
    return signed.pop() if len(signed) == 1 else None


def _word(text: str, yes: str, no: str) -> float | None:
    """Return the verdict of a text that is one word, or a sentence that says no more."""
    word = text.strip(AROUND_WORD)
    if len(yes) == 1:
        return _choice(word, yes, no)
    for value, own in ((1.0, yes), (0.0, no)):
        if word.lower() in WORDS[own] | _ALONE[own]:
            return value
    return claimed(word, yes)


def _choice(text: str, yes: str, no: str) -> float | None:
    """Return the verdict of a letter, of an answer that is named, or of a tie."""
    word = text.strip(AROUND_WORD)
    if word in (yes, no):
        return float(word == yes)
    if ranked := words.RANKED.fullmatch(word):
        return _ranked(ranked, yes)
    if (named := words.NAMED.fullmatch(word)) and len(named[1].strip(AROUND_WORD)) == 1:
        return small_or_alone(named[1], yes, no)
    if word.lower() in words.TIES:
        return 0.5
    return claimed(word, yes)


def _ranked(match: re.Match[str], yes: str) -> float | None:
    if match["one"] == match["two"]:
        return None
    if "=" in match["sign"]:
        return 0.5
    return float((match["one"] == yes) == (match["sign"][0] in ">≻"))


def claimed(text: str, yes: str) -> float | None:
    """Return the verdict of a whole sentence, perhaps after the word itself.

    Args:
        text: The sentence.
        yes: The word in favour.

    Example:
        >>> claimed("No, the criterion is not met", "Yes"), claimed("B is better than A", "A")
        (0.0, 0.0)
        >>> claimed("Yes, the criterion is not met", "Yes"), claimed("B is longer", "A")
        (None, None)
    """
    said, rest = led(text)
    found = {_of_claim(match, yes) for one in _claims(yes) if (match := one.fullmatch(rest))}
    verdict = found.pop() if len(found) == 1 else None
    return verdict if said in (None, verdict) else None


def claims_in(text: str, yes: str) -> set[float | None]:
    """Return the verdicts of all sentences of a text, also of what stands after a colon in them."""
    sentences = [one.strip(AROUND_WORD) for one in re.split(SENTENCE, text)]
    parts = [one.rpartition(":")[2].strip(AROUND_WORD) for one in sentences if ":" in one]
    return {claimed(one, yes) for one in (*sentences, *parts)}


def _claims(yes: str) -> tuple[re.Pattern[str], ...]:
    return words.PREFERENCES if len(yes) == 1 else words.CLAIMS


def _of_claim(match: re.Match[str], yes: str) -> float | None:
    if len(yes) > 1:
        return float(match.lastgroup is None)
    one, other = match["one"], match.groupdict().get("two")
    is_clear = one.isupper() and (other is None or other.upper() != one)
    return float(one == yes) if is_clear else None


def led(text: str) -> tuple[float | None, str]:
    """Return a sentence without what leads to it, and the verdict that this is."""
    lead, colon, rest = text.partition(":")
    text = rest.strip(AROUND_WORD) if colon and leads(lead) else text
    begun = words.BEGINNING.match(text)
    if begun is None:
        return None, text
    word = (begun["word"] or "").lower()
    said = 1.0 if word in YES else 0.0 if word else None
    return said, text[begun.end() :]


def any_word(yes: str, no: str) -> str:
    """Return a regular expression for each of the words that may stand in a sentence."""
    if len(yes) == 1:
        named = "[Aa]nswer|[Rr]esponse|[Aa]ssistant|[Mm]odel|[Oo]ption"
        return rf"(?:(?:{named})\s+)?\(?(?:{yes}|{no})\)?"
    return rf"(?:{words.ANY}|[{words.YES_MARKS}{words.NO_MARKS}])"
