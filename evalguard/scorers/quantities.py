r"""Is a number the value that a sentence gives, or a bound, an operand or an end of a range?

Every function takes a text as :func:`evalguard.scorers.numbers.prepared` returns it.
"""

from __future__ import annotations

import regex

from evalguard.scorers.lazy_patterns import lazy_regex

_BEFORE = 80
_AFTER = 120

_BOUNDS = (
    r"at (?:the )?(?:least|most|minimum|maximum)|(?:no|not) (?:more|less|fewer|greater|larger"
    r"|higher|lower|later|earlier|longer) than|(?<!nothing )(?:more|less|fewer|greater|larger"
    r"|bigger|smaller|higher|lower|longer|shorter|older|younger|better"
    r"|worse) than(?: or equal to)?|a minimum of|minimum of|a maximum of|(?:up"
    r"|down) to and including|as (?:much|many|few|little) as|exceed(?:s|ing|ed)?|in excess of"
    r"|upwards? of|north of|almost|nearly|close to|just (?:under|over|above|below|shy of)|shy of"
    r"|(?<!\b(?:nothing|none|no) (?:less|more|other) )than|away from|off by|not quite|barely"
    r"|well (?:over|under|above|below)|slightly (?:over|under|above|below"
    r"|more than|less than)|(?<!\b(?:jump|leap|step|fl[iey]|flew|climb|hop|walk|driv|drov|span"
    r"|stretch|spread|distribut|divid|split|pass|cross|hand|turn|roll|w[io]n|fell|fall|sum|averag"
    r"|total)\w{0,4} (?:(?:it|them|out|evenly) )?)(?:over|under|above|below|beyond)|(?<!(?:add|sum"
    r"|com|total|round|bring|end|work|amount|mount|count)\w{0,3} )up to|not equal to"
    r"|different from|(?<!n(?:one|o|othing) )other than|mindestens|höchstens|wenigstens|zumindest"
    r"|maximal|minimal|(?:weniger|mehr|größer|kleiner|höher|niedriger|geringer) als|bis zu|fast"
    r"|beinahe|nahezu|knapp|(?<=(?:ist|sind|beträgt|liegt|etwas|deutlich|weit|von) )(?:unter|über)"
    r"|(?:al|por lo) menos|como (?:mínimo|máximo)|a lo sumo|(?:más|menos) de|(?:mayor"
    r"|menor)(?:es)? (?:que|de|a)|superior a|inferior a|(?<=(?:es|son|de) )hasta|casi|au (?:moins"
    r"|plus)|tout au plus|(?:plus|moins) de|(?:supérieure?|inférieure?)s? (?:ou égale? )?à"
    r"|(?<=(?:est|sont|de) )jusqu['’]à|presque|près de|(?:pelo|ao) menos|no (?:mínimo|máximo)"
    r"|(?:mais|menos) (?:de|do que)|(?:maior|menor)(?:es)? (?:que|do que)|quase|(?<=(?:é|são"
    r"|de) )até|almeno|al (?:massimo|minimo)|(?:più|meno) di|(?:maggiore|minore|superiore"
    r"|inferiore) (?:di|a|o uguale a)|(?<=(?:è|sono) )fino a|quasi|не (?:менее|более|меньше|больше"
    r"|превышает|выше|ниже)(?: чем)?|(?:менее|более|меньше|больше|свыше|выше|ниже)(?: чем)?"
    r"|как минимум|максимум|минимум|по крайней мере|почти|(?<=(?:это|составляет|[–—:-]) )до"
    r"|paling (?:sedikit|banyak|tidak)|setidaknya|sekurang-kurangnya|(?:lebih|kurang) dari|hampir"
    r"|maksimal|en (?:az|fazla|çok)|neredeyse|minstens|hoogstens|(?:minder|meer) dan|bijna"
    r"|ten (?:minste|hoogste)|co (?:najmniej|najwyżej)|(?:mniej|więcej) niż|prawie|ít nhất"
    r"|nhiều nhất|tối (?:đa|thiểu)|gần|कम से कम|अधिक से अधिक|ज़्यादा से ज़्यादा"
    r"|ज्यादा से ज्यादा|न्यूनतम"
    r"|अधिकतम|على الأقل|على الأكثر|(?:أكثر|أقل|أكبر|أصغر) من|لا يقل عن|لا (?:يزيد|تزيد) عن"
    r"|ما يقارب|কমপক্ষে|অন্তত|সর্বাধিক|کم از کم|زیادہ سے زیادہ"
)
_GLUED_BOUNDS = (
    r"比|至少|至多|最多|最少|不超过|不超過|不少于|不少於|不低于|不高于|不多于|不大于|不小于|不足"
    r"|少于"
    r"|少於|多于|多於|超过|超過|大于|大於|小于|小於|低于|高于|将近|將近|接近|几乎|幾乎|少なくとも"
    r"|多くとも|最大で?|最低で?|最高で?|ほぼ|最小で?|최소|최대|적어도|많아야|거의"
)
_BETWEEN = r"(?:[\s*_$€£¥:(~≈]|about|around|roughly|some|approximately|the|a total of|an?\b){0,6}"
_BOUND_BEFORE = lazy_regex(
    rf"(?:(?<![\p{{L}}\p{{M}}])(?:{_BOUNDS})(?![\p{{L}}\p{{M}}])|{_GLUED_BOUNDS}){_BETWEEN}$"
    r"|(?<=[^\s>-][ \t]|\$)[<>]=?[ \t]?$|[≤≥≠≮≯⩽⩾≲≳][ \t]?$|\\(?:leq?|geq?|l[te]|g[te]"
    r"|neq?"
    r"|leqslant|geqslant)(?![a-zA-Z])\s?$|&[lg]t;\s?$",
    regex.I,
)
_OPENS_BOUND = lazy_regex(
    r"\s*[*_$(]*(?:(?:[<>≤≥≠]|&[lg]t;)=?\s*|(?:over|under|above|below|beyond|unter|über|hasta"
    r"|até"
    r"|jusqu['’]à|fino a|до|bis)[\s$€£*_]+)$",
    regex.I,
)
_UNIT = (
    r"(?:[ \t*_$]*(?!(?:or|and|o|ou|oder|y|e"
    r"|или)\b)[\p{L}%°€£¥][\p{L}\p{M}²³/.]{0,15})?[ \t*_$)]{0,4}"
)
_BOUND_AFTER = lazy_regex(
    r"(?:,?\s?(?:give or take|plus or minus|\+/-)|\s?(?:<(?!/?[a-z]{1,9}>|<)|>(?!>)|[≤≥≠]"
    r"|\\(?:leq?|geq?|[lg]t"
    r"|neq?)(?![a-z]))\s?[$\\]?[a-z\d(]"
    rf"|\+(?!\s*\w)|{_UNIT}(?<![\p{{L}}\p{{M}}](?=[\p{{L}}\p{{M}}]))(?:,?\s?(?:or|and|oder|und|ou"
    rf"|et|o|y|e|или|и|veya|atau) (?:more|less|fewer|greater"
    r"|higher|lower|above|below|over|under|up|upwards?|later|earlier|older|younger|mehr|weniger"
    r"|plus|moins|más|menos|mais|più|meno|больше|более|меньше|менее|daha (?:fazla|az)|lebih"
    r"|kurang)\b|,?\s?(?:at (?:the )?(?:least|most)|at (?:minimum|maximum|best|worst)|minimum"
    r"|maximum|tops|max\.?|min\.|como (?:mínimo|máximo)|al menos|au (?:moins|plus|maximum|minimum)"
    r"|mindestens|höchstens|pelo menos|no (?:mínimo|máximo)|almeno|al massimo)(?![\p{L}\p{M}]))"
    r"|\s?[\p{Han}\p{Hangul}\p{Katakana}]{0,3}?\s?(?:以上|以下|以内|以內|未満|未滿|余り?|多个|以外"
    r"|より(?:小さ|大き|少な|多|低|高)|を(?:超|下回|上回)|보다 (?:작|크|적|많|낮|높)"
    r"|이상|이하|미만|초과)|\s?(?:\p{Devanagari}+\s)?(?:से (?:अधिक|कम|ज़्यादा|ज्यादा))"
    r"|['’]?\s?(?:ten"
    r"|tan|den|dan) (?:az|fazla|çok|büyük|küçük)\b)",
    regex.I,
)
_OPERATOR = (
    r"(?:plus|minus|times|multiplied by|divided by|added to|subtracted from|taken from|less|over"
    r"|modulo|to the power(?: of)?|raised to|geteilt durch|mal|por|entre|dividido (?:por|entre)"
    r"|multiplicado por|más|divisé par|multiplié par|fois|vezes|mais|menos|diviso|per|più|meno"
    r"|плюс|минус|умножить на|разделить на|делить на|dikali|dibagi|ditambah|dikurangi|çarpı|bölü"
    r"|artı|eksi)"
)
_OPERAND_BEFORE = lazy_regex(
    rf"\d[ \t]?[%°€$]?[ \t*_$]{{0,4}}(?:{_OPERATOR})[\s$€£*_]*$"
    r"|\b(?:half|quarter|\d{1,2}) past[\s*_]*$|\bquarter (?:to|before|until|of)[\s*_]*$|\bhalb $"
    r"|\bminutes? (?:to|past|before|after)[\s*_]*$|\b(?:two|three|four|five|six|seven|eight|nine"
    r"|ten|hundred) times(?: the)?\s*$|\b(?:squares?|cubes?|reciprocal|logarithm) of[\s$€£*_]*$"
    r"|\b(?:difference|ratio) between[\s$€£*_]*$|\b(?:sum|difference|product|average|mean|quotient"
    r"|ratio) (?:of|between)[^.!?\n]{0,24}\d[^.!?\n\d]{0,12}\band[\s$€£*_]*$|\b(?:das doppelte von"
    r"|die hälfte von|el doble de|la mitad de|le double de|la moitié de|o dobro de|a metade de"
    r"|il doppio di|la metà di|половина от)[\s$€£*_]*$|[\d)][ \t]?(?:加上?|减去?|減去?|乘以?|除以"
    r"|足す|引く|掛ける|割る)[ \t]?$",
    regex.I,
)
_FRENCH_BUT = lazy_regex(
    r"\bpas\b[^.!?\n\d]{0,20}\d[\d.,]*+[^.!?\n\d]{0,20}\bmais\b[^\d]*$", regex.I
)
"""The French "but" behind a negation; "mais" is Portuguese for "plus"."""

_OPERAND_AFTER = lazy_regex(
    r"[ \t*_]{0,4}(?:\p{L}{1,12} (?:plus|minus|multiplied by|divided by|times)\b|(?:times (?:as"
    r"|the|larger|bigger|greater|more|less|fewer|smaller|faster|older"
    r"|longer|heavier|higher|that|this|what|his|her|their|its)|plus|minus|multiplied by|divided by"
    r"|added to|subtracted from|modulo|to the power|raised to|squared|cubed|geteilt durch|mal so"
    r"|dividido|multiplicado|divisé|multiplié|fois (?:plus|moins|aussi)|veces (?:más|menos|mayor)"
    r"|vezes (?:mais|menos|maior)|volte (?:più|meno)|раза? (?:больше|меньше)|разделить|умножить"
    r"|плюс|минус)(?![\p{L}\p{M}])|(?:más|mais|più|plus|fois|veces|vezes|volte|mal|por|geteilt"
    r"|x) \d|(?:of|von|de|из) (?:the |these |those |his |her |their |our |all |den |los |las |les "
    r"|di )?\d|(?:more|less|fewer|greater|larger|bigger|smaller|higher|lower|older|younger|longer"
    r"|shorter|taller) than\b|(?:short|shy) of\b|(?:mehr|weniger|größer|kleiner|älter"
    r"|jünger) als\b|(?:más"
    r"|menos) que\b|de (?:plus|moins) que\b|(?:mais|menos) (?:do )?que\b|(?:in più|in meno) (?:di"
    r"|rispetto)\b|(?:больше|меньше|старше|младше),? чем\b|\s?(?:加|减|減|乘|除|足す|引く|掛ける"
    r"|割る|に\d|の\d|的(?:\d|[一二两三四五六七八九十百半])|더하기|빼기|곱하기|나누기)|(?:जमा|गुणा"
    r"|भाग|घटा|زائد|ناقص|مقسوم|مضروب|ضرب|على) |lebih (?:banyak|tua|besar) dari|(?:and|y|et|und|e"
    r"|и) (?:an? |one |una? |eine? )?(?:half|quarter|third|demie?|media|meia|mezz[oa]|halbe?s?)\b)",
    regex.I,
)
_RATE = lazy_regex(
    r"(?:[ \t]\p{L}+){0,2}[ \t](?:per \p{L}+|each|apiece|pro \p{L}+|par \p{L}+"
    r"|por \p{L}+)\b",
    regex.I,
)
_PERCENT_OF_NUMBER = lazy_regex(r"[ \t*_]{0,4}(?:of|von|de|di|от)[ \t]+[$€£]?\d", regex.I)
_PERCENT_OF = lazy_regex(
    r"[ \t*_]{0,4}(?:of|von|de|du|des|del|do|da|di|от|dari)(?![\p{L}\p{M}])|的", regex.I
)
_CUE = lazy_regex(
    r"(?:[,;:(–—-]|\b(?:and|so)\b|\s)\s*(?:(?:which|that|this|it)(?:['’]s| is| was| comes| came"
    r"| equals| makes| gives| amounts| totals| works out| adds up| means| leaves)(?: out)?(?: to"
    r"| at| exactly| a total of)?,?|that is to say,?|i\.e\.,?|namely,?|in other words,?|(?:giving"
    r"|making|totall?ing|leaving|yielding|hence|thus|therefore|coming to|equal(?:s| to)"
    r"|for a total of|or simply|so(?=,? [$€£]?\d))\b,?|das heißt,?|d\.\s?h\.,?|also|das (?:sind"
    r"|ergibt|macht|entspricht)|was[^.\n]{0,20}(?:ergibt|entspricht)|c['’]est-à-dire,?|soit"
    r"|ce qui (?:fait|donne|revient à|correspond à)|donc|es decir,?|o sea,?|lo que (?:da"
    r"|equivale a|son|es)|esto es,?|ou seja,?|isto é,?|o que (?:dá|equivale a|é)|cioè,?|ovvero,?"
    r"|vale a dire,?|che fa|то есть,?|т\.\s?е\.,?|что (?:составляет|равно|даёт)|yaitu,?|yakni,?"
    r"|artinya|yani,?|bu da)(?![\p{L}\p{M}])|即|也就是说?|等于|就是|つまり|すなわち|즉|यानी|अर्थात"
    r"|जो कि|أي|ما يعادل|وهو ما",
    regex.I,
)
_ENTRY = (
    r"[ \t$]*[-+±]?[ \t]*(?:∞|\\?infty|inf(?:inity|ty)?|\\?pi|π|√?\d[\d.]*(?:/\d+)?[ \t]?[a-z°%]?"
    r"|[a-z])[ \t$]*"
)
_TUPLE_BEFORE = lazy_regex(rf"\\?[(\[{{⟨]\s?(?:{_ENTRY}[,;|])+[ \t]*$", regex.I)
_TUPLE_AFTER = lazy_regex(rf"[ \t$]*(?:[,;|]{_ENTRY})+\\?[)\]}}⟩]", regex.I)
_OPENS_TUPLE = lazy_regex(r"\\?[(\[{⟨][ \t]*$")
_HALF_OPEN = lazy_regex(r"[ \t$]*\\?[)\]}⟩]")
_RANGE_BEFORE = lazy_regex(
    r"(?:\b(?:between|zwischen|entre|tra|fra|между|antara"
    r"|between:)\b[^.!?\n]{0,30}\d[^.!?\n\d]{0,15}(?:\b(?:and|und|et|y|e|и|dan)\b|&|-|–"
    r"|—)[\s$€£*_]*|(?<!\bfrom[^.!?\n]{0,40})\d[\d.,]*[ \t]?[%°$€]?[ \t]?(?:\b(?:to|bis|à"
    r"|a)\b|至"
    r"|到|~|〜|～|から|부터|से)[\s$€£*_]*|\b(?:from|von|de|от"
    r"|dari)[ \t]+\$?\d[\d.,]*[^.!?\n\d]{0,12}\b(?:to|bis|à|a|до|hingga|sampai)\b[\s$€£*_]*"
    r"|بين[^.\n]{0,20}\d[^.\n\d]{0,12}و[\s]*)$",
    regex.I,
)
_MOVES = lazy_regex(
    r"\b(?:ris|ros|increas|grow|grew|grown|rais|fall|fell|drop|decreas|reduc|chang|go|goes|went"
    r"|climb|declin|count|convert|improv|round|simplif|steig|stieg|sink|sank|wächst|wuchs|aument"
    r"|baj|sub|pas|augment|diminu|cai|caiu|cresc|вырос|упал|увелич|уменьш|возрос)\w*",
    regex.I,
)
_HEDGE = (
    r"(?:maybe|perhaps|possibly|or so|alternatively|(?:could|might|may) (?:also|well|even) be"
    r"|or (?:it )?(?:could|might|may) be|vielleicht|womöglich|quizás?|tal vez|a lo mejor|peut-être"
    r"|talvez|forse|magari|возможно|может быть|mungkin|barangkali|belki)"
)
_BUT = (
    r"(?:but|yet|however|although|actually|in (?:fact|reality)|really|aber|sondern|eigentlich"
    r"|in wirklichkeit"
    r"|tatsächlich|pero|sino|en realidad|mais|en (?:fait|réalité)|mas|porém|na (?:verdade"
    r"|realidade)|ma"
    r"|però|in realtà|но|однако|на самом деле|ama|aslında|tetapi|namun|sebenarnya)"
)
_HEDGED_AFTER = lazy_regex(
    r"(?:\s[\p{L}$]+)?\s(?:if|when|with|without|assuming|wenn|falls|mit|ohne|si|avec|sans|con"
    r"|sin|com|sem)\s"
    r"[^.!?。\n\d]{1,60}?[,;] (?:and |or |but |und |oder |et |ou |y |o )?[$€£]?\d|"
    rf"[^.!?。\n\d]{{0,40}}?(?:(?<![\p{{L}}\p{{M}}]){_BUT}(?![\p{{L}}\p{{M}}])|지만|는데|사실"
    rf"|けど|けれど|しかし"
    r"|(?<=です)が|が、|本当は|实际|實際|其实|其實|但|लेकिन|परंतु|असल|لكن|في الواقع"
    r"|والصحيح)[^.!?。\n\d]{0,40}?\d|"
    rf"[^.!?\n\d]{{0,30}}?(?<![\p{{L}}\p{{M}}]){_HEDGE}(?![\p{{L}}\p{{M}}])[^.!?\n\d]{{0,20}}?\d"
    r"|[^。.!?\n\d]{0,20}?(?:也许|也許|或许|或許|可能|たぶん|もしかし|아마|शायद"
    r"|ربما)[^。.!?\n\d]{0,15}?\d",
    regex.I,
)
_HEDGED_BEFORE = lazy_regex(
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
    found = _OPERAND_BEFORE.search(before)
    return found is not None and not (_FRENCH_BUT.search(before) and "mais" in found[0].lower())


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
    whole = percent and _PERCENT_OF_NUMBER.match(text, end) is None
    if part is None:
        part, whole = _RATE.match(text, end), True
    if part is None:
        return None
    cue = _CUE.search(text, part.end(), part.end() + _AFTER)
    if cue is not None and any(map(str.isdecimal, text[cue.end() :])):
        return cue.end()
    return None if whole else len(text)


def hedged(text: str, start: int, end: int) -> bool:
    """Return whether another number is offered instead of the one at a place.

    Example:
        >>> hedged("12 or so, maybe 15", 0, 2), hedged("maybe 15", 6, 8)
        (True, False)
    """
    before = text[max(0, start - _BEFORE) : start]
    return bool(_HEDGED_AFTER.match(text, end) or _HEDGED_BEFORE.search(before))
