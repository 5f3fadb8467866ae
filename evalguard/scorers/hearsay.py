"""People to whom an answer may attribute what it says, by language, and the verbs that do so.

A text, a table, a rule or a calculation is none of them: what those say is the answer's own.
"""

from __future__ import annotations

import regex

from evalguard.scorers.hearsay_words import SPEAKERS
from evalguard.scorers.lazy_patterns import lazy_regex

_OPINES = r"thinks|thought|believes|believed|insists|insisted|reckons|swears"
_WHAT = rf"(?:(?: that)? (?:the|it|this|there|we|you)\b| that\W*$|(?<=\b(?:{_OPINES}))\W*$)"
_PRONOUNS = (
    rf"(?:s?he) (?:(?:still|really|firmly) )?(?:{_OPINES}|claims|claimed"
    r"|guesses|guessed|estimates|estimated|maintains|assumes|assumed|suspects|suspected"
    rf"|is (?:convinced|sure|certain)){_WHAT}"
)
_NAMES = (
    rf"(?-i:(?!(?:It|This|That|Which|We|There|He|She|Who)\b)\p{{Lu}}\p{{Ll}}+) (?:{_OPINES}|claims"
    rf"|guesses|estimates|maintains|assumes|suspects|is (?:convinced|sure|certain)){_WHAT}"
)
_ACCORDING = (
    r"(?:according to|in the (?:opinion|view|eyes) of|if you (?:ask|believe)) "
    + SPEAKERS["English"][0]
    + r"|(?:según|para) "
    + SPEAKERS["Spanish"][0]
    + r"|(?:selon|d['’]après|pour) "
    + SPEAKERS["French"][0]
    + r"|(?:laut|zufolge|nach meinung) (?:\p{L}+ )?\p{L}*(?:freund|nachbar|kolleg|bruder|schwester"
    r"|lehrer|schüler|chef|kunde|experte)\p{L}*|(?:segundo|conforme|para) "
    + SPEAKERS["Portuguese"][0]
    + r"|(?:secondo|per) "
    + SPEAKERS["Italian"][0]
    + r"|по (?:мнению|словам|мысли|оценке) (?!автор)\p{L}+"
    r"|(?:在|据|根据|照|按)(?:我|他|她|你|某)?的?"
    + SPEAKERS["Mandarin"][0]
    + r"|"
    + SPEAKERS["Japanese"][0]
    + r"(?:によると|によれば|の話では|の意見では|の計算では|の考えでは|に言わせれば|いわく|曰く)"
    r"|" + SPEAKERS["Korean"][0] + r"(?:에 따르면|의 말에 따르면|의 말로는|의 생각에는)"
    r"|(?:وفقا ل|وفقاً ل|بحسب |حسب |في رأي |برأي )"
    + SPEAKERS["Arabic"][0]
    + r"|"
    + SPEAKERS["Turkish"][0]
    + r" göre|menurut "
    + SPEAKERS["Indonesian"][0]
    + r"|i(?: was|['’]ve been) told"
)
_BOTH_WAYS = ("Arabic", "German", "Russian", "French")
_SAY = "|".join(
    [
        *(
            rf"(?:{person}|{crowd})[^.!?。！？।\n,;]{{0,25}}?{says}"
            for person, crowd, says in SPEAKERS.values()
        ),
        *(rf"{SPEAKERS[one][2]} ?(?:{SPEAKERS[one][0]}|{SPEAKERS[one][1]})" for one in _BOTH_WAYS),
    ]
)
_TOLD = lazy_regex(
    rf"(?<![\p{{L}}\p{{M}}--[\p{{Han}}\p{{Hiragana}}\p{{Katakana}}]])"
    rf"(?:{_SAY}|{_PRONOUNS}|{_NAMES}|{_ACCORDING})|(?:友人|友達|同僚|隣人|先生|生徒|学生|兄|弟|姉|妹"
    r"|父|母|叔父|叔母|上司|客|店員|専門家|ある人)(?:さん)?[はが](?=[^。\n]{0,12}?(?:合計|答え|正解|結果|値))",
    regex.I | regex.V1,
)


_QUOTED = lazy_regex(
    r"\b(?:says?|said|thinks?|thought|believes?|told (?:me|us))(?: that)? (?:s?he|they|it|i|we"
    r"|you)\b[^:.!?\n]{2,160}(?<!\b(?:is|are|was|be|equals|that))\s?:[\s*_]*$",
    regex.I,
)
"""What somebody says is quoted, and the answer about it stands behind a colon."""


def somebody_says(before: str) -> bool:
    """Return whether the beginning of a sentence attributes what follows to a person.

    Example:
        >>> somebody_says("A friend thinks the total is "), somebody_says("The text says ")
        (True, False)
        >>> somebody_says("The customer says he loves it: ")
        False
    """
    return _TOLD.search(before) is not None and _QUOTED.search(before) is None
