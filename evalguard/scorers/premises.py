"""Is a number one that the question gives, or a step before the answer?"""

from __future__ import annotations

import regex

from evalguard.scorers.explanations import CHECK
from evalguard.scorers.lazy_patterns import lazy_regex

_SENTENCE = lazy_regex(r"[.!?؟](?=\s)|[。！？।۔\n]")
_DIGIT = lazy_regex(r"\d")
_PREMISE = lazy_regex(
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
_PENDING = lazy_regex(
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
_SO_FAR = lazy_regex(
    r"\b(?:so far,? (?:that|this|it|we|i)\b|for now|until now|at this point|(?:we|you"
    r"|i) (?:still )?(?:have|need) to (?:add"
    r"|subtract|multiply|divide|deduct|account|include|convert)|don['’]t forget to|remember to"
    r"|bis jetzt|bisher|hasta ahora|por ahora|jusqu['’]ici|pour l['’]instant|até agora|por enquanto"
    r"|finora|per ora|пока что|sejauh ini)\b|到目前为止|目前为止|今のところ"
    r"|지금까지|अब तक|حتى الآن",
    regex.I,
)
_NOT_SOUGHT = lazy_regex(
    r"[\s*_]*(?:\p{L}{1,12} )?(?:minus|plus|divided by|multiplied by|times|less) (?:the|what|that"
    r"|all|his"
    r"|her|their|its|however|whatever)\b|[^.!?\n\d]{0,40}?\b(?:but|which|however),? (?:(?:that"
    r"|this|it)(?:['’]s| is| was) |is |was )"
    r"(?:not|n['’]t|only|just|merely) (?:what|the|yet|our|quite|a|an|part|half|one)\b",
    regex.I,
)
_OPERATION = lazy_regex(
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
_COMES_TO = lazy_regex(
    r"[=:：≈→,]|(?<!\p{L})(?:g[ei]ves?|giving|get|yields?|is|are|equals|makes?|leaves?|results?"
    r"|totals?|obtain"
    r"|find|have|so|comes?|and we|ergibt|macht|erhal\w+|erhäl\w+|es|son|da|dan|queda\w*|obten\w+"
    r"|est|donne\w*|obtien\w*|reste|é|dá|temos|è|dà|otteniamo|получ\w+|это|равно)(?!\p{L})",
    regex.I,
)
_AT_FIRST = lazy_regex(
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
        or CHECK.match(sentence)
        or _SO_FAR.search(sentence)
        or (_OPERATION.match(sentence) and not _COMES_TO.search(sentence))
        or _NOT_SOUGHT.match(text, end)
        or _PENDING.search(text, end, end + 240)
    )


def recalled(text: str, start: int, *, value_before: bool) -> bool:
    """Return whether a sentence goes back to what was at first, after another number.

    Example:
        >>> recalled("8 are left. Originally there were 12.", 34, value_before=False)
        True
    """
    before = text[max(0, start - 240) : start]
    sentence = _SENTENCE.split(before)[-1]
    earlier = text[: start - len(sentence)]
    return bool(_AT_FIRST.match(sentence) and _DIGIT.search(earlier) and not value_before)
