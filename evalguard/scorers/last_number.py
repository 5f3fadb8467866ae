"""Is a number the result of its sentence, or does it only describe something?"""

from __future__ import annotations

import regex

from evalguard.scorers.agreement import agreed
from evalguard.scorers.lazy_patterns import lazy_regex

_REACH = 240
_SENTENCE = lazy_regex(r"[.!?](?=\s)|[。！？।۔\n]")
_NUMBERED_BEFORE = lazy_regex(
    r"(?<!\p{L})(?:steps?|versions?|parts?|cases?|methods?|approach|questions?|problems?"
    r"|figures?|tables?"
    r"|sections?"
    r"|chapters?|equations?|eq\.|examples?|options?|scenarios?|exercises?|attempt|hints?|notes?"
    r"|schritt"
    r"|teil|fall|paso|parte|étape|partie|cas|passo|caso|шаг|часть|случай|langkah|adım|चरण|الخطوة"
    r"|خطوة"
    r"|步骤|步驟|方法|ステップ|단계)\s?(?:no\.?|nr\.?|#)?[\s*_]{0,3}$|第$",
    regex.I,
)
_MOVED = lazy_regex(
    r"\b(?:comes? to|results? in|equal to|adds? up to|amounts? to|total of|sum of"
    r"|left with)[\s*_$€£]*$",
    regex.I,
)
_NUMBERED_AFTER = lazy_regex(
    r"\s?(?:步|단계|つ目|番目|つのステップ)|(?:st|nd|rd|th) step\b", regex.I
)
_LEADS_UP = lazy_regex(r"[^.!?。！？।\n]{1,200}[:：][\s*_]*$")
_DECLINES = lazy_regex(
    r"\b(?:(?:can(?:not|['’]t| not)|could(?:n['’]t| not)|(?:am|is|are|['’]m"
    r"|['’]re) (?:not able|unable)"
    r" to|(?:im|not )possible to|do(?:n['’]t| not) (?:know|have|see|understand)|unable to"
    r"|no way to"
    r"|not clear|unclear) (?:be )?(?:\w+ ){0,3}?(?:answer|determine|solve|calculate|compute|say"
    r"|tell|know"
    r"|find|give|provide|help|enough|information|context|assist|comply|access|how)\w*|not enough"
    r" (?:\w+ )?(?:information|data|context)|insufficient (?:\w+ )?(?:information|data)"
    r"|(?<!\b(?:you|if) )(?:need"
    r"|require)"
    r" (?:more|further|additional) (?:\w+ )?(?:information|details|context|data)|not (?:be )?"
    r"(?:determined|answerable)|nicht (?:möglich|(?:be(?:rechn|stimm|antwort)|lös|sag)\w*)"
    r"|nicht genug (?:informationen|angaben)"
    r"|no (?:puedo|es posible|se puede)|je ne peux pas|impossible de|não (?:posso|é possível)"
    r"|non (?:posso|è possibile)|не могу|невозможно)\b|无法|無法|不能确定|不知道|できません"
    r"|わかりません"
    r"|分かりません|할 수 없|알 수 없|नहीं (?:कर|दे|बता) सकत|لا (?:أستطيع|يمكن)",
    regex.I,
)
_IN_WORDS = lazy_regex(
    r"\b(?:twice|thrice|double|triple|half|(?:a|one) (?:third|quarter|fifth"
    r"|tenth)) (?:of )?(?:that|this"
    r"|it\b|the (?:amount|number|distance)|as (?:much|many|far|long))\b|\b(?:leaves|is|are"
    r"|equals|makes"
    r"|gives|totals?|remain|becomes|comes to|down to|up to|be) (?:only |just |exactly "
    r"|now )?(?:zero|one"
    r"|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven"
    r"|eigh|nine)"
    r"teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty(?:-\w+)?|an? (?:hundred|dozen|thousand))"
    r"(?:[.!]|$| \w+[.!])|(?:doppelt|halb) so|el doble de eso|la mitad de eso|两倍|一半|その半分"
    r"|倍です",
    regex.I,
)
"""A number in words behind the last one in digits: the result may be that."""


_DESCRIBES = lazy_regex(
    r"\b(?:the|this|my|your|final|correct) (?:answer|result|solution)\b(?!.*(?:\b(?:is|are|was"
    r"|were|be|being"
    r"|come|came|comes|works?|amounts?|becomes?|equals?|equal|turns?|as|gives?|get|of|to)\b"
    r"|[=:≈→])).*$"
    r"|\b(?:last (?:year|week|month)|yesterday)\b[^.!?\n]*$",
    regex.I,
)
"""A sentence that says something of the answer, without giving it, or of another time."""

_BEGINS = lazy_regex(
    r"\W*\d[\d.,]*\s+\p{L}(?:(?!\b(?:makes?|is|are|was|were|gives?|leaves?|leaving|equals?"
    r"|totals?|so|thus"
    r"|hence|therefore|get|gets|have|has|remain\w*|cost|costs|be|then|left|gained"
    r"|needs?)\b)[^.!?\n=≈→:\d])+"
    r"[$€£]?\d[\d.,]*",
    regex.I,
)
"""A text that begins with a number, and describes it with another one."""

_ASIDE_BEFORE = lazy_regex(
    r"\b(?:from|off|into|per|since|before|within|versus|vs\.?|against|among|divisible by"
    r"|ends (?:in|with)"
    r"|(?:starts?|begins?) with|multiples? of|used to be|(?:is|are|lies|falls) (?:in|on"
    r"|within)(?: the)?"
    r"|nearest|(?:for|by|in) (?:reference|comparison)\b[^.!?\n\d]{0,60}|except(?: for)?|excluding"
    r"|apart from|aside from|besides|(?:call|dial|text|phone)"
    r"(?: or (?:call|text))?|(?:divid|multipl|split)\w*\b[^.!?\n=\d]{0,40}\bby|teil\w* durch"
    r"|(?:divid|multipli)\w+ (?:entre|por|par|per)|(?:раздел|умнож)\w+ на|除以|乘以"
    r"|(?:numbers?|integers?|ones?|terms?) (?:right |just |immediately )?(?:before|after|following"
    r"|preceding)|(?:successor|predecessor|inverse|opposite|reciprocal|neighbou?r) of"
    r"|(?:on|see) (?:pages?|lines?|rows?)|pages?|formerly|previously)[\s*_$€£]*$"
    r"|\b(?:for|of|in|with|by|on|per|among|across|after|before|to) (?:all )?(?:his|her|their|its"
    r"|these|those"
    r"|my|our|your)[\s*_$€£]*$|[(\[]\s*expected:?\s*$|\bconfiden\w+\b[^.!?\n\d]{0,12}$"
    r"|\btokens?\b[^.!?\n\d]{0,12}$",
    regex.I,
)
_ASIDE_AFTER = lazy_regex(
    r"[- ]?(?:something|ish|odd)\b|\s(?:easy|simple|quick|short) steps\b"
    r"|[^.!?\n\d]{0,14}\b(?:remainder|rest|reste|resto|resta)\b|[-\s]?digits?\b|\s?%?\s?(?:sure"
    r"|certain"
    r"|confident|confidence|likely|accura\w+)\b|\s?stellig",
    regex.I,
)
_ARTICLE = lazy_regex(r"\bthe\s$", regex.I)
_OF_A_ROW = lazy_regex(
    r"s\b|(?:st|nd|rd|th)\s+(?!of\b|and\b|or\b)\p{L}",
    regex.I,
)
_OPENS_BRACKET = lazy_regex(r"[\d\p{L}][^()\n]{0,80}\([^()\d]*\p{L}{3}[^()\d]*$")


def aside(text: str, start: int, end: int) -> bool:
    """Return whether a number is no value of its own: "page 4", "the 4th prime", "ends in 4".

    Example:
        >>> aside("the answer is on page 4", 22, 23), aside("it comes to 4", 12, 13)
        (True, False)
    """
    before = text[max(0, start - _REACH) : start]
    return bool(
        (_ASIDE_BEFORE.search(before) and _MOVED.search(before) is None)
        or _ASIDE_AFTER.match(text, end)
        or (_ARTICLE.search(before) and _OF_A_ROW.match(text, end))
        or _NUMBERED_BEFORE.search(_SENTENCE.split(before)[-1])
        or _OPENS_BRACKET.search(_SENTENCE.split(before)[-1])
    )


def no_value(text: str, start: int, end: int) -> bool:
    """Return whether the last number leads up to something, or comes with a refusal.

    Example:
        >>> no_value("There are 2 ways to do it:", 10, 11)
        True
        >>> no_value("I cannot answer, as my data ends in 2024.", 36, 40), no_value("so 4", 3, 4)
        (True, False)
    """
    sentence = _SENTENCE.split(text[max(0, start - _REACH) : start])[-1]
    return bool(
        _NUMBERED_AFTER.match(text, end)
        or _LEADS_UP.match(text, end)
        or _DECLINES.search(sentence + text[end : end + _REACH])
        or _IN_WORDS.search(text, end, end + _REACH)
        or (_DESCRIBES.search(sentence) and not agreed(text, end))
        or _BEGINS.fullmatch(text, 0, end)
    )
