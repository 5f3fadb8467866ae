r"""Is a number the value that a sentence comes to, or a bound, an operand or an end of a range?

Every function takes a text as :func:`evalguard.scorers.numbers.prepared` returns it.
"""

from __future__ import annotations

import regex

_BEFORE = 80
_AFTER = 120

_BOUNDS = (
    r"at (?:the )?(?:least|most|minimum|maximum)|(?:no|not) (?:more|less|fewer|greater|larger"
    r"|higher|lower"
    r"|later|earlier|longer) than|(?<!nothing )(?:more|less|fewer|greater|larger|bigger|smaller"
    r"|higher|lower|longer"
    r"|shorter|older|younger|better|worse) than(?: or equal to)?|a minimum of|minimum of"
    r"|a maximum of"
    r"|(?:up|down) to and including|as (?:much|many|few|little) as|exceed(?:s|ing|ed)?|in excess of"
    r"|upwards? of|north of|almost|nearly|close to|just (?:under|over|above|below|shy of)|shy of"
    r"|not quite|barely|well (?:over|under|above|below)|slightly (?:over|under|above|below"
    r"|more than"
    r"|less than)|(?<!\b(?:jump|leap|step|fl[iey]|flew|climb|hop|walk|driv|drov|span|stretch|spread"
    r"|distribut|divid|split"
    r"|pass|cross|hand|turn|roll|w[io]n|fell|fall|sum|averag|total)\w{0,4} (?:(?:it|them|out"
    r"|evenly) )?)"
    r"(?:over|under|above|below|beyond)"
    r"|(?<!(?:add|sum|com|total|round|bring|end|work|amount|mount|count)\w{0,3} )up to|not equal to"
    r"|different from|(?<!n(?:one|o|othing) )other than"
    r"|mindestens|höchstens|wenigstens|zumindest|maximal|minimal|(?:weniger|mehr|größer|kleiner"
    r"|höher"
    r"|niedriger|geringer) als|bis zu|fast|beinahe|nahezu|knapp"
    r"|(?<=(?:ist|sind|beträgt|liegt|etwas|deutlich|weit|von) )(?:unter|über)"
    r"|(?:al|por lo) menos|como (?:mínimo|máximo)|a lo sumo|(?:más|menos) de|(?:mayor"
    r"|menor)(?:es)? (?:que|de|a)"
    r"|superior a|inferior a|(?<=(?:es|son|de) )hasta|casi"
    r"|au (?:moins|plus)|tout au plus|(?:plus|moins) de|(?:supérieure?"
    r"|inférieure?)s? (?:ou égale? )?à"
    r"|(?<=(?:est|sont|de) )jusqu['’]à|presque|près de"
    r"|(?:pelo|ao) menos|no (?:mínimo|máximo)|(?:mais|menos) (?:de|do que)|(?:maior"
    r"|menor)(?:es)? (?:que|do que)"
    r"|quase|(?<=(?:é|são|de) )até"
    r"|almeno|al (?:massimo|minimo)|(?:più|meno) di|(?:maggiore|minore|superiore|inferiore) (?:di|a"
    r"|o uguale a)"
    r"|(?<=(?:è|sono) )fino a|quasi"
    r"|не (?:менее|более|меньше|больше|превышает|выше|ниже)(?: чем)?|(?:менее|более|меньше|больше"
    r"|свыше|выше"
    r"|ниже)(?: чем)?|как минимум|максимум|минимум|по крайней мере|почти|(?<=(?:это|составляет"
    r"|[–—:-]) )до"
    r"|paling (?:sedikit|banyak|tidak)|setidaknya|sekurang-kurangnya|(?:lebih|kurang) dari|hampir"
    r"|maksimal"
    r"|en (?:az|fazla|çok)|neredeyse|minstens|hoogstens|(?:minder|meer) dan|bijna|ten (?:minste"
    r"|hoogste)"
    r"|co (?:najmniej|najwyżej)|(?:mniej|więcej) niż|prawie|ít nhất|nhiều nhất|tối (?:đa|thiểu)|gần"
    r"|कम से कम|अधिक से अधिक|ज़्यादा से ज़्यादा|ज्यादा से ज्यादा|न्यूनतम|अधिकतम"
    r"|على الأقل|على الأكثر|(?:أكثر|أقل|أكبر|أصغر) من|لا يقل عن|لا (?:يزيد|تزيد) عن|ما يقارب"
    r"|কমপক্ষে|অন্তত|সর্বাধিক|کم از کم|زیادہ سے زیادہ"
)
_GLUED_BOUNDS = (
    r"至少|至多|最多|最少|不超过|不超過|不少于|不少於|不低于|不高于|不多于|不大于|不小于|不足|少于"
    r"|少於|多于|多於|超过"
    r"|超過|大于|大於|小于|小於|低于|高于|将近|將近|接近|几乎|幾乎|少なくとも|多くとも|最大で?"
    r"|最低で?|最高で?|ほぼ|最小で?"
    r"|최소|최대|적어도|많아야|거의"
)
_BETWEEN = r"(?:[\s*_$€£¥:(~≈]|about|around|roughly|some|approximately|the|a total of|an?\b){0,6}"
_BOUND_BEFORE = regex.compile(
    rf"(?:(?<![\p{{L}}\p{{M}}])(?:{_BOUNDS})(?![\p{{L}}\p{{M}}])|{_GLUED_BOUNDS}){_BETWEEN}$"
    r"|(?<=[^\s>-][ \t]|\$)[<>]=?[ \t]?$|[≤≥≠≮≯⩽⩾≲≳][ \t]?$"
    r"|\\(?:leq?|geq?|l[te]|g[te]|neq?|leqslant|geqslant)(?![a-zA-Z])\s?$|&[lg]t;\s?$",
    regex.I,
)
_OPENS_BOUND = regex.compile(
    r"\s*[*_$(]*(?:(?:[<>≤≥≠]|&[lg]t;)=?\s*|(?:over|under|above|below|beyond|unter|über|hasta|até"
    r"|jusqu['’]à|fino a|до|bis)[\s$€£*_]+)$",
    regex.I,
)
_UNIT = (
    r"(?:[ \t*_$]*(?!(?:or|and|o|ou|oder|y|e|или)\b)"
    r"[\p{L}%°€£¥][\p{L}\p{M}²³/.]{0,15})?[ \t*_$)]{0,4}"
)
_BOUND_AFTER = regex.compile(
    rf"(?:\+(?!\s*\w)|{_UNIT}(?<![\p{{L}}\p{{M}}](?=[\p{{L}}\p{{M}}]))(?:,?\s?(?:or|and|oder|und|ou"
    rf"|et|o|y|e|или|и|veya|atau) (?:more|less|fewer|greater"
    r"|higher|lower|above|below|over|under|up|upwards?|later|earlier|older|younger|mehr|weniger"
    r"|plus|moins"
    r"|más|menos|mais|più|meno|больше|более|меньше|менее|daha (?:fazla|az)|lebih|kurang)\b"
    r"|,?\s?(?:at (?:the )?(?:least|most)|at (?:minimum|maximum|best|worst)|minimum|maximum|tops"
    r"|max\.?|min\."
    r"|como (?:mínimo|máximo)|al menos|au (?:moins|plus|maximum|minimum)|mindestens|höchstens"
    r"|pelo menos"
    r"|no (?:mínimo|máximo)|almeno|al massimo)(?![\p{L}\p{M}]))"
    r"|\s?[\p{Han}\p{Hangul}\p{Katakana}]{0,3}?\s?(?:以上|以下|以内|以內|未満|未滿|余り?|多个|以外"
    r"|이상|이하|미만|초과)"
    r"|\s?(?:\p{Devanagari}+\s)?(?:से (?:अधिक|कम|ज़्यादा|ज्यादा))"
    r"|['’]?\s?(?:ten|tan|den|dan) (?:az|fazla|çok|büyük|küçük)\b)",
    regex.I,
)
_OPERATOR = (
    r"(?:plus|minus|times|multiplied by|divided by|added to|subtracted from|taken from|less|over"
    r"|modulo"
    r"|to the power(?: of)?|raised to|geteilt durch|mal|por|entre|dividido (?:por|entre)"
    r"|multiplicado por"
    r"|más|divisé par|multiplié par|fois|vezes|mais|menos|diviso|per|più|meno|плюс|минус"
    r"|умножить на"
    r"|разделить на|делить на|dikali|dibagi|ditambah|dikurangi|çarpı|bölü|artı|eksi)"
)
_OPERAND_BEFORE = regex.compile(
    rf"\d[ \t]?[%°€$]?[ \t*_$]{{0,4}}(?:{_OPERATOR})[\s$€£*_]*$"
    r"|\b(?:half|quarter|\d{1,2}) past[\s*_]*$|\bquarter (?:to|before|until|of)[\s*_]*$|\bhalb $"
    r"|\bminutes? (?:to|past|before|after)[\s*_]*$"
    r"|\b(?:two|three|four|five|six|seven|eight|nine|ten|hundred) times(?: the)?\s*$"
    r"|\b(?:squares?|cubes?|reciprocal|logarithm) of[\s$€£*_]*$"
    r"|\b(?:difference|ratio) between[\s$€£*_]*$"
    r"|\b(?:sum|difference|product|average|mean|quotient|ratio) (?:of"
    r"|between)[^.!?\n]{0,24}\d[^.!?\n\d]{0,12}"
    r"\band[\s$€£*_]*$"
    r"|\b(?:das doppelte von|die hälfte von|el doble de|la mitad de|le double de|la moitié de"
    r"|o dobro de"
    r"|a metade de|il doppio di|la metà di|половина от)[\s$€£*_]*$"
    r"|[\d)][ \t]?(?:加上?|减去?|減去?|乘以?|除以|足す|引く|掛ける|割る)[ \t]?$",
    regex.I,
)
_OPERAND_AFTER = regex.compile(
    r"[ \t*_]{0,4}(?:(?:times (?:as|the|larger|bigger|greater|more|less|fewer|smaller|faster|older"
    r"|longer|heavier"
    r"|higher|that|this|what|his|her|their|its)|plus|minus|multiplied by|divided by|added to"
    r"|subtracted from|modulo"
    r"|to the power|raised to|squared|cubed|geteilt durch|mal so|dividido|multiplicado|divisé"
    r"|multiplié"
    r"|fois (?:plus|moins|aussi)|veces (?:más|menos|mayor)|vezes (?:mais|menos|maior)|volte (?:più"
    r"|meno)"
    r"|раза? (?:больше|меньше)|разделить|умножить|плюс|минус)(?![\p{L}\p{M}])"
    r"|(?:más|mais|più|plus|fois|veces|vezes|volte|mal|por|geteilt|x) \d"
    r"|(?:of|von|de|из) (?:the |these |those |his |her |their |our |all |den |los |las |les "
    r"|di )?\d"
    r"|(?:more|less|fewer|greater|larger|bigger|smaller|higher|lower|older|younger|longer|shorter"
    r"|taller) than\b"
    r"|(?:mehr|weniger|größer|kleiner|älter|jünger) als\b|(?:más|menos) que\b|de (?:plus"
    r"|moins) que\b"
    r"|(?:mais|menos) (?:do )?que\b|(?:in più|in meno) (?:di|rispetto)\b|(?:больше|меньше|старше"
    r"|младше),? чем\b"
    r"|\s?(?:加|减|減|乘|除|足す|引く|掛ける|割る|に\d|の\d|的(?:\d|[一二两三四五六七八九十百半])"
    r"|더하기|빼기|곱하기|나누기)"
    r"|(?:जमा|गुणा|भाग|घटा|زائد|ناقص|مقسوم|مضروب|ضرب|على) "
    r"|lebih (?:banyak|tua|besar) dari|(?:and|y|et|und|e|и) (?:an? |one |una? |eine? )?(?:half"
    r"|quarter|third|demie?"
    r"|media|meia|mezz[oa]|halbe?s?)\b)",
    regex.I,
)
_PERCENT_OF = regex.compile(
    r"[ \t*_]{0,4}(?:of|von|de|du|des|del|do|da|di|от|dari)(?![\p{L}\p{M}])|的", regex.I
)
_CUE = regex.compile(
    r"(?:[,;:(–—-]|\b(?:and|so)\b|\s)\s*(?:(?:which|that|this|it)(?:['’]s| is| was| comes| came"
    r"| equals| makes"
    r"| gives| amounts| totals| works out| adds up| means| leaves)(?: out)?(?: to| at| exactly"
    r"| a total of)?,?"
    r"|that is to say,?|i\.e\.,?|namely,?|in other words,?|(?:giving|making|totall?ing|leaving"
    r"|yielding|hence|thus"
    r"|therefore|coming to|equal(?:s| to)|for a total of|or simply|so(?=,? [$€£]?\d))\b,?"
    r"|das heißt,?|d\.\s?h\.,?|also|das (?:sind|ergibt|macht|entspricht)|was[^.\n]{0,20}(?:ergibt"
    r"|entspricht)"
    r"|c['’]est-à-dire,?|soit|ce qui (?:fait|donne|revient à|correspond à)|donc"
    r"|es decir,?|o sea,?|lo que (?:da|equivale a|son|es)|esto es,?|ou seja,?|isto é,?|o que (?:dá"
    r"|equivale a|é)"
    r"|cioè,?|ovvero,?|vale a dire,?|che fa|то есть,?|т\.\s?е\.,?|что (?:составляет|равно|даёт)"
    r"|yaitu,?|yakni,?|artinya|yani,?|bu da)(?![\p{L}\p{M}])"
    r"|即|也就是说?|等于|就是|つまり|すなわち|즉|यानी|अर्थात|जो कि|أي|ما يعادل|وهو ما",
    regex.I,
)
_ENTRY = (
    r"[ \t$]*[-+±]?[ \t]*"
    r"(?:∞|\\?infty|inf(?:inity|ty)?|\\?pi|π|√?\d[\d.]*(?:/\d+)?[ \t]?[a-z°%]?|[a-z])[ \t$]*"
)
_TUPLE_BEFORE = regex.compile(rf"\\?[(\[{{⟨]\s?(?:{_ENTRY}[,;|])+[ \t]*$", regex.I)
_TUPLE_AFTER = regex.compile(rf"[ \t$]*(?:[,;|]{_ENTRY})+\\?[)\]}}⟩]", regex.I)
_OPENS_TUPLE = regex.compile(r"\\?[(\[{⟨][ \t]*$")
_HALF_OPEN = regex.compile(r"[ \t$]*\\?[)\]}⟩]")
_RANGE_BEFORE = regex.compile(
    r"(?:\b(?:between|zwischen|entre|tra|fra|между|antara"
    r"|between:)\b[^.!?\n]{0,30}\d[^.!?\n\d]{0,15}"
    r"(?:\b(?:and|und|et|y|e|и|dan)\b|&|-|–|—)[\s$€£*_]*"
    r"|(?<!\bfrom[^.!?\n]{0,40})\d[\d.,]*[ \t]?[%°$€]?[ \t]?(?:\b(?:to|bis|à|a)\b|至|到|~|〜|～"
    r"|から|부터|से)[\s$€£*_]*"
    r"|\b(?:from|von|de|от|dari)[ \t]+\$?\d[\d.,]*[^.!?\n\d]{0,12}\b(?:to|bis|à|a|до|hingga"
    r"|sampai)\b[\s$€£*_]*"
    r"|بين[^.\n]{0,20}\d[^.\n\d]{0,12}و[\s]*)$",
    regex.I,
)
_MOVES = regex.compile(
    r"\b(?:ris|ros|increas|grow|grew|grown|rais|fall|fell|drop|decreas|reduc|chang|go|goes|went"
    r"|climb|declin|count"
    r"|convert|improv|round|simplif|steig|stieg|sink|sank|wächst|wuchs|aument|baj|sub|pas|augment"
    r"|diminu|cai|caiu|cresc|вырос|упал|увелич|уменьш|возрос)\w*",
    regex.I,
)
_HEDGE = (
    r"(?:maybe|perhaps|possibly|or so|alternatively|(?:could|might|may) (?:also|well|even) be"
    r"|or (?:it )?"
    r"(?:could|might|may) be|vielleicht|womöglich|quizás?|tal vez|a lo mejor|peut-être|talvez|forse"
    r"|magari"
    r"|возможно|может быть|mungkin|barangkali|belki)"
)
_HEDGED_AFTER = regex.compile(
    rf"[^.!?\n\d]{{0,30}}?(?<![\p{{L}}\p{{M}}]){_HEDGE}(?![\p{{L}}\p{{M}}])[^.!?\n\d]{{0,20}}?\d"
    r"|[^。.!?\n\d]{0,20}?(?:也许|也許|或许|或許|可能|たぶん|もしかし|아마|शायद"
    r"|ربما)[^。.!?\n\d]{0,15}?\d",
    regex.I,
)
_HEDGED_BEFORE = regex.compile(
    rf"\d[^.!?\n\d]{{0,30}}?(?<![\p{{L}}\p{{M}}]){_HEDGE}(?![\p{{L}}\p{{M}}])[^.!?\n\d]{{0,15}}$"
    r"|\d[^。.!?\n\d]{0,20}?(?:也许|也許|或许|或許|可能|たぶん|もしかし|아마|शायद"
    r"|ربما)[^。.!?\n\d]{0,10}$",
    regex.I,
)


def bounded(text: str, start: int, end: int) -> bool:
    """Return whether the number at a place is a bound or is only approached.

    Example:
        >>> bounded("at least 4", 9, 10), bounded("about 4", 6, 7), bounded("4 or more", 0, 1)
        (True, False, True)
    """
    before = text[max(0, start - _BEFORE) : start]
    return bool(_BOUND_BEFORE.search(before) or _BOUND_AFTER.match(text, end))


def opens_bound(text: str, start: int) -> bool:
    """Return whether nothing but a sign such as ">" stands before a number."""
    return _OPENS_BOUND.fullmatch(text, 0, start) is not None


def in_series(text: str, start: int, end: int) -> bool:
    """Return whether the number at a place is an end of a range, or one entry of a pair.

    Example:
        >>> in_series("(2, 5)", 4, 5), in_series("[2, 5)", 1, 2), in_series("f(x) = 5", 7, 8)
        (True, True, False)
    """
    before = text[max(0, start - _BEFORE) : start]
    if (_TUPLE_BEFORE.search(before) and _after_entry(text, end)) or (
        _OPENS_TUPLE.search(before) and _TUPLE_AFTER.match(text, end)
    ):
        return True
    return _RANGE_BEFORE.search(before) is not None and _MOVES.search(before) is None


def _after_entry(text: str, end: int) -> bool:
    return bool(_HALF_OPEN.match(text, end) or _TUPLE_AFTER.match(text, end))


def operand(text: str, start: int, end: int) -> bool:
    """Return whether the number at a place is what another is calculated from.

    Example:
        >>> operand("4 plus 3", 7, 8), operand("4 plus 3", 0, 1), operand("4 apples", 0, 1)
        (True, False, False)
    """
    before = text[max(0, start - _BEFORE) : start]
    return _OPERAND_BEFORE.search(before) is not None


def related(text: str, end: int, *, percent: bool = False) -> int | None:
    """Return where the result begins if the number before a place is a part of a term.

    Args:
        text: The text.
        end: Where the number ends.
        percent: Whether it is a percentage, which is a value of its own unless a result follows.

    Returns:
        The place behind "which comes to" and the like, the end of the text where nothing of the
        kind follows, and ``None`` where the number is no part of a term.

    Example:
        >>> related("4 of the 9, that is, 5 remain", 1), related("4 apples", 1)
        (20, None)
    """
    part = (_PERCENT_OF if percent else _OPERAND_AFTER).match(text, end)
    if part is None:
        return None
    cue = _CUE.search(text, part.end(), part.end() + _AFTER)
    if cue is not None and any(map(str.isdecimal, text[cue.end() :])):
        return cue.end()
    return None if percent else len(text)


def hedged(text: str, start: int, end: int) -> bool:
    """Return whether another number is offered instead of the one at a place.

    Example:
        >>> hedged("12 or so, maybe 15", 0, 2), hedged("maybe 15", 6, 8)
        (True, False)
    """
    before = text[max(0, start - _BEFORE) : start]
    return bool(_HEDGED_AFTER.match(text, end) or _HEDGED_BEFORE.search(before))
