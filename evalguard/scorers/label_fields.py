"""Outputs that give a class in their first line, and reason behind it: "Sentiment: negative"."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import regex

from evalguard.scorers.lazy_patterns import lazy_regex
from evalguard.scorers.negation import disowned
from evalguard.scorers.retraction import retraction

_FIELD = (
    r"(?:(?:overall|final|predicted|main|the|die|la|el|le|il|a|o) )?(?:sentiment|stance|category"
    r"|class|classification|label|topic|tone|polarity|intent|genre|kategorie|stimmung|klasse"
    r"|klassifikation|klassifizierung|thema|haltung|tonalität|categoría|sentimiento|clase"
    r"|clasificación|etiqueta|tema|postura|polaridad|catégorie|classe|étiquette|thème|sujet"
    r"|position|polarité|categoria|sentimento|classificação|rótulo|classificazione|etichetta"
    r"|argomento|категория|класс|тональность|тема|настроение|оценка|позиция|classificatie|onderwerp"
    r"|kategoria|wydźwięk|kategori|sınıf|duygu|konu|etiket|sentimen|kelas|topik|श्रेणी|वर्ग|भावना|विषय"
    r"|الفئة|التصنيف|المشاعر|الموضوع|الموقف|类别|類別|分类|分類|情感|情绪|感情|感情分析|立场|立場|主题|主題|标签|標籤"
    r"|カテゴリー?|ジャンル|ラベル|トピック|極性|분류|감정|감성|입장|주제|라벨|카테고리)"
)
_TURN = lazy_regex(
    r"(?<!\p{L})(?:actually|however|but|overall|instead|therefore|thus|hence|finally|ultimately|yet"
    r"|so|better|really|aber|jedoch|sondern|eigentlich|daher|also|insgesamt|pero|sino|en realidad"
    r"|por tanto|mais|donc|finalement|mas|portanto|ma|quindi|но|однако|поэтому|итак|в целом|لكن|بل"
    r"|إذن|लेकिन|इसलिए|fakat|ama|aslında|ale|maar|dus)(?!\p{L})|但|不过|不過|其实|其實|所以|因此|总的|總的|最终|最終"
    r"|更正|应该|應該|而是|しかし|ただ|結論|やはり|よって|したがって|むしろ|하지만|그러나|결국|따라서|사실|오히려",
    regex.I,
)
_SAID_BEHIND = r"[\s*_)\]”\"'」』]{0,6}(?:です|だ|である|입니다|이다|है)?[\s*_]{0,4}(?:[.!。！।]|$)"
_SENTENCE = lazy_regex(r"[.!?؟](?=\s)|[。！？।۔\n]")
_MAX_REASON_CHARS = 4000


_SEEMS = (
    r"(?:looks|looked|seems|seemed|appears|appeared|sounds|sounded)",
    r"(?:sieht|wirkt|scheint|klingt)",
    r"(?:parece|parecía)",
    r"(?:semble|paraît|ressemble)",
    r"(?:看起来|看起來|看似|乍看)",
)
_IS_REALLY = (
    (r"(?:but|yet)\s(?:(?:it|this|that)(?:['’]s|\sis)|the [^,.!?]{1,40}? is)"
     r"\s(?:really|actually|in fact|in reality)\s", "is "),
    (r"(?:ist|aber)(?:\s(?:ist|es|aber|sie)){1,3}"
     r"\s(?:in wirklichkeit|eigentlich|tatsächlich)\s", "ist "),
    (r"pero\s(?:en realidad|realmente)\s(?:es|se trata de)\s", "es "),
    (r"mais\s(?:c['’]est|il s['’]agit)\s(?:en fait|en réalité|vraiment)"
     r"\s(?:d['’]\s?|de\s)?", "est "),
    (r"但(?:实际上|其实|實際上|其實)(?:是|属于|屬於)", "是"),
)  # fmt: skip
_PART = (
    r"(?:the|its|some|one|a few|certain|parts?|several)\s(?!review\b|text\b|sentiment\b|comment\b"
    r"|overall\b|label\b|answer\b|verdict\b|tone\b|message\b|ticket\b|article\b)[^.!?\n]{1,120}?"
)
_WHOLE = r"(?:overall|on the whole|as a whole|on balance|all in all)"


@lru_cache(maxsize=64)
def _conceded(names: str) -> list[tuple[regex.Pattern[str], str]]:
    """Return patterns of what a sentence concedes, each with what replaces it."""
    names = (
        rf"(?<![\p{{Latin}}\p{{Cyrillic}}\p{{N}}])(?:{names})(?![\p{{Latin}}\p{{Cyrillic}}\p{{N}}])"
    )
    seeming = [
        (regex.compile(rf"{seems}\b?[^.!?;\n]{{0,40}}?(?:{names})[^.!?;\n]{{0,40}}?[,，]\s?{really}",
                       regex.I), link)
        for seems, (really, link) in zip(_SEEMS, _IS_REALLY, strict=True)
    ]  # fmt: skip
    though = r",\s(?:even though|although|though|even if)\s"
    whole = regex.compile(
        rf"(?P<kept>(?:{names})[*_]{{0,3}}\s{_WHOLE}|{_WHOLE},?\s[^.!?,;\n]{{0,60}}?(?:{names})[*_]{{0,3}})"
        rf"{though}{_PART}(?=[.!]|$|\n)",
        regex.I,
    )
    return [*seeming, (whole, r"\g<kept>")]


def without_conceded(text: str, names: str) -> str:
    """Return a text without a label that a sentence concedes before or behind its own.

    Example:
        >>> without_conceded("It looks like spam at first, but it is really ham.", "spam|ham")
        'It is ham.'
    """
    for pattern, instead in _conceded(names):
        text = pattern.sub(instead, text)
    return text


def turns(text: str) -> bool:
    """Return whether a text turns from what stands before it: "But …", "Actually, …"."""
    return _TURN.search(text) is not None


@lru_cache(maxsize=64)
def _opening(names: str) -> regex.Pattern[str]:
    """Return the pattern of a first line that gives one of the names as a field's value."""
    return regex.compile(
        rf"\s*[*_#>]{{0,4}}\s?{_FIELD}\s?[*_]{{0,3}}\s?[:：]\s?[*_]{{0,3}}\s?[\"'“「『`]?"
        rf"(?P<name>{names})[\"'”」』`]?[*_]{{0,3}}\s?(?=[.!。！]|\n|$)",
        regex.I,
    )


def field_label(output: str, labels: Iterable[str]) -> str | None:
    r"""Return the label that the first line of an output gives as its class.

    ``None`` where the rest retracts it, or comes to another label.

    Example:
        >>> field_label("Sentiment: bad.\n\nReason: little is good here", ["good", "bad"])
        'bad'
        >>> field_label("Sentiment: bad.\n\nBut overall it is good.", ["good", "bad"]) is None
        True
    """
    every = sorted({one for one in labels if one}, key=len, reverse=True)
    found = _opening("|".join(map(regex.escape, every))).match(output)
    if found is None or retraction(output) is not None:
        return None
    given, rest = found["name"], output[found.end() :]
    others = [one for one in every if one.casefold() != given.casefold()]
    if len(rest) > _MAX_REASON_CHARS or any(_comes_to(rest, one) for one in others):
        return None
    return str(given)


def _comes_to(text: str, name: str) -> bool:
    """Return whether a sentence turns to a label, ends with it, or gives it as a field."""
    for found in regex.finditer(regex.escape(name), text, regex.I):
        start, end = found.span()
        before = _SENTENCE.split(text[max(0, start - 200) : start])[-1]
        ends = regex.match(_SAID_BEHIND, text[end : end + 40]) is not None
        if (ends or _TURN.search(before) or before.rstrip(" *_").endswith((":", "："))) and (
            not disowned(text, start, end)
        ):
            return True
    return False
