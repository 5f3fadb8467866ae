"""Answers given instead of another: "not B but C", "nicht A, sondern C"."""

from __future__ import annotations

from functools import lru_cache

import regex

from evalguard.scorers.contrast_words import NOT, NOT_BEHIND, NOT_GLUED
from evalguard.scorers.lazy_patterns import lazy_regex
from evalguard.scorers.negation import NEGATION

MAX_SETTLED_CHARS = 4_000
"""The end of a text in which contrasts are looked for."""

LETTER = r"(?<![\p{Latin}\p{N}])(?-i:[A-Z])(?![\p{Latin}\p{N}]|['’](?![dt][iıuü]r))"
"""The letter of a choice, as :func:`settled` takes it."""

PHRASE = r"[^\s.,;:!?。，、；：！？،।۔()\n][^.,;:!?。，、；：！？،।۔()\n]{0,80}?"
"""Any words, as :func:`settled` takes them."""

_ARTICLE = (
    r"(?:(?:the|an?|der|die|das|den|el|la|los|las|le|les|l['’]|il|lo|o|os|as|het|de) ?)?"
    r"(?:(?:option|choice|answer|letter|opción|opção|opzione|réponse|antwort|вариант|ответ|الخيار"
    r"|विकल्प|选项|選択肢|pilihan) ?)?"
)
_ONLY = (
    r"(?!\W{0,3}(?:only|just|merely|simply|solely|necessarily|nur|bloß|allein|s[oó]lo|solamente|únicamente"
    r"|seulement|uniquement|só|somente|apenas|soltanto|solo|solamente|только|лишь|alleen|slechts"
    r"|tylko|hanya|فقط|仅|只|光|單|单)(?!\p{L}))(?!只|仅|光|单)"
)
_REASON = (
    r",?\s(?:because|since|as|weil|denn|da|porque|ya que|pues|car|parce|puisque|pois|poiché|perché"
    r"|потому|так как|поскольку|omdat|ponieważ|çünkü|لأن|क्योंकि)(?!\p{L})"
)
_END = (
    r"(?=[\s*_)\]”\"'」』»]{0,6}(?:です|でした|である|だ|になります|となります|입니다|이다|예요|이에요|है|हैं|होगा|['’]?[dt][iıuü]r)?"
    rf"[\s*_]{{0,4}}(?:[.!。！।۔](?!\d)|\n|$|{_REASON}|，因为|，因為))"
)
_SAID_OF_IT = (
    r",\s(?:as|like|though|although|which|wie|obwohl|auch wenn|como|aunque|comme|bien que|embora"
    r"|come|benché"
    r"|anche se|как|хотя|zoals|jak|seperti)\s[^.,;!?()\n]{1,60}(?=,)"
)
_BUT = r"but(?: rather| instead| actually| it(?:['’]s| is))?|rather|it(?:['’]s| is)(?: actually)?"
_FORMS = (
    # what precedes both, what denies, what stands between them
    (r"(?P<link>(?:is|was|are|were) )not", f"[,;–—]? ?(?:{_BUT}) "),
    (r"(?P<link>is|was|are|were)n['’]t", f"[,;–—]? ?(?:{_BUT}) "),
    (r"(?P<link>(?:is|was) )not", r"[.;] (?:it|this|that)(?:['’]s| is)(?: actually)? "),
    (r"(?P<link>is|was)n['’]t", r"[.;] (?:it|this|that)(?:['’]s| is)(?: actually)? "),
    (r"(?P<link>)neither", r"(?:,? but(?: rather)?|[,;–—] ?it(?:['’]s| is)) "),
    (r"(?P<link>)not", r"(?:,? but(?: rather)?|[,;–—] ?it(?:['’]s| is)) "),
    (r"(?P<link>(?:ist|lautet|sind|war) )nicht", r",? (?:sondern|vielmehr)(?: ist)? "),
    (r"(?P<link>)nicht", r",? sondern "),
    (r"(?P<link>is )niet", r",? maar(?: wel)? "),
    (r"(?P<link>)inte", r",? utan "),
    (r"no (?P<link>es|era|son|sería)", r",? (?:sino(?: que es)?|es) "),
    (r"(?P<link>)no", r",? sino "),
    (r"n['’](?P<link>est|était) pas", r",? (?:mais(?: bien)?|c['’]est) "),
    (r"(?P<link>)(?:pas|non)", r",? (?:mais(?: bien)?|ma|bensì) "),
    (r"(?P<link>)não", r",? mas(?: sim)? "),
    (r"não (?P<link>é|era|são)", r",? (?:mas(?: sim)?|e sim|é) "),
    (r"non (?P<link>è|era|sono)", r",? (?:ma|bensì|è)(?: bensì)? "),
    (r"(?P<link>)не", r",? а "),
    (r"(?P<link>)nie", r",? (?:lecz|tylko|ale|a) "),
    (r"(?P<link>)bukan(?:lah)?", r",? (?:melainkan|tetapi|tapi) "),
    (r"không phải (?P<link>là)", r",? mà là "),
    (r"لي(?P<link>)ست?", r"[،,]? (?:بل|وإنما|إنما|ولكن|لكن) (?:هي |هو )?"),
)
_AND_NOT = (
    r"[,;]?\s(?:(?:and|or|nor|und|oder|noch|y|o|ni|et|ou|e|nem|né|и|или|ни)\s)?"
    r"(?:(?:not|nicht|auch nicht|no|pas|non|não|не|nie|ni)\s)?|[，、]?\s?(?:也|和|或|且)?(?:不是"
    r"|非)?"
)
"""What joins further letters that are denied."""

_GLUED = (
    (
        r"(?P<link>)(?:不是|并非|並非)",
        r"[，,、]? ?(?:而是|而应是|而應是|应是|应该是|應該是|應是|是)",
    ),
    (r"(?P<link>)", r"(?<!だけ|のみ|ばかり)(?:では|じゃ|で)な(?:くて|く)[、,]? ?"),
    (r"(?P<link>)", r"(?<!뿐|뿐만|만)(?:이|가)? ?아니(?:라|고),? "),
    (r"(?P<link>)", r"(?<!ही) नहीं(?: है)?,? बल्कि "),
    (r"(?P<link>)", r" değil,? "),
)
_INSTEAD = {"لي": "هي ", "不是": "是", "并非": "是", "並非": "是", "không": "là "}
_FURTHER = lazy_regex(
    r"(?P<kept>[^,;()\n]{1,120}?[^,;()\s])(?:"
    rf"(?:,|\s[–—-]|\s?\()\s?(?:{NOT})\s(?P<other>[^,;:()\n]{{1,80}}?)"
    rf"|\s(?:{NOT})\s(?P<directly>(?-i:\p{{Lu}})[^,;:()\n]{{0,80}}?)"
    rf"|(?:[，,、]|\s?[（(])\s?{NOT_GLUED}\s?(?P<glued>[^，。,;()（）\n]{{1,40}}?)"
    rf"|\s?[（(]\s?(?P<behind>[^()（）\n]{{1,40}}?)\s?{NOT_BEHIND})"
    r"\s?[)）]?[\s.!。！।*_]*",
    regex.I,
)
_NO_NAME = lazy_regex(
    r"\W*(?:likely|sure|certain|correct|right|true|false|wrong|really|quite|necessarily|exactly"
    r"|entirely|fully|completely|accurate|that|if|because|though|as|but|only|just|so|very|too|at"
    r"|in|on|by|for|from|to|with|without|even|yet|always|never|possible|probable|much|any|all"
    r"|problem|idea|doubt|wonder|it|this|i|you|we|surprisingly|unlike\w*|less|more|wirklich|sicher"
    r"|ganz|nur|unbedingt|richtig|seguro|cierto|solo|sólo|sûr|vrai|certo|sicuro|уверен\w*|только"
    r"|совсем|правильно)(?!\p{L})|正确|对的|確か",
    regex.I,
)
_LEADING = lazy_regex(r"[\W_]*(?:(?:the|an?|der|die|das|el|la|le|il|o)\s)?[\W_]*", regex.I)


@lru_cache(maxsize=64)
def _contrasts(names: str) -> list[regex.Pattern[str]]:
    """Return the patterns of an answer that replaces another one."""
    open_, close = r"[\s\"'*_“「『(\[«]{0,4}", r"[\"'*_”」』)\]»]{0,4}"
    aside = rf"(?:\s?\([^()\n]{{1,60}}\)|{_SAID_OF_IT})?"
    other = rf"{_ONLY}{open_}{_ARTICLE}{open_}(?:{names}){close}{aside}"
    if names == LETTER:  # "not A, not B, but C"
        other += rf"(?:(?:{_AND_NOT}){open_}{_ARTICLE}{open_}{names}{close}{aside}){{0,5}}"
    answer = rf"(?P<answer>{open_}{_ARTICLE}{open_}(?:{names})){_END}"
    edge = r"(?<![\p{L}\p{M}\p{N}])"
    free = [rf"{edge}{denies}\s{other}{between}{answer}" for denies, between in _FORMS]
    glued = [rf"{denies}\s?{other}{between}{answer}" for denies, between in _GLUED]
    return [regex.compile(one, regex.I) for one in (*free, *glued)]


def settled(text: str, names: str) -> str:
    """Return a text in which an answer that replaces another one stands alone.

    Args:
        text: What a model wrote.
        names: Pattern of what an answer is called: :data:`LETTER`, :data:`PHRASE`.

    Example:
        >>> settled("The answer is not B but C.", LETTER), settled("not only B but C", LETTER)
        ('The answer is C.', 'not only B but C')
    """
    kept, end = text[:-MAX_SETTLED_CHARS], text[-MAX_SETTLED_CHARS:]
    for pattern in _contrasts(names):
        end = pattern.sub(_alone, end)
    return kept + end


def _alone(found: regex.Match[str]) -> str:
    """Return the answer with the word that links it, if any."""
    lead = " " if found[0][:1].isspace() else ""
    link = found["link"].strip() + " " if found["link"] else ""
    cue = next((one for cue, one in _INSTEAD.items() if found[0].startswith(cue)), "")
    return lead + (link or cue) + found["answer"].lstrip()


def without_other(text: str) -> str:
    """Return an answer without the other one that it is set against: "Ottawa, not Toronto".

    Example:
        >>> without_other("Ottawa, not Toronto."), without_other("Ottawa, not surprisingly")
        ('Ottawa', 'Ottawa, not surprisingly')
    """
    found = _FURTHER.fullmatch(text) if len(text) < 250 else None
    if found is None or NEGATION.search(found["kept"]):
        return text
    other = found["other"] or found["directly"] or found["glued"] or found["behind"] or ""
    named = _LEADING.sub("", other, count=1)[:1]
    kept = _LEADING.sub("", found["kept"], count=1)[:1]
    if not named or _NO_NAME.match(other) or (kept.isupper() and named.islower()):
        return text
    return found["kept"]
