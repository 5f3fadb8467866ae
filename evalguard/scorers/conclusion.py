r"""Does a sentence come to its last number, or does that only explain another one in it?

"She has 5 left, since she ate 7" comes to no 7. So a number counts only where it is the only
one of its sentence, a calculation or a phrase such as "so" leads to it, or the others stand in a
condition before it. In a language whose words are not known here, a sentence of several
numbers comes to none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import regex

from evalguard.scorers.numbers import Number

MAX_SENTENCE_CHARS = 1000
"""The most of a sentence that is looked at before its last number."""

_SENTENCE = regex.compile(r"[.!?؟](?=\s)|[。！？।۔\n]")
_MARKER = regex.compile(r"[\s>*_#-]*(?:step\s*)?\d{1,2}[.):]\s|[\s>*_#-]*step\s+\d{1,2}", regex.I)
_RESULT_SIGN = regex.compile(r"(?<![<>!≠])=>?|[≈→⇒➜∴]|\\approx|\[/INST\]|\|>")
_NEXT_VARIABLE = regex.compile(
    r"(?:[,;、，]|\b(?:and|or|und|et|y|e|и)\b|和)\s*\$?\\?[a-z](?:_\{?\w\}?)?\s*=[^=]*$", regex.I
)
_LABEL = regex.compile(r"\p{L}[\p{L}\s()*]{0,40}[:：][\s*_$€£¥₹~≈]*$")
_SO = regex.compile(
    r"(?<![\p{L}\p{M}])(?:so|thus|therefore|hence|consequently|then|giving|makes?|making"
    r"|total(?:s|l?ing|l?ed)?|leaves?|leaving|yield(?:s|ing)|bring(?:s|ing)|com(?:es?|ing) to"
    r"|adds? up to|amounts? to|equals?|results?|resulting|altogether|in all|overall|finally"
    r"|ends? up|remain(?:s|ed|ing)?|(?:that|which)(?:['’]s| is)"
    r"|now (?:he|she|it|they|there|the|we|has|have)|i\.e\.|namely|in other words"
    r"|also|somit|folglich|daher|insgesamt|zusammen|macht|ergibt|ergeben|entspricht|bleib(?:en|t)"
    r"|übrig|das heißt|d\.\s?h\."
    r"|por (?:lo )?tanto|así que|entonces|en total|es decir|o sea|da un total|resultan?|quedan?"
    r"|sobran?|hacen"
    r"|donc|ainsi|au total|soit|c['’]est-à-dire|ce qui (?:fait|donne)|reste(?:nt)?|font"
    r"|portanto|logo|assim|então|no total|ou seja|restam?|sobram?|quindi|dunque|perciò|in totale"
    r"|cioè|restano|rimangono"
    r"|следовательно|значит|поэтому|итого|всего|то есть|получается|получаем|получится|остал(?:ось"
    r"|ся"
    r"|ись)|остаётся|останется|это|будет"
    r"|jadi|sehingga|maka|totalnya|yaitu|yani|menghasilkan|tersisa|sisanya|menjadi|berarti|toplam"
    r"|dolayısıyla|bu da|kaldı|kalır|dus|totaal|blijven|zatem|więc|razem|zostaje|zostało"
    r"|इसलिए|अतः|तो|कुल|यानी|لذلك|إذن|المجموع|وبالتالي|أي|ف(?:بقي|يبقى|إن|يكون)\p{L}*|المتبقي)"
    r"(?![\p{L}\p{M}])"
    r"|所以|因此|总共|總共|一共|共|合计|合計|得|即|就是|等于|等於|那么|还剩|還剩|剩下|变成|達到|达到"
    r"|したがって|よって|だから|つまり|なので|ので|残り|合わせて|따라서|그래서|그러므로|총|합계|모두|즉"
    r"|(?:면|므로|니까|아서|어서|여서)(?=[\s,])|남(?:은|습|는|아)|ではなく|아니라|बल्कि"
    r"|(?:ने|कर) पर(?!\p{L})",
    regex.I,
)
_PART_OF = regex.compile(
    r"\b(?:of|from|de|sur|von|su|dari|из) (?:(?:an?|un|um) )?(?:total|totale|insgesamt"
    r"|общего числа)"
    r"(?: (?:of|de|di))?\s*$|\b(?:(?:out of|than)\s+(?:\p{L}+\s+){0,3}|of (?:the|these|those|his"
    r"|her|their|its"
    r"|an initial)\s+(?:\p{L}+\s+)?)[\s$€£*_]*$",
    regex.I,
)
_TOTAL_AFTER = regex.compile(
    r"[\s*_$€]*(?:[\p{L}'’-]+\s+){0,3}?(?:altogether|in total|in all|overall|total|combined"
    r"|insgesamt|zusammen|en total|au total|no total|in totale|всего|итого|toplam)(?!\p{L})",
    regex.I,
)
_VERB = regex.compile(
    r"(?<![\p{L}\p{M}])(?:is|are|was|were|be|costs?|cost|needs?|takes?|took|has|have|had|gets?"
    r"|got|gives?|gave|earns?|earned|pays?|paid|spends?|spent|sells?|sold|weighs?|contains?"
    r"|holds?|uses?|used|made|left|runs?|ran|walks?|walked|drives?|drove|saves?|saved|eats?|ate"
    r"|buys?|bought|charges?|receives?|received|produces?|produced|collects?|collected|reads?"
    r"|ist|sind|kosten|kostet|hat|haben|braucht|brauchen|beträgt"
    r"|es|son|cuestan?|tiene|tienen|est|sont|coûtent?|ont|são|custam?|tem|têm|sono|costano?"
    r"|стоят|стоит|составляет|равно|равен|равна|caben|hay|cuesta|gasta|gana|necesita|compra"
    r"|vende|il y a|coûte|gagne|faut|há|custa|ganha|precisa|ci sono|restano"
    r"|costa|guadagna|стоит|нужно|есть|verdient|zahlt|bekommt"
    r"|ada|punya|butuh|var|kalır|heeft|hebben|kost|ma|jest|có|còn)(?![\p{L}\p{M}])"
    r"|[是为為有剩读讀看做卖賣买買花走跑用吃付赚賺收装裝]|(?<=[\p{Han}\p{Kana}\d])で[\s*_]*$",
    regex.I,
)
_APART = regex.compile(
    r"[,;:()—–，；：、،؛]|(?<![\p{L}\p{M}])(?:and|or|but|while|who|whom|whose|which|because|since"
    r"|than|as|though|although|whereas|where|given|with|of the|if|und|oder|aber|weil|denn"
    r"|während|wenn|(?<!il )y|o|pero|porque|pues|que|mientras|si|et|ou|mais|parce|qui|alors|e"
    r"|enquanto|perché|che|mentre|и|или|но|а|потому|так как|если|который)"
    r"(?![\p{L}\p{M}])|因为|因為|而|但|から|ので|たら",
    regex.I,
)
_MOVES = regex.compile(
    r"[从從]\d[^。，\d]*[到至]\D{0,3}$|\b(?:from|von|de|desde|da|от|с)\b[^.,;]*\d[^.,;\d]*\b(?:to|auf"
    r"|bis|a|à|para|до)\b\D{0,6}$",
    regex.I,
)
_OPENS_ASIDE = regex.compile(
    r"[\s*_>#-]*(?:(?:so|thus|therefore|and|but|now|then|hence|also),?\s+)?(?:if|when|once|after"
    r"|before|in|at|on|by|for|with|without|from|during|since|because|as|given|out of|of|over"
    r"|per|every|each|assuming|using|adding|subtracting|multiplying|dividing|combining|taking"
    r"|having|considering|based|while|although|though|until|within|to|knowing|starting"
    r"|wenn|falls|nach|vor|bei|mit|ohne|für|von|da|weil|während|am|im|in|um"
    r"|si|cuando|después|antes|con|sin|para|por|como|dado|tras|durante|al"
    r"|quand|lorsque|après|avant|avec|sans|pour|comme|puisque|pendant|dans|en"
    r"|se|quando|depois|após|com|sem|durante|em|dopo|prima|per|poiché|dato|nel"
    r"|если|когда|после|до|при|так как|поскольку|за|с|jika|setelah|dengan|karena|eğer)"
    r"(?![\p{L}\p{M}])|[\s*_]*(?:如果|因为|因為|由于|当|當|若|もし|既然)",
    regex.I,
)
_NOT_MAIN = regex.compile(
    r"[\s*_]*(?:and|or|but|who|whom|whose|which|where|while|whereas|since|because|as|with|at|of"
    r"|for|in|after|before|than|compared|given|if|when|though|although|not|like|unlike|instead"
    r"|except|including|plus|minus|until|per|from|out of|by|und|oder|aber|weil|da|denn|während"
    r"|wenn|als|mit|y|pero|porque|pues|ya que|mientras|que|con|et|mais|car|parce|puisque"
    r"|tandis|qui|avec|mas|pois|porque|enquanto|com|e|ma|perché|dato|mentre|che|и|но|а"
    r"|потому|так как|который|karena|sedangkan|çünkü|क्योंकि|जबकि|لأن|بينما|dan)"
    r"(?![\p{L}\p{M}])|[\s*_]*(?:因为|因為|而|但|他|她|每)",
    regex.I,
)
_PHRASE_WORDS = 2
"""Words behind a number that opens a sentence, of which more make a clause."""

_COMMA = regex.compile(r"[,，、،]")
_EQUALS = regex.compile(r"(?<![<>!≠])=(?!>)|\b(?:equals|is equal to)\b")
_FORMULA = regex.compile(
    r"(?:(?<![\p{Latin}\p{Greek}\p{Cyrillic}\d])[\d.]*+[ ]?[a-zA-Z](?:\^\{?\d\}?"
    r"|[²³])?(?![\p{L}'’])"
    r"|[\d.]++|[-+×*/÷()\s−$])++$"
)
_UNKNOWN = regex.compile(
    r"(?:\d\s?|[-+×*/÷]\s*\(?)(?!x\s?[$\d(])[a-zA-Z](?!\p{L})|[a-zA-Z](?:\^|[²³]|\s*\)?\s*[-+×*/÷])"
)
_SIGNED = regex.compile(r"(?:=|≈|<<[^<>\n]{1,30}>>)[\s$€£¥*_]*$")
_PHRASE = regex.compile(
    r"[\s*_]*(?:[\p{L}'’-]+\s+){0,5}?(?:for|in|after|within|over|out of|of|from|to|at|per"
    r"|before|during|until|every|on|more|less|fewer|by)\s[^=≈→]*",
    regex.I,
)
_LISTED = regex.compile(r"\\?[(\[{⟨][-+\d\s,.;|a-z/]{1,60}\\?[)\]}⟩]")
_NOT = regex.compile(
    r"(?<!\p{L})(?:not|nicht|no|pas|não|non|не|niet|bukan|nie)(?!\p{L})|n['’]t\b|不是", regex.I
)
_BUT = regex.compile(
    r"(?<!\p{L})(?:but|sondern|sino|mais|mas|ma|а|maar|melainkan|lecz)(?!\p{L})|而是", regex.I
)
_RANGE = regex.compile(r"[\s*_]*[\p{L}%°]*[\s*_]*(?:to|or|until|through|of)\s+[$€£]?\d", regex.I)
_ENTRY = regex.compile(
    r"[ \t>]*(?P<mark>[-*•|]?)[ \t]*[*_]{0,2}\p{L}[^:：=|\n]{0,60}?[*_]{0,2}\s*[:：|][\s*_$€£¥]*"
)
_ENTRY_LINE = regex.compile(_ENTRY.pattern + r"\d[^:：|\n]{0,30}\|?\s*")
_TOTAL = regex.compile(
    r"total|sum|answer|result|final|remain|left|overall|altogether|difference|profit|cost|summe"
    r"|gesamt"
    r"|ergebnis|antwort|rest|suma|resultado|respuesta|somme|résultat|réponse|soma|resposta|totale"
    r"|risultato|итого|всего|ответ|合计|合計|总|總|答|共|小計|총|합|답|정답|कुल|उत्तर|المجموع|toplam",
    regex.I,
)
_BOLD = regex.compile(r"\*\*[^*\n\d]{0,40}$")
_BOLD_END = regex.compile(r"[^*\n\d]{0,40}\*\*")


def conclusion(text: str, found: Sequence[Number]) -> Number | None:
    """Return the number that a text comes to; ``None`` where it does not come to one.

    That is its last number, or a result that only further words with numbers follow.

    Args:
        text: The text as :func:`evalguard.scorers.numbers.as_ascii` returns it.
        found: Its numbers in order, at least one.

    Example:
        >>> from evalguard.scorers.numbers import scan
        >>> said = "So she pays 2 × 4 = 8 dollars for 2 of them."
        >>> conclusion(said, [*scan(said)]).value
        8.0
    """
    if concludes(text, found):
        return found[-1]
    opening = _opening(text, found[-1].start)
    results = [one for one in found if one.start > opening and behind_sign(text, one.start)]
    if not results or not math.isfinite(results[-1].value) or _unsolved(text, results[-1].start):
        return None
    stop = _SENTENCE.search(text, found[-1].end)
    rest = text[results[-1].end : stop.start() if stop is not None else len(text)]
    further = _PHRASE.fullmatch(rest) and not _RANGE.match(rest) and not _APART.search(rest)
    return results[-1] if further else None


def behind_sign(text: str, start: int) -> bool:
    """Return whether nothing but a currency stands between a sign of a result and a place."""
    return _SIGNED.search(text, max(0, start - 40), start) is not None


def concludes(text: str, found: Sequence[Number]) -> bool:
    """Return whether the sentence of the last number comes to it.

    Args:
        text: The text as :func:`evalguard.scorers.numbers.as_ascii` returns it.
        found: Its numbers in order, at least one.

    Example:
        >>> from evalguard.scorers.numbers import scan
        >>> said = ("5 are left, since 7 were eaten", "12 - 7 = 5", "If 7 are eaten, 5 remain")
        >>> [concludes(one, [*scan(one)]) for one in said]
        [False, True, True]
    """
    last = found[-1]
    if _unsolved(text, last.start) or _entry_of_a_list(text, last.start):
        return False
    opening = _opening(text, last.start)
    before = text[opening : last.start]
    listed = [one.span() for one in _LISTED.finditer(before)]
    others = [
        one
        for one in found[:-1]
        if one.end > opening
        and not _same(one, last)
        and not any(start < one.start - opening < end for start, end in listed)
    ]
    if not others:
        return True
    between = text[others[-1].end : last.start]
    return (
        _calculated(between)
        or (_SO.search(between) is not None and _PART_OF.search(between) is None)
        or _LABEL.search(before) is not None
        or _TOTAL_AFTER.match(text, last.end) is not None
        or (_BUT.search(between) is not None and _NOT.search(before) is not None)
        or (_VERB.search(between) is not None and _APART.search(between) is None)
        or _MOVES.search(before) is not None
        or (_BOLD.search(between) is not None and _BOLD_END.match(text, last.end) is not None)
        or _follows_aside(before, others[-1].end - opening)
    )


def _unsolved(text: str, start: int) -> bool:
    """Return whether a number is a side of an equation that is still to be solved: "3x = 6"."""
    line = text[max(0, start - 200) : start].rsplit("\n", 1)[-1].replace("**", "")
    sides = _EQUALS.split(line)
    if len(sides) < 2 or sides[-1].strip(" \t$*-+("):
        return False
    formula = _FORMULA.search(sides[-2])
    return formula is not None and _UNKNOWN.search(formula[0]) is not None and len(sides) == 2


def _entry_of_a_list(text: str, start: int) -> bool:
    """Return whether a number is an entry of a list and none is called the total: "Tables: 9"."""
    *lines, line = text[max(0, start - 400) : start].split("\n")
    above = next((one for one in reversed(lines) if one.strip()), "")
    entry, other = _ENTRY.fullmatch(line), _ENTRY_LINE.fullmatch(above)
    return bool(
        entry and other and entry["mark"] == other["mark"] and not _TOTAL.search(line)
    ) or bool(entry and other and _TOTAL.search(above) and not _TOTAL.search(line))


def _opening(text: str, start: int) -> int:
    """Return where the sentence of a place begins, the number of a step aside."""
    ends = [
        one.end() for one in _SENTENCE.finditer(text, max(0, start - MAX_SENTENCE_CHARS), start)
    ]
    opening = ends[-1] if ends else max(0, start - MAX_SENTENCE_CHARS)
    marker = _MARKER.match(text, opening, start)
    return opening if marker is None else marker.end()


def _same(one: Number, other: Number) -> bool:
    return math.isclose(one.value, other.value, rel_tol=1e-9)


def _calculated(between: str) -> bool:
    """Return whether a sign of a result stands between, and not that of another variable."""
    sign = _RESULT_SIGN.search(between) is not None
    return sign and _NEXT_VARIABLE.search(between) is None


def _follows_aside(before: str, reach: int) -> bool:
    """Return whether the other numbers, up to ``reach``, are in a condition before a clause."""
    if _OPENS_ASIDE.match(before) is None:
        return False
    comma = next(_COMMA.finditer(before, reach), None)
    if comma is None:  # "In 3 days she reads"
        rest = before[reach:]
        return len(rest.split()) > _PHRASE_WORDS and _APART.search(rest) is None
    rest = before[comma.end() :]
    return _NOT_MAIN.match(rest) is None and _APART.search(rest) is None
