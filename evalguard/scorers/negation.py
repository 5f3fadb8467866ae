"""Does a sentence rule out what it names, or merely suppose or ask it?"""

from __future__ import annotations

import re

import regex

from evalguard.scorers.agreement import agreed
from evalguard.scorers.answer_words import NEGATIONS, NEGATIONS_AFTER
from evalguard.scorers.attribution import (
    anothers,
    counterfactual,
    denial,
    dismissed,
    lessened,
    sentence_before,
)
from evalguard.scorers.contrast_words import BUT, BUT_GLUED
from evalguard.scorers.doubts import doubted
from evalguard.scorers.lazy_patterns import lazy_regex

_REACH = 60
"""Characters before a name in which a negation counts, within its clause."""

_SPACELESS = lazy_regex(r"[\p{Han}\p{Hiragana}\p{Hangul}\p{Thai}]")
NEGATION = lazy_regex(
    r"(?<![\p{L}\p{M}])(?:\L<words>|\p{L}+n['’]t"
    r"|disagree\w*|reject(?:s|ed|ing)?|den(?:y|ies|ied|ying)|disput(?:e|es|ed|ing)"
    r"|refut(?:e|es|ed|ing)|disprov(?:e|es|ed|ing)|improbable|implausible|inconceivable"
    r"|(?<!n(?:one|o|othing) )other than(?! *\d)|(?:(?<!nothing |no )less than(?! *\d)"
    r"|the (?:opposite|reverse) of|short of)"
    r"|nothing(?! (?:but|other|less|short))|(?<!\b(?:no|any|a|beyond) )doubt(?:s|ful)?"
    r"|(?:hard|difficult|tough|impossible) to (?:believe|see|imagine|call|say|justify|accept|argue"
    r"|claim)"
    r"|no (?:signs?|hints?|traces?|evidence|indications?) (?:of|that)|no one"
    r"|none of)(?![\p{L}\p{M}])|(?!不[过過])(?:\L<glued>)",
    regex.I | regex.V1,
    words=[one for one in NEGATIONS if not _SPACELESS.match(one)],
    glued=[one for one in NEGATIONS if _SPACELESS.match(one)],
)
"""A word that negates, in any of the languages of :mod:`evalguard.scorers.answer_words`."""

_DENIED = lazy_regex(
    r"(?<![\p{L}\p{M}])no(?:\s+(?!doubt)\p{L}+|\s+\p{L}+\s+(?:ser|dar"
    r"|valer))?\s*[\p{P}\p{S}]*$",
    regex.I | regex.V1,
)
SUPPOSED = lazy_regex(
    r"(?<![\p{L}\p{M}])(?:if|whether|unless|suppos(?:e|es|ed|ing)|assum(?:e|es|ed|ing)|imagine"
    r"|pretend"
    r"|let(?:'s|’s| us) say|(?:might|may|could|(?<!\b(?:i|we) )would|can)"
    r" (?:\w+ )?(?:say|think|believe|claim|argue|guess"
    r"|assume|conclude)|(?:users?|people|students?|some(?:one|body)?|many|most|others|they|critics"
    r"|you)"
    r" (?:\w+ ){0,2}(?:thinks?|says?|said|believes?|claims?|argues?|guess(?:es)?|thought)"
    r"|wenn|falls|angenommen|suponiendo|supongamos|suponga|supposons|suppose que|supondo|suponha"
    r"|supponiamo|если|допустим|предположим|अगर|यदि|যদি|اگر|إذا|jika|kalau|misalkan|eğer)"
    r"(?![\p{L}\p{M}])|^\W*(?:si|se)\s|如果|假设|假設|假如|倘若|是否|もし|仮に|만약|만일",
    regex.I | regex.V1,
)
"""Words in front of an answer that suppose it, or say that others give it."""

_AFTER = lazy_regex(
    r"(?![)\]*_\"'”’]{0,4}[,，]?\s*(?:because|since|as|weil|denn|parce|car|porque|pues|pois|perché|poiché"
    r"|потому|так как|因为|因為)(?!\p{L}))"
    r"(?:[^.,;:!?。，；！？।\n、،]|(?<=[はがも])、){0,12}?"
    r"(?:(?<![وف])(?:\L<after>)|\b(?:is|are|was|were|can be|could be|should be"
    r"|must be"
    r"|may be|might be|has been|gets|being) (?:\w+ly |also |both |all )?(?:wrong|incorrect|false"
    r"|mistaken|inaccurate|untrue|invalid|impossible|implausible|unlikely|irrelevant|excluded|out\b"
    r"|eliminated|dismissed|rejected|discarded|discounted|ignored|crossed out|ruled out|excluded"
    r"|an? (?:distractor|trap|decoy|red herring|lure))"
    r"|\bwould (?:\w+ )?(?:be|have been) (?!(?:\w+ ){0,2}(?:answer|correct|right|result|choice"
    r"|best|label)"
    r"|[*_$\d])"
    r"|\b(?:was|were|is) (?:only )?(?:my|the|his|her|our|their|an?) (?:very )?(?:initial|first"
    r"|original"
    r"|earlier|previous|old|na[iï]ve|rough) (?:guess|estimate|attempt|thought|try|idea"
    r"|assumption|answer)"
    r"|\b(?:is|was|seems|looks|turn(?:s|ed) out(?: to be)?) (?:far |much |a bit |slightly )?too \w+"
    r"|\b(?:ist zu|es demasiado|est trop|è troppo|é demasiado|слишком) \w+|\b(?:est un piège"
    r"|es una trampa"
    r"|ist eine falle|è un tranello|é uma armadilha|это ловушка)\b|太[大小多少高低]"
    r"|\bturn(?:s|ed) out (?:to be )?(?:wrong|incorrect|false|mistaken|not)"
    r"|\b(?:is|was|comes) (?:only |very )?(?:close|near)(?=\W*(?:$|[.,;!]|but))"
    r"|\b(?:fails?\b|falls? (?:short|out)|drops? out|contradicts?|makes no sense))",
    regex.I | regex.V1,
    after=NEGATIONS_AFTER,
)
_CROSS_BEFORE = lazy_regex(r"[✗✘❌❎🚫👎][\s*_\ufe0f]*$")
_CROSS_AFTER = lazy_regex(r"[\s*_]*[✗✘❌❎🚫👎]")
_QUESTION = lazy_regex(r"(?:[^.!?。！？।\n]|\.(?=\d)){0,120}+(?:[?？؟]|(?<=[吗嗎])。)")
_CLAUSE_END = lazy_regex(
    rf"[.,;:!?。，；：！？।،\n]|(?<!anything )(?<!nothing )(?<!\p{{L}})(?:{BUT}|then)(?!\p{{L}})"
    rf"|{BUT_GLUED}|>>|[→⇒]|[=-]>"
    r"|\s[—–-]{1,2}\s(?=(?:it(?:['’]s|\sis)|this\sis|rather|instead|es\sist|c['’]est|es|è|é|это)"
    r"(?!\p{L}))",
    regex.I,
)


def clause_before(text: str, start: int) -> str:
    """Return the part of a clause before a place."""
    return _CLAUSE_END.split(text[max(0, start - _REACH) : start])[-1]


_DENIED_AT_ONCE = lazy_regex(
    rf"(?:{NEGATION.pattern}|(?<!\p{{L}})no)(?:\s\p{{L}}{{1,5}})?[\s$*_(\[\\]{{0,6}}$",
    regex.I | regex.V1,
    words=[one for one in NEGATIONS if not _SPACELESS.match(one)],
    glued=[one for one in NEGATIONS if _SPACELESS.match(one)],
)
_DENIED_BEHIND = lazy_regex(
    r"[\s$*_)\]」』”\"\\]{0,6}(?:(?:is|ist|es|est|é|è|was)\s(?:wrong|incorrect|false|falsch"
    r"|incorrect[ao]"
    r"|faux|incorret[ao]|errad[ao]|sbagliat[ao])\b|(?:—|–|-)?\s?неверн\p{L}*|ではない|ではありません"
    r"|じゃない|(?:이|가) 아니|(?:이|가) 아닙|नहीं|değil|不正确|是错|不对)",
    regex.I,
)


def denied_at_once(text: str, start: int, end: int) -> int | None:
    """Return where a denial of a span begins that stands next to it, ``None`` without one.

    Example:
        >>> denied_at_once("not 4", 4, 5), denied_at_once("not 5, so 4", 10, 11)
        (0, None)
    """
    place = max(0, start - _REACH)
    clause = _CLAUSE_END.split(text[place:start])[-1]
    found = _DENIED_AT_ONCE.search(clause)
    if found is not None:
        return start - len(clause) + found.start()
    return start if _DENIED_BEHIND.match(text, end) else None


def asked(text: str, start: int = 0) -> bool:
    """Return whether the sentence at a place ends as a question."""
    return _QUESTION.match(text, start) is not None


def ruled_out(text: str, start: int, end: int) -> bool:
    """Return whether the clause around a span negates, supposes or asks it.

    Example:
        >>> ruled_out("it is not 42", 10, 12), ruled_out("not 41 but 42", 11, 13)
        (True, False)
    """
    clause = clause_before(text, start)
    return bool(
        _CROSS_BEFORE.search(text[max(0, start - 6) : start])
        or _CROSS_AFTER.match(text, end)
        or NEGATION.search(clause)
        or _DENIED.search(clause)
        or (SUPPOSED.search(clause) and not agreed(text, end))
        or _AFTER.match(text, end)
        or dismissed(text, end)
        or denial(text, end) is not None
        or asked(text, end)
    )


def disowned(text: str, start: int, end: int) -> bool:
    """Return whether what stands at a place is ruled out, or given as another's view.

    Example:
        >>> disowned("One might be tempted to call it spam.", 32, 36)
        True
    """
    before = sentence_before(text, start)
    return (
        ruled_out(text, start, end)
        or doubted(text, start, end)
        or lessened(before)
        or (anothers(before, chooses=True) and not agreed(text, end))
        or counterfactual(text, start, end)
    )


def negated(text: str, name: str) -> bool:
    """Return whether the last mention of a name in a text is ruled out.

    Example:
        >>> negated("it is not spam", "spam"), negated("not sure, but spam", "spam")
        (True, False)
    """
    start = text.rfind(name)
    return start >= 0 and disowned(text, start, start + len(name))


_DOUBTED = lazy_regex(
    r"(?:\b(?:doubt|doubtful|suspect|unsure|whether|unless|and|or|nor|both)\W*|[,/&+]\s*)$", regex.I
)
_TURNS = lazy_regex(r"[^.!?\n]{0,60}?[,;]?\s*\b(?:but|yet|however|although|though)\b", regex.I)


TURNED = lazy_regex(
    rf"[)\].:*_]{{0,4}}\s+(?:is|was|seems?|looks?|appears?|sounds?|might|may|could"
    rf"|would)\b{_TURNS.pattern}",
    regex.I,
)
"""An option of which something is said before another one is turned to."""


def in_doubt(output: str, affirmed: regex.Match[str] | re.Match[str]) -> bool:
    """Whether a letter is said to be correct only to be doubted, joined or turned away from."""
    before = output[max(0, affirmed.start("letter") - 40) : affirmed.start("letter")]
    before = regex.sub(r"\b(?:that|if|the|option|choice|answer)\b\W*$", "", before, flags=regex.I)
    return bool(_DOUBTED.search(before) or _TURNS.match(output, affirmed.end()))
