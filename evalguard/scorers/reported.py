"""An answer given as what a text says: "The text says 1912", "Laut Text: 1912"."""

from __future__ import annotations

import regex

from evalguard.scorers.label_fields import turns
from evalguard.scorers.lazy_patterns import lazy_regex
from evalguard.scorers.negation import NEGATION

_SOURCE = (
    r"(?:(?:the|this|your)\s(?:given\s|provided\s|above\s)?(?:text|passage|article|document|paragraph"
    r"|context|story|excerpt|extract|table|chart|graph|map|report|source|email|letter|review|snippet))"
)
_SAYS = (
    r"(?:says?|states?|mentions?|gives?|reads?|shows?|lists?|reports?|specifies|indicates?|names?"
    r"|cites?|notes?|describes?)"
)
_IT_IS = (
    r"(?:(?:that\s)?(?:it|this|the\sanswer)(?:['’]s|\s(?:is|was|were|happened|took\splace))\s"
    r"(?:in\s|on\s)?)?"
)
_FORMS = (
    rf"{_SOURCE}\s(?:clearly\s|explicitly\s)?{_SAYS}[\s:]\s?(?:that\s)?{_IT_IS}",
    rf"(?:according\sto|based\son|per|as\s(?:stated|mentioned|given|shown)\sin|from)\s{_SOURCE}[,:]\s{_IT_IS}",
    r"(?:el|este)\s(?:texto|pasaje|artículo|documento)\s(?:dice|menciona|indica|señala)\s(?:que\s)?"
    r"(?:(?:es|fue|son)\s)?(?:en\s)?",
    r"(?:según|de\sacuerdo\scon)\sel\s(?:texto|pasaje|artículo|documento)[,:]\s(?:(?:es|fue|son)\s)?(?:en\s)?",
    r"(?:le|ce)\s(?:texte|passage|document)\s(?:dit|indique|mentionne|précise)\s(?:que\s)?(?:c['’]est\s)?(?:en\s)?",
    r"(?:selon|d['’]après)\s(?:le|ce)\s(?:texte|passage|document)[,:]\s(?:c['’](?:est|était)\s)?(?:en\s)?",
    r"(?:der|dieser)\s(?:text|artikel|abschnitt)\s(?:sagt|nennt|erwähnt|gibt)\s",
    r"(?:laut|gemäß)\s(?:dem\s)?(?:text|artikel|abschnitt|dokument)(?:[,:]|\s(?:ist|war)\ses)\s",
    r"im\s(?:text|artikel)\ssteht\s?:?\s",
    r"o\s(?:texto|trecho|artigo|documento)\s(?:diz|menciona|indica|afirma)\s(?:que\s)?(?:(?:é|foi)\s)?(?:em\s)?",
    r"(?:segundo|de\sacordo\scom|conforme)\so\s(?:texto|trecho|artigo|documento)[,:]\s(?:(?:é|foi)\s)?(?:em\s)?",
    r"il\s(?:testo|brano|documento)\s(?:dice|indica|menziona|riporta)\s(?:che\s)?(?:(?:è|era)\s)?(?:nel\s)?",
    r"(?:secondo|in\sbase\sa)\s?(?:il|l['’])\s?(?:testo|brano|articolo|documento)[,:]\s(?:(?:è|era)\s)?(?:nel\s)?",
    r"в\s(?:тексте|статье|отрывке)\s(?:сказано|указано|говорится)(?:,\sчто)?\s?[:—–-]?\s(?:это\s)?(?:в\s)?",
    r"согласно\s(?:тексту|статье|отрывку)\s?[,:—–-]\s?(?:это\s)?(?:в\s)?",
    r"(?:根据|據|据|根據)(?:文章|本文|原文|材料|文本|上文|该文|短文)(?:内容|的内容)?[，,：:]?\s?(?:是|为|為|答案是)?",
    r"(?:文中|文章|原文|文本|本文)(?:说|說|提到|写道|寫道|指出|给出|写的)(?:的)?(?:是|为|為)?[：:]?\s?",
    r"(?:本文|文章|テキスト|記事)(?:によると|によれば|には)、?\s?",
    r"(?:본문|글|지문|기사)(?:에\s따르면|에\s의하면),?\s",
    r"(?:पाठ|लेख|अनुच्छेद|गद्यांश)\sके\sअनुसार,?\s",
    r"(?:وفق(?:ا|ًا|اً)\sل|بحسب\sا|حسب\sا)ل(?:نص|مقال|مقطع)[،,]?\s(?:(?:هو|هي|في)\s)?",
    r"(?:metne|makaleye)\sgöre,?\s",
    r"menurut\s(?:teks|bacaan|artikel),?\s",
)
_REPORTED = lazy_regex(
    rf"\s*[*_>]{{0,3}}(?:{'|'.join(_FORMS)})(?P<answer>[^\n]{{1,200}}?)[\s*_]*"
    r"(?:[.!。！।۔](?=\s|$)(?P<rest>.*)|$)",
    regex.I | regex.S,
)


def reported(output: str) -> str | None:
    """Return what an output opens with as said by its text, ``None`` where it is turned from.

    Example:
        >>> reported("The text says 1912."), reported("The text says 1912. But it was 1913.")
        ('1912', None)
    """
    found = _REPORTED.fullmatch(output.rstrip())
    rest = "" if found is None else found["rest"] or ""
    return None if found is None or NEGATION.search(rest) or turns(rest) else str(found["answer"])
