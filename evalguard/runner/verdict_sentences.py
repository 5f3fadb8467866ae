"""Reads a verdict that is announced or explained in a reply, unless other words take it back."""

from __future__ import annotations

import re

from evalguard.runner import verdict_words as words
from evalguard.runner.reply_forms import (
    AROUND_WORD,
    CLOSE,
    OPEN,
    SENTENCE,
    introduced,
    is_denied,
    is_quoted,
    is_refusal,
    is_retracted,
    leads,
)
from evalguard.runner.verdict_alone import WORDS, any_word, claimed, claims_in, led, verdict_alone
from evalguard.scorers.lazy_patterns import lazy_re

_AGAINST = (
    r"fail\w*|lack\w*|violat\w+|miss(?:es|ed|ing)|ignor\w+|omit\w*|contradict\w*|br(?:ea|o)k\w*|"
    r"neglect\w*|disregard\w*|overlook\w*|forg[eo]t\w*|skip\w*|evad\w+|dodg\w+|worse|worst|unmet|"
    r"wrong(?:ly)?|incorrect\w*|insufficient\w*|inadequate\w*|short of|falls short|far from|"
    r"loses|inferior"
)
"""What says of an answer that it is not good, right after a word that says that it is."""

_AGAINST_YES = lazy_re(
    rf"\b(?:{_AGAINST}|not?|never|none|nothing|cannot|hardly|barely|neither|without|but|however|"
    rf"although|though|except|unless|only|unfortunately|part(?:ly|ial\w*)|{words.HEDGES})\b|n't\b",
    re.IGNORECASE,
)
_AGAINST_NO = lazy_re(
    r"\b(?:yes|meets|satisf\w+|fulfil\w*|is met|passes|compl(?:y|ies)|complied|adheres|respects|"
    r"(?<!not )correct(?:ly)?|(?<!not )fine|compliant|fully|exactly|perfect\w*|wrong|"
    r"fault\w*|objections?|complain\w*|issues?|but|however|although|though|except|unless|problem|"
    rf"doubt|{words.HEDGES})\b",
    re.IGNORECASE,
)
_AGAINST_LETTER = lazy_re(
    rf"\b(?:{_AGAINST}|(?:the|answer|response) (?:other|former|latter|first|second)|neither|both|"
    r"equal\w*|tie)\b",
    re.IGNORECASE,
)
_AGAINST_TIE = lazy_re(r"\b(?:better|best|wins?|winner|prefer\w*|superior)\b", re.IGNORECASE)
_QUOTED = lazy_re(r"\"([^\"\n]*)\"")
"""Three quoted words or more are the answer's, and fewer may be a verdict."""


def verdict_in_sentence(text: str, yes: str, no: str) -> float | None:
    """Return a verdict that begins a reply and is explained, or ends it and is announced."""
    found = set(_announced(text, yes, no))
    if None in found:
        return None
    first = _begun(text, yes, no)
    if first is not None:
        verdict, rest = first
        if verdict is None or contradicts(rest, verdict, yes, no):
            return None
        found.add(verdict)
    last = _ending(text, yes, no)
    if first is None and last is None:
        return None
    found |= {last} if last is not None else set()
    verdict = found.pop() if len(found) == 1 else None
    return None if verdict is None or 1 - verdict in _told(text, yes, no) else verdict


def _told(text: str, yes: str, no: str) -> set[float | None]:
    """Return all verdicts that a text announces or claims, also within its sentences."""
    flags = 0 if len(yes) == 1 else re.IGNORECASE
    found = re.finditer(rf"[:=]{CLOSE}\s*(?P<word>{OPEN}{any_word(yes, no)})(?!\w)", text, flags)
    told = {verdict_alone(one["word"], yes, no) for one in found if _leads(text, one.start())}
    return told | claims_in(text, yes)


def _begun(text: str, yes: str, no: str) -> tuple[float | None, str] | None:
    """Return the verdict that a reply begins with, and what follows it; ``None`` without one."""
    flags = 0 if len(yes) == 1 else re.IGNORECASE
    colon = ":" if len(yes) > 1 else ""  # "A: too long" names an answer
    asked = ":?" if len(yes) > 1 else ":"
    sign = f"(?:\\s*[{words.YES_MARKS}{words.NO_MARKS}])?\\s*" if len(yes) > 1 else ""
    match = re.match(
        rf"(?P<lead>[^\n:.!?]*[{asked}]{CLOSE}\s*)?"
        rf"(?P<word>{sign}{OPEN}{any_word(yes, no)}{CLOSE}{sign}{CLOSE})\s*"
        rf"(?P<end>[.!;{colon}\n。,(](?!\s*\d)|[–—-]\s|\Z)",
        text,
        flags,
    )
    if match and (not match["lead"] or (leads(match["lead"]) and not is_denied(match["lead"]))):
        rest = text[match.end("word") :]
        explained = re.match(r"\s*,\s*(?:because|since|as (?:it|the))\b", rest, re.IGNORECASE)
        if match["end"] != "," or explained:
            return verdict_alone(match["word"], yes, no), rest
    sentence, *_ = re.split(SENTENCE, text, maxsplit=1)
    verdict = claimed(sentence.strip(AROUND_WORD), yes)
    return None if verdict is None else (verdict, text[len(sentence) :])


def _announced(text: str, yes: str, no: str) -> list[float | None]:
    """Return the verdicts after a colon at the end of a line; ``None`` where one names another."""
    flags = re.M if len(yes) == 1 else re.IGNORECASE | re.M
    lines = re.finditer(
        rf"[:=→]{CLOSE}\s*(?P<word>{OPEN}{any_word(yes, no)}{CLOSE})[.!。]*{CLOSE}[ \t]*$",
        text,
        flags,
    )
    return [
        verdict_alone(match["word"], yes, no)
        if not is_denied(text[: match.start()]) and _leads(text, match.start())
        else None
        for match in lines
    ]


def _ending(text: str, yes: str, no: str) -> float | None:
    """Return the verdict that a reply ends with: announced, alone in its line, or as a sentence."""
    *before, last = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    if "?" in text or is_quoted("\n".join(before)):
        return None
    sentences = [one for one in re.split(SENTENCE, last) if one.strip()] or [""]
    announced = _announced_in(sentences[-1], yes, no)
    if announced is not None:
        return announced
    if before and introduced(text[: -len(last)]):
        verdict = verdict_alone(last, yes, no)
        if verdict is not None:
            others = {verdict_alone(one, yes, no) for one in before} - {None}
            return verdict if others <= {verdict} else None
    return claimed(sentences[-1].strip(AROUND_WORD), yes)


def _announced_in(sentence: str, yes: str, no: str) -> float | None:
    """Return the verdict that ends a sentence which announces it: "The verdict is no"."""
    found = re.fullmatch(
        rf"(?P<lead>.*?)(?P<sign>[:=→]|\bis\b|[–—-]\s){CLOSE}\s*"
        rf"(?P<word>{OPEN}{any_word(yes, no)}{CLOSE})[.!。]*{CLOSE}",
        sentence,
        0 if len(yes) == 1 else re.IGNORECASE,
    )
    if found is None:
        return None
    lead = found["lead"]
    is_led = leads(led(lead)[1]) or (found["sign"] == ":" and _leads(lead, len(lead)))
    return verdict_alone(found["word"], yes, no) if is_led else None


def _leads(text: str, colon: int) -> bool:
    """Whether the words before a colon announce a verdict, and not a fact of their own."""
    return leads(re.split(r"[,.;!?\n。]|[–—-]\s", text[:colon])[-1])


def contradicts(rest: str, verdict: float | None, yes: str, no: str) -> bool:
    """Whether what follows a verdict can be taken as another one."""
    rest = _QUOTED.sub(lambda one: " " if len(one[1].split()) > 2 else one[0], rest)
    if is_retracted(rest) or is_refusal(rest):
        return True
    if len(yes) > 1:
        lines = {verdict_alone(line, yes, no) for line in re.split(SENTENCE, rest)}
        if 1 - (verdict or 0) in lines or _says(no if verdict else yes, rest):
            return True
        for claim in words.CLAIMS if not verdict else ():
            rest = claim.sub(lambda one: one[0] if one.lastgroup is None else " ", rest)
        foreign = words.FOREIGN_AGAINST_YES if verdict else words.FOREIGN_AGAINST_NO
        if foreign.search(rest):
            return True
        return (_AGAINST_YES if verdict else _AGAINST_NO).search(rest) is not None
    if verdict not in (0.0, 1.0):
        return _AGAINST_TIE.search(rest) is not None
    other = no if verdict else yes
    return bool(_AGAINST_LETTER.search(rest) or re.search(rf"\b{other}\b", rest))


def _says(word: str, text: str) -> bool:
    """Whether a text has a word in one of the other languages; some write without spaces."""
    found = re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", text.lower())
    return any(
        other in (text if "\u3040" <= other[0] <= "\u9fff" else found)
        for other in WORDS[word] - {word.lower(), "是"}
    )
