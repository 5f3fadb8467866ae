"""Brackets after an answer that only call another one close or wrong."""

from __future__ import annotations

from functools import lru_cache

import regex

from evalguard.scorers.contrast_words import NOT, NOT_BEHIND, NOT_GLUED
from evalguard.scorers.lazy_patterns import lazy_regex

_TURNS = (
    r"(?:but|although|though|even though|while|and|aber|obwohl|auch wenn|wobei|pero|aunque|mais"
    r"|bien que|même si|mas|embora|ma|anche se|benché|но|хотя|但是?|虽然|雖然|不过|ただし|しかし"
    r"|하지만|लेकिन|हालाँकि|لكن|ولكن)"
)
_NOT = rf"(?:{NOT}|unlike|{NOT_GLUED})"
_SEE = r"(?:see(?: also)?|cf\.?|compare(?: with)?|vgl\.?|siehe|véase|voir|ver|vedi|см\.?|参见|比較)"
_OF = r"(?:option|choice|answer|letter|opción|opção|opzione|réponse|вариант|die|la|le|a|选项)"
_LINK = (
    r"(?:['’]s|is|was|seems?|looks?|comes?|came|would be|might be|ist|war|wäre|kommt|está|es|era"
    r"|parece|est|était|semble|é|era|chega|è|fica|тоже|также|也|很|も|も?は|도|भी|بھی|أيضا|قريب)"
)
_WEAK = (
    r"(?:(?:only|also|very|quite|pretty|fairly|a|an|the|my|just|un|una|uma|une|ein|eine|um|uno"
    r"|sehr|auch|nur|muy|también|très"
    r"|aussi|muito|também|molto|anche|очень|тоже|也|很|非常|かなり|惜|매우) ){0,3}(?:close|near"
    r"|nearly right|second|runner[- ]up|tempting|plausible|similar|attractive|distractor"
    r"|common (?:mistake|distractor|trap|misconception)|trap|decoy|red herring|distractor común"
    r"|piège|Falle|second (?:choice"
    r"|best|guess)|less (?:likely|plausible|accurate|precise)|too \p{L}+|wrong|incorrect|false"
    r"|not (?:quite )?(?:right|correct|true|accurate)|nah(?:e)?(?: dran)?|knapp|verlockend"
    r"|plausibel|ähnlich|falsch|cerca|tentador[a]?|parecid[ao]|plausible|incorrect[ao]|fals[ao]"
    r"|proche|tentante?|fausse?|incorrecte?|perto|próxim[ao]|incorret[ao]|errad[ao]|vicin[ao]"
    r"|allettante|sbagliat[ao]|близк\p{L}+|близко|неверн\p{L}+|неправильн\p{L}+|接近|相近|近い"
    r"|惜しい|間違い|错误|错的|비슷\p{Hangul}*|가깝\p{Hangul}*|가까\p{Hangul}*|틀\p{Hangul}*|करीब|गलत|قريب|خاطئ)"
)
_STRONG = lazy_regex(
    r"(?<!\bnot )(?<!\bnot quite )(?<!\bnearly )(?<!\balmost )\b(?:correct|right|best|better"
    r"|prefer\w*|should|must|actually|instead|closer|richtig|korrekt|besser|lieber|correct[ao]"
    r"|mejor|juste|mieux|melhor|corret[ao]|meglio|corrett[ao]|лучше|верн\p{L}+|правильн\p{L}+)\b"
    r"|正确|正確|正解|正しい|更好|应该|정답|맞|सही|صحيح",
    regex.I,
)
_REST = r"[^()\[\]（）\n]{0,60}?"


@lru_cache(maxsize=64)
def _aside(names: str) -> regex.Pattern[str]:
    """Return the pattern of an answer with a bracket about another one behind it."""
    about = rf"(?:{_OF}\s)?['\"*_“]{{0,2}}(?P<other>{names})['\"*_”]{{0,2}}"
    return regex.compile(
        rf"(?<![\p{{L}}\p{{N}}])(?P<answer>{names})(?P<marks>[)\]*_.:'\"”]{{0,3}}\s?)"
        rf"[(\[（]\s*(?P<inner>(?:{_NOT}\s?{about}(?:\s?{_WEAK})?|{_SEE}\s?{about}{_REST})"
        rf"|{about}\s?{NOT_BEHIND}|(?:{_TURNS}[,，、]?\s?)?{about}\s?(?:{_LINK}\s?){{0,2}}{_WEAK}(?!\p{{L}}){_REST})"
        r"\s*[.!。]?\s*[)\]）]",
        regex.I,
    )


def without_asides(text: str, names: str) -> str:
    """Return a text without brackets that say of another answer that it is close, or wrong.

    Args:
        text: What a model wrote.
        names: Pattern of what an answer is called.

    Example:
        >>> without_asides("C (but D is close).", "[A-D]"), without_asides("C (but D)", "[A-D]")
        ('C.', 'C (but D)')
    """
    if not any(mark in text for mark in "([（"):
        return text
    return _aside(names).sub(_kept, text)


def _kept(found: regex.Match[str]) -> str:
    """Return an answer without its bracket, unless that is about the same answer or prefers it."""
    same = found["other"].casefold() == found["answer"].casefold()
    if same or _STRONG.search(found["inner"]):
        return found[0]
    return found["answer"] + found["marks"].rstrip(" ")
