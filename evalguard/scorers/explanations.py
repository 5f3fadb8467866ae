"""What an output adds to its answer: a check of it, the reason for it, an aside in brackets."""

from __future__ import annotations

import regex

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
_CHECK = regex.compile(
    rf"(?P<lead>(?:^|(?<=\n)|(?<=[.!?:;]\s)|(?<=[.!?]\s\s)|(?<=\())[\s*_#>(-]{0, 6}+)(?:(?:and|now"
    rf"|ok(?:ay)?|finally)"
    rf",? )?(?:(?:{_CHECK_WORDS})(?![\p{{L}}\p{{M}}])|验算|驗算|检验|檢驗"
    r"|验证|驗證|检查|検算|確認|검산"
    r"|확인)",
    regex.I,
)
_BECAUSE = (
    r"(?:because|since|weil|(?<=, )da(?= )|porque|ya que|puesto que|(?<=, )car|parce qu[e'’]"
    r"|puisque|(?<=, )pois"
    r"|uma vez que"
    r"|perché|poiché|dato che|потому что|так как|поскольку|karena|sebab|çünkü|ponieważ|omdat"
    r"|क्योंकि|لأن\p{L}*)"
)
_REASON = regex.compile(
    rf"(?:(?<=[\p{{L}}\p{{N}}%°$€)*])[,;]?\s(?={_BECAUSE}(?![\p{{L}}\p{{M}}]))"
    rf"|(?<=[.!?]\s)(?:this|that|it)(?:['’]s| is) {_BECAUSE}(?![\p{{L}}\p{{M}}])"
    rf"|(?<=[.!?]\s)(?={_BECAUSE}(?![\p{{L}}\p{{M}}])[^,\n]*$)|[，,]?(?=因为|因為|由于|由於))"
    r"(?P<rest>(?:[^.!?。！？।\n]|[.](?=\d))*)",
    regex.I | regex.M,
)
_ENDS_AS_REASON = regex.compile(r"(?<=。)[^。]{1,200}(?:からです|ためです|からだ|ためだ)。?\s*$")
_FACT = regex.compile(
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
_EXPRESSION = regex.compile(
    r"(?:\s?[:：]|,?\s(?:i\.e\.|that is|namely|also|d\.\s?h\.|soit"
    r"|es decir),?)\s*[$€£(]{0,3}\d[\d.,]*+"
    r"(?:\s?[×*x+/÷−–-]\s?[$€£(]{0,3}\d[\d.,]*+\)?)++(?=[\s.)]*$)",
    regex.I,
)
_GOES_ON = regex.compile(
    r"\b(?:so|thus|therefore|hence|but|however|not|wrong|cannot|actually|instead|wait|should"
    r"|then|incorrect|mistake|error|too (?:many|few|much|little|big|small|large)|fails?"
    r"|also|daher|aber|nicht|falsch|pero|no|entonces|donc|mais|pas|logo|mas|não|quindi|ma|non"
    r"|поэтому|но|не)\b|n['’]t\b|[≠✗✘❌]|!=|所以|因此|但|不|したがって|しかし|따라서|하지만",
    regex.I,
)
_IN_BRACKETS = regex.compile(
    r"(?<=\S\s{1,2})\((?P<inner>[^()\n]{2,200})\)|(?<=\n)\((?P<inner>[^()\n]{2,300})\)"
)
_SAYS_MORE = regex.compile(r"\p{L}{3}|\p{L}\s*=|\d\s*[×*+/÷=-]\s*\d|=")
_INSTEAD = regex.compile(
    r"\s*\\?(?:p?mod|or|maybe|perhaps|possibly|not|actually|no|wait|corrected|rather|i mean|if|oder"
    r"|vielleicht|nicht|o|quizás|ou|peut-être|talvez|forse|или|或|不|と)\b",
    regex.I,
)
_SENTENCE = regex.compile(r"[.!?؟](?=\s)|[。！？।۔\n]")
_COMMA = regex.compile(r"[,，]\s[^,，]*\d|[，、][^，]*\d")
_DIGIT = regex.compile(r"\d")


def without_explanations(text: str) -> str:
    """Return a text without the check, the reason and the asides that follow its last number.

    They are kept where nothing before them holds a number, and where they come to another answer.
    What is taken out leaves as many spaces.

    Example:
        >>> without_explanations("x = 5. Check: 5 + 2 = 7").rstrip()
        'x = 5.'
        >>> without_explanations("There are 5, because 7 were eaten.").rstrip()
        'There are 5'
        >>> without_explanations("She saves $730 (2 × 365).")
        'She saves $730          .'
    """
    head, tail = text[:-MAX_EXPLANATION_CHARS], text[-MAX_EXPLANATION_CHARS:]
    for pattern in (_CHECK, _ENDS_AS_REASON, _FACT, _EXPRESSION):
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
    """Return the last sentence of a text, and the one before it where it is short of words."""
    parts = [one for one in _SENTENCE.split(before) if one.strip()]
    return parts[-1] if parts else ""


def _blank(found: regex.Match[str]) -> str:
    """Return spaces in place of brackets that say more about the number before them."""
    inner, before = found["inner"], _said(found.string[: found.start()])
    aside = _SAYS_MORE.search(inner) and _DIGIT.search(inner) and not _INSTEAD.match(inner)
    return " " * len(found[0]) if aside and _DIGIT.search(before) else found[0]


_PREMISE = regex.compile(
    r"^[\s*_#>-]*(?:let \w+ (?:be|=)|(?:given|known|input|premise|gegeben|bekannt|dado|dados|datos"
    r"|données?|donné|dati|дано|известно|已知|给定|与えられた"
    r"|주어진|दिया गया|معطى|diketahui|verilen)"
    r"[*_ ]*[:：])|\b(?:the|this) (?:question|problem|exercise|prompt|text) (?:says?|states?|said"
    r"|stated|gives?|mentions?|tells?|asks?|reads?)\b|\b(?:we are|we['’]re|i am|i['’]m|it is|it was"
    r"|you) (?:told|given|stated|asked|said|mentioned)\b|\bas (?:stated|given|mentioned) in the"
    r" (?:question|problem)\b|laut (?:der )?aufgabe|in der aufgabe (?:steht|heißt)"
    r"|el (?:problema|enunciado) dice|según el enunciado|l['’]énoncé (?:dit|donne)"
    r"|o enunciado diz|il problema dice|в условии|по условию|题目(?:中)?(?:说|给出|告诉|提到)"
    r"|題目(?:中)?說|問題文(?:に|で)|문제에서",
    regex.I,
)
_PENDING = regex.compile(
    r"\b(?:next|then|now|afterwards?|after that|finally|lastly|from (?:this|here|there|that)|still"
    r")\b[^.!?\n\d]{0,50}?\b(?:(?:we|you|i|let['’]s|let us|one) (?:\w+ ){0,3}?(?:add|subtract"
    r"|multiply"
    r"|divide|deduct|convert|calculate|compute|find|determine|solve|need|have to|must|use|set up"
    r"|take|plug)|(?:add|subtract|multiply|divide|deduct|convert|calculate|compute|solve)\b)"
    r"|\bi(?:['’]d| would)? (?:still )?need (?:the|to know)\b|\b(?:i|we)(?:['’]d| would)? (?:have"
    r"|need) to know\b|\bi leave\b[^.!?\n]{0,20}to you"
    r"|\bwhich (?:still )?(?:has|have|needs?) to be\b|\b(?:als nächstes|im nächsten schritt"
    r"|a continuación|ensuite|nous devons encore|il faut encore|in seguito|successivamente"
    r"|a seguir|em seguida|ainda precisamos|затем нужно|далее|selanjutnya)\b"
    r"|接下来|下一步|然后再|还需要|還需要|次に|それから|さらに引|해야 (?:합니다|한다|해요)",
    regex.I,
)
_SO_FAR = regex.compile(
    r"\b(?:so far,? (?:that|this|it|we|i)\b|for now|until now|at this point|(?:we|you"
    r"|i) (?:still )?(?:have|need) to (?:add"
    r"|subtract|multiply|divide|deduct|account|include|convert)|don['’]t forget to|remember to"
    r"|bis jetzt|bisher|hasta ahora|por ahora|jusqu['’]ici|pour l['’]instant|até agora|por enquanto"
    r"|finora|per ora|пока что|sejauh ini)\b|到目前为止|目前为止|今のところ"
    r"|지금까지|अब तक|حتى الآن",
    regex.I,
)
_NOT_SOUGHT = regex.compile(
    r"[\s*_]*(?:\p{L}{1,12} )?(?:minus|plus|divided by|multiplied by|times|less) (?:the|what|that"
    r"|all|his"
    r"|her|their|its|however|whatever)\b|[^.!?\n\d]{0,40}?\b(?:but|which|however),? (?:(?:that"
    r"|this|it)(?:['’]s| is| was) |is |was )"
    r"(?:not|n['’]t|only|just|merely) (?:what|the|yet|our|quite|a|an|part|half|one)\b",
    regex.I,
)
_OPERATION = regex.compile(
    r"[\s*_>#-]*(?:\d{1,2}[.)]\s*)?(?:(?:first|next|then|now|finally),?\s)?(?:set(?:ting)?"
    r"|subtract(?:ing)?"
    r"|add(?:ing)?|mov(?:e|ing)|divid(?:e|ing)|multiply(?:ing)?|substitut(?:e|ing)|plug(?:ging)?"
    r"|setze\w*|subtrahier\w*|addier\w*|multiplizier\w*|dividier\w*|teilen?|rest(?:a|amos|ar|ando)"
    r"|sum(?:a|amos|ar|ando)|divid(?:e|imos|ir|iendo)|multiplic\w+|soustray\w*|additionn\w*"
    r"|ajout\w+"
    r"|divis\w+|multipli\w+|subtra\w+|som(?:e|amos|ar|ando)|sottra\w*|aggiung\w*|вычт\w*|вычита\w*"
    r"|прибав\w*|раздел\w*|умнож\w*)(?!\p{L})",
    regex.I,
)
_COMES_TO = regex.compile(
    r"[=:：≈→,]|(?<!\p{L})(?:g[ei]ves?|giving|get|yields?|is|are|equals|makes?|leaves?|results?"
    r"|totals?|obtain"
    r"|find|have|so|comes?|and we|ergibt|macht|erhal\w+|erhäl\w+|es|son|da|dan|queda\w*|obten\w+"
    r"|est|donne\w*|obtien\w*|reste|é|dá|temos|è|dà|otteniamo|получ\w+|это|равно)(?!\p{L})",
    regex.I,
)
_AT_FIRST = regex.compile(
    r"[\s*_]*(?:originally|initially|at first|at the (?:start|beginning|outset)|in the beginning"
    r"|to begin with|before that|previously|ursprünglich|am anfang|anfangs|zu beginn|al principio"
    r"|inicialmente|originalmente|au départ|au début|initialement|no início|all['’]inizio"
    r"|inizialmente|сначала|вначале|изначально|awalnya|başlangıçta)(?![\p{L}\p{M}])|[\s*_]*(?:原来"
    r"|原來|最初|开始时|一开始|はじめ|元々|처음에|원래)",
    regex.I,
)


def unfinished(text: str, start: int, end: int) -> bool:
    """Return whether a number is a premise, a check or a step, by its sentence or what follows.

    Example:
        >>> unfinished("So far that is 20.", 15, 17), unfinished("That is 20.", 8, 10)
        (True, False)
    """
    sentence = _SENTENCE.split(text[max(0, start - 240) : start])[-1]
    return bool(
        _PREMISE.search(sentence)
        or _CHECK.match(sentence)
        or _SO_FAR.search(sentence)
        or (_OPERATION.match(sentence) and not _COMES_TO.search(sentence))
        or _NOT_SOUGHT.match(text, end)
        or _PENDING.search(text, end, end + 240)
    )


def recalled(text: str, start: int, value_before: bool) -> bool:
    """Return whether a sentence goes back to what was at first, after another number.

    Example:
        >>> recalled("8 are left. Originally there were 12.", 34, False)
        True
    """
    before = text[max(0, start - 240) : start]
    sentence = _SENTENCE.split(before)[-1]
    earlier = text[: start - len(sentence)]
    return bool(_AT_FIRST.match(sentence) and _DIGIT.search(earlier) and not value_before)
