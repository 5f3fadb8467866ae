"""What an output adds to its answer: a check of it, the reason for it, an aside in brackets."""

from __future__ import annotations

import regex

from evalguard.scorers.lazy_patterns import lazy_regex

MAX_EXPLANATION_CHARS = 4000
"""The end of an output in which explanations are looked for."""

_CHECK_WORDS = (
    r"(?:let(?:['’]s| us| me) (?:now |quickly |also )?)?(?:to )?(?:double[- ]?check|cross[- ]?check"
    r"|sanity[- ]check|check|verify|verif(?:ication|ying)|confirm(?:ation|ing)?|proof)(?:ing)?"
    r"(?! mark)|we can (?:check|verify|confirm)|as a check|(?:zur |die )?(?:probe|kontrolle"
    r"|überprüfung)|(?:überprüfen|prüfen) wir|zum überprüfen|(?:la )?comprobación|comprobemos"
    r"|comprobamos|verificamos|para (?:comprobar|verificar)|verificación|vérification|vérifions"
    r"|on vérifie|pour vérifier|verificação|verificando|conferindo|verifica|verifichiamo"
    r"|per verificare|проверка|проверим|для проверки|pengecekan|periksa|untuk memeriksa|sağlama"
    r"|kontrol edelim|controle|sprawdzenie|जाँच|जांच|التحقق|للتحقق|تحقق"
)
CHECK = lazy_regex(
    rf"(?:(?:^|(?<=\n)|(?<=[.!?:;]\s)|(?<=[.!?]\s\s)|(?<=\())[\s*_#>(-]{{0,6}}+)(?:(?:and|now"
    rf"|ok(?:ay)?|finally)"
    rf",? )?(?:(?:{_CHECK_WORDS})(?![\p{{L}}\p{{M}}])|验算|驗算|检验|檢驗"
    r"|验证|驗證|检查|検算|確認|검산"
    r"|확인)",
    regex.I,
)
"""What opens a check of an answer, in many languages."""

_BECAUSE = (
    r"(?:because|since|weil|(?<=, )da(?= )|porque|ya que|puesto que|(?<=, )car|parce qu[e'’]"
    r"|puisque|(?<=, )pois"
    r"|uma vez que"
    r"|perché|poiché|dato che|потому что|так как|поскольку|karena|sebab|çünkü|ponieważ|omdat"
    r"|क्योंकि|لأن\p{L}*)"
)
_REASON = lazy_regex(
    rf"(?:(?<=[\p{{L}}\p{{N}}%°$€)*])[,;]?\s(?={_BECAUSE}(?![\p{{L}}\p{{M}}]))"
    rf"|(?<=[.!?]\s)(?:this|that|it)(?:['’]s| is) {_BECAUSE}(?![\p{{L}}\p{{M}}])"
    rf"|(?<=[.!?]\s)(?={_BECAUSE}(?![\p{{L}}\p{{M}}])[^,\n]*$)|[，,]?(?=因为|因為|由于|由於))"
    r"(?P<rest>(?:[^.!?。！？।\n]|[.](?=\d))*)",
    regex.I | regex.M,
)
_ENDS_AS_REASON = lazy_regex(r"(?<=。)[^。]{1,200}(?:からです|ためです|からだ|ためだ)。?\s*$")
_FACT = lazy_regex(
    r"(?:(?<=[.!?]\s)|(?<=[.!?]\s\s)|(?<=[。！？\n]))[*_]*(?:(?:(?:please )?(?:note|recall"
    r"|remember)(?: that)?[:,]? )"
    r"?(?:an?|one|1|each|every|the) (?:\w+ )?(?:minute|hour|day|week|month|year|dozen|foot|yard"
    r"|mile|meter|metre"
    r"|kilometer|kilometre|kilogram|pound|gallon|century|decade)s? (?:has|have|is|are|contains?"
    r"|equals?|consists? of)"
    r"|(?:note|assumptions?|assuming|for reference|by comparison|in comparison|ps"
    r"|p\.s\.)\b[^.!?\n]{0,80}?"
    r"|(?:eine?|der|die|das) (?:minute|stunde|tag|woche|monat|jahr|dutzend) hat"
    r"|(?:una?|la|el) (?:minuto|hora|día|semana|mes|año|docena) tiene"
    r"|(?:une?|la|le|l['’]) ?(?:minute|heure|jour|semaine|mois|année|an|douzaine) (?:a|compte"
    r"|contient)"
    r"|(?:uma?|a|o) (?:minuto|hora|dia|semana|mês|ano|dúzia) tem"
    r"|(?:una?|la|il|l['’]) ?(?:minuto|ora|giorno|settimana|mese|anno|dozzina) ha"
    r"|в (?:минуте|часе|сутках|неделе|месяце|году|дюжине)"
    r"|一(?:分钟|小时|天|周|星期|个月|年|打)(?:有|是|等于)|1(?:分|時間|日|週間|ヶ月|年)は"
    r"|(?:일|한) ?(?:분|시간|주일|달|년)은"
    r")[^.!?。！？\n]{0,20}?\d[^.!?。！？\n]*[.!?。！？]?\s*$",
    regex.I | regex.M,
)
_EXPRESSION = lazy_regex(
    r"(?:\s?[:：]|,?\s(?:i\.e\.|that is|namely|also|d\.\s?h\.|soit"
    r"|es decir),?)\s*[$€£(]{0,3}\d[\d.,]*+"
    r"(?:\s?[×*x+/÷−–-]\s?[$€£(]{0,3}\d[\d.,]*+\)?)++(?=[\s.)]*$)",
    regex.I,
)
_GOES_ON = lazy_regex(
    r"\b(?:so|thus|therefore|hence|but|however|not|wrong|cannot|actually|instead|wait|should"
    r"|then|incorrect|mistake|error|too (?:many|few|much|little|big|small|large)|fails?"
    r"|also|daher|aber|nicht|falsch|pero|no|entonces|donc|mais|pas|logo|mas|não|quindi|ma|non"
    r"|поэтому|но|не)\b|n['’]t\b|[≠✗✘❌]|!=|所以|因此|但|不|したがって|しかし|따라서|하지만",
    regex.I,
)
_IN_BRACKETS = lazy_regex(
    r"(?<=\S\s{1,2})\((?P<inner>[^()\n]{2,200})\)|(?<=\n)\((?P<inner>[^()\n]{2,300})\)"
)
_SAYS_MORE = lazy_regex(
    r"\d\s?(?:\p{L}{2}[²³]?|[mghslLVWJNK][²³]?)(?:/\p{L}{1,3}[²³]?)?\s*$|\p{L}{3}|\p{L}\s*="
    r"|\d\s*[×*+/÷=-]\s*\d|="
)
_INSTEAD = lazy_regex(
    r"\s*\\?(?:p?mod|or|maybe|perhaps|possibly|not|actually|no|wait|corrected|rather|i mean|if|oder"
    r"|vielleicht|nicht|o|quizás|ou|peut-être|talvez|forse|или|或|不|と)\b",
    regex.I,
)
_SENTENCE = lazy_regex(r"[.!?؟](?=\s)|[。！？।۔\n]")
_COMMA = lazy_regex(r"[,，]\s[^,，]*\d|[，、][^，]*\d")
_DIGIT = lazy_regex(r"\d")


def without_explanations(text: str) -> str:
    """Return a text without the check, the reason and the asides that follow its last number.

    They are kept where nothing before them holds a number, and where they come to another answer.
    What is taken out leaves as many spaces.

    Example:
        >>> without_explanations("x = 5. Check: 5 + 2 = 7").rstrip()
        'x = 5.'
        >>> without_explanations("There are 5, because 7 were eaten.").split()
        ['There', 'are', '5', '.']
        >>> without_explanations("She saves $730 (2 × 365).")
        'She saves $730          .'
    """
    head, tail = text[:-MAX_EXPLANATION_CHARS], text[-MAX_EXPLANATION_CHARS:]
    for pattern in (CHECK, _ENDS_AS_REASON, _FACT, _EXPRESSION):
        for found in pattern.finditer(tail):
            if _explains(tail[: found.start()], after := tail[found.start() :]):
                tail = tail[: found.start()] + " " * len(after)
                break
    return head + _IN_BRACKETS.sub(_blank, _REASON.sub(_without_reason, tail))


def _explains(before: str, after: str) -> bool:
    """Return whether a text with numbers only explains the number in the sentence before it."""
    numbers = _DIGIT.search(after) and _DIGIT.search(_said(before))
    return bool(numbers) and _GOES_ON.search(after) is None


def _without_reason(found: regex.Match[str]) -> str:
    """Return spaces in place of a reason with numbers behind another number."""
    leads_on = _COMMA.search(found["rest"])
    explains = leads_on is None and _explains(found.string[: found.start()], found[0])
    return " " * len(found[0]) if explains else found[0]


def _said(before: str) -> str:
    """Return the last sentence of a text that is not blank."""
    parts = [one for one in _SENTENCE.split(before) if one.strip()]
    return parts[-1] if parts else ""


def _blank(found: regex.Match[str]) -> str:
    """Return spaces in place of brackets that say more about the number before them."""
    inner, before = found["inner"], _said(found.string[: found.start()])
    aside = _SAYS_MORE.search(inner) and _DIGIT.search(inner) and not _INSTEAD.match(inner)
    return " " * len(found[0]) if aside and _DIGIT.search(before) else found[0]
