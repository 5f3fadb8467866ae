"""Where an output retracts what it said: "… Wait, no: C.", "Correction: C", 「いや、C」."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import lru_cache

import regex

from evalguard.scorers.attribution import denial
from evalguard.scorers.lazy_patterns import lazy_regex

_I = r"(?:i|we)(?:['’]ve| have)?(?: just| now| also| actually| clearly)?"
_FAULTY = (
    r"(?:\w+ ){0,2}?(?:mistakes?|errors?|slips?|oversights?|typos?|miscalculat\w*|miscount\w*"
    r"|misread\w*|forgot\w*|overlooked|wrong)\b"
)
_NEXT = (
    r"(?=[\s,:，、،]{0,3}[*_(]{0,2}"
    r"(?:(?-i:[A-Z])[)*_]{0,3}\s*(?:[.,;!。，।]|$|\p{Hiragana}|\p{Hangul})|\p{Nd}))"
)
"""Before a letter or a number: words that elsewhere retract nothing."""

_CUES = {
    "English": (
        r"(?:(?:no|oh|hm{1,9}|but|ah)[, ]{1,3})?wait(?=\s{0,9}(?:[,.:;!?\n–—-]|$))",
        r"(?:(?:no|oh|hm{1,9}|but|ah)[, ]{1,3})?wait(?=\s+(?:no|that|it|i|let|actually|the|a)\b)",
        r"actually\b", r"scratch that", r"strike that", r"correction\b",
        r"on (?:second|further) thoughts?", r"on reflection", r"hold on", r"hang on",
        r"(?:i'?m |i am )?(?:so )?sorry\b", r"apologies", r"my (?:mistake|bad)\b",
        r"(?:wh)?o{1,9}ps\b",
        r"err?(?=,)", rf"(?:ah|oh){_NEXT}", r"(?:ignore|forget|disregard) (?:that|this|it)\b",
        r"wrong(?=[,:!])",
        r"thinking again", r"no no\b", r"pardon\b",
        r"no(?=\s{0,9}[,:;–—-])", r"no[.!](?=\s{0,9}\S)", r"or rather\b", r"rather(?=,)",
        r"i (?:mean|meant)\b", r"i was wrong",
        r"that(?:'s| is| was) (?:wrong|incorrect|not (?:right|correct))",
        r"i take (?:that|it) back", r"make (?:that|it)\b",
        rf"(?:but )?{_I} made (?:an?|some|one) {_FAULTY}",
        rf"(?:ah[, ]*|but )?{_I} (?:see|found|spot(?:ted)?|notic\w+|realis\w+|realiz\w+|caught"
        rf"|discover\w*)"
        rf" (?:that )?(?:an?|my|the|one|i|we) {_FAULTY}",
        rf"{_I} (?:mis(?:calculat|count|read|stat|wr[io]t|took|interpret|appl|spoke)\w*"
        r"|(?:forgot|overlooked|neglected|failed) to\b|forgot (?:the|about)\b)",
        rf"(?:there|here) (?:is|was) an? {_FAULTY} (?:above|in (?:my|the above|the previous))",
        r"(?:my|our) (?:sincere )?apolog\w+",
        r"(?:i |we )?(?:do )?apologi[sz]e\b",
        r"(?:the above|(?:my|the) (?:previous|earlier|first|initial|above) \w+|what i (?:said"
        r"|wrote))"
        r"[^.!?\n]{0,30}?\b(?:wrong|incorrect|mistaken|an? error|not (?:right|correct))\b",
        r"i retract", r"(?:edit|update|revised|erratum)(?=\s{0,9}[:：-])", r"never ?mind",
        r"let me (?:re\w+|correct|fix|change)\b", r"(?:i )?chang(?:e|ing) my (?:mind|answer)",
        r"not quite", r"nope\b", r"i stand corrected",
        r"(?:i'?m |i was )?(?:just |only )?(?:kidding|joking)\b",
        r"on (?:closer|further) (?:look|inspection|reading|examination|reflection|consideration)",
    ),
    "Mandarin": (
        "不对", "不對", "不(?=[，,])", "不，", "等等", "等一下", "更正", "抱歉", "对不起",
        "對不起", "我错了", "说错了", "其实", "其實", "重新考虑", "纠正", "糾正", "哦不", "不不",
        "应改为", "开玩笑", "開玩笑", "错了", "錯了", "[算说說弄搞看写寫数數记記][错錯]",
        rf"(?:准确地说|準確地說){_NEXT}", rf"啊{_NEXT}",
    ),
    "Spanish": (
        r"perd[oó]n", r"espera", r"mejor dicho", r"en realidad", r"corrección", r"corrijo",
        r"me equivoqu[eé]", r"rectific", r"disculp", r"lo siento", r"(?:es )?broma\b",
        r"no(?=\s{0,9}[,:;–—-])", rf"digo{_NEXT}", r"quiero decir", r"quise decir",
        rf"más bien{_NEXT}",
        r"ups\b",
    ),
    "French": (
        r"non(?=\s{0,9}[,:;–—-])", "pardon", "attend(?:s|ez)", "plutôt", "en fait",
        "je me suis tromp", "désolée?", "rectification", "je corrige",
        r"oups\b", "je veux dire", "je voulais dire", "ou plutôt", "je (?:plaisante|rigole)",
    ),
    "German": (
        r"nein(?=\s{0,9}[,:;–—-])", r"moment(?=[,.!: ])", r"wart(?:e|en sie)", r"halt(?=[,.!:])",
        "korrektur", "entschuldigung", "doch nicht", "eigentlich", "besser gesagt",
        "ich korrigiere", "quatsch",
        r"nee\b", rf"doch{_NEXT}", r"hoppla", r"ups\b", rf"ich meine{_NEXT}", "ich meinte",
        rf"vielmehr{_NEXT}", "pardon", "(?:kleiner |nur ein )?(?:scherz|spaß)",
    ),
    "Portuguese": (
        r"não(?=\s{0,9}[,:;–—-])", "perdão", "aliás", "na verdade", "correção", "desculp",
        "corrigindo", "me enganei",
        r"ou melhor", r"quer dizer", r"quero dizer", r"opa\b", r"ops\b", rf"digo{_NEXT}",
        "melhor dizendo", "(?:é )?brincadeira",
    ),
    "Italian": (
        r"no(?=\s{0,9}[,:;–—-])", r"ops\b", rf"cioè{_NEXT}", "volevo dire", "o meglio",
        "scus(?:a|i|ate)", "aspett", "anzi", "in realtà", "correzione",
        "mi (?:sbaglio|correggo)", "(?:sto )?scherz",
    ),
    "Russian": (
        r"нет(?=\s{0,9}[,:;–—-])", "подожди", "погоди", "стоп", "точнее", "вернее", "исправл",
        "пардон", rf"скорее{_NEXT}", rf"(?:ой|ох|ах){_NEXT}",
        r"хотя(?=,? нет|,)", r"упс\b", "то есть нет", "я имел", "поправк",
        "извин", "ошиб", "на самом деле", "шучу", "шутка",
    ),
    "Japanese": (
        "いや", "いいえ", "訂正", "すみません", "違います", "違った", "違う", "待って", "間違",
        "ごめん", "やっぱり", "やはり", "失礼", "冗談",
        "いえ", "おっと", "しまった", rf"正確には{_NEXT}", rf"あっ?{_NEXT}", "ではなく(?=[、,])",
    ),
    "Korean": (
        "아니", "아뇨", "정정", "잠깐", "잠시만", "죄송", "미안", "틀렸", "다시 생각", "사실은",
        r"아 참", r"앗(?=[,. !])", r"아차", r"참(?=,)", rf"실수(?:했|였|입니다|예요|네요){_NEXT}",
        rf"제 말은{_NEXT}", "아니라(?=[, ])",
        "농담",
    ),
    "Hindi": (
        r"नहीं(?=\s{0,9}[,:;–—-])", "रुकिए", "रुको", "माफ़", "माफ", "क्षमा", "सुधार", "असल में",
        r"नहीं\s+नहीं", "मेरा मतलब", "गलती हो",
        "वास्तव में",
    ),
    "Arabic": (
        r"لا\s+لا", "عذر", "أقصد", "أعني", rf"خطأ{_NEXT}", rf"بل{_NEXT}",
        r"لا(?=\s{0,9}[،,:;–—-])", "عفو", "آسف", "انتظر", "تصحيح", "في الواقع", "مهلا",
    ),
    "Bengali": (
        r"না(?=\s{0,9}[,:;–—-])", "দুঃখিত", "সংশোধন", "আসলে",
    ),
    "Urdu": (
        r"نہیں(?=\s{0,9}[،,:;–—-])", "معاف", "معذرت", "دراصل",
    ),
    "Indonesian": (
        r"bukan(?=\s{0,9}[,:;–—-])", r"tidak(?=\s{0,9}[,:;–—-])", "tunggu", "maaf", "koreksi",
        "ralat", "sebenarnya",
    ),
    "Turkish": (
        r"yok(?=\s{0,9}[,:;–—-])", r"dur(?=\s{0,9}[,:;.!–—-])", "pardon", "yani(?=,)",
        "daha doğrusu",
        "hayır", "bekle", "düzeltme", "aslında", "üzgünüm", "özür",
    ),
    "Dutch": (
        r"nee\b", r"wacht\b", "sorry", "correctie", rf"eigenlijk{_NEXT}", "ik bedoel", "oeps",
        "toch niet",
    ),
    "Polish": (
        r"nie(?=\s{0,9}[,:;–—-])", "przepraszam", "poprawka", "czekaj", rf"właściwie{_NEXT}",
        "pomyłka",
        rf"to znaczy{_NEXT}",
    ),
    "Vietnamese": (
        r"không(?=\s{0,9}[,:;–—-])", "xin lỗi", "đính chính", "khoan", "ý tôi là",
        rf"thực ra{_NEXT}",
    ),
    "Swedish, Danish, Norwegian": (
        r"ne[ji](?=,)", "vänta", "vent(?=[,. !])", "förlåt", "ursäkta", "undskyld", "unnskyld",
        "rättelse", "rettelse", rf"(?:egentligen|faktisk|jag menar){_NEXT}",
    ),
    "Czech, Slovak": (
        r"ne(?=\s{0,9}[,:;–—-])", r"nie(?=\s{0,9}[,:;–—-])", rf"vlastně{_NEXT}", "oprava",
        "počkej", "promiňte",
        "pardon",
    ),
    "Ukrainian": (r"ні(?=\s{0,9}[,:;–—-])", "вибач", "точніше", "виправл", "насправді"),
    "Persian": (r"نه(?=\s{0,9}[،,:;–—-])", "ببخشید", "اصلاح", "در واقع"),
    "Hebrew": (r"לא(?=\s{0,9}[,:;–—-])", "סליחה", "תיקון", rf"בעצם{_NEXT}"),
    "Greek": (r"όχι(?=\s{0,9}[,:;–—-])", "συγγνώμη", "διόρθωση", rf"μάλλον{_NEXT}"),
    "Thai": ("ขอโทษ", "แก้ไข", "ไม่ใช่(?=[ ,])", "จริงๆ แล้ว"),
}  # fmt: skip
_EXCLAIMED = (
    r"(?:(?:a+h|aa+|o+h|oo+|(?<=[.!?]\s)[ao](?=\s)|ach|och|u+h+|um+|e+h|euh|well|hm+|or|enfin|a+y|bueno|bom|beh?|cioè|alla|ой|ах"
    r"|ох|эх|хотя|हे|अरे|ओह|أوه|آه)(?:[,!.…]{1,3}\s{0,2}|\s{1,2})"
    r"|(?:à|啊|哦|呃|噢|唔|あ|ああ|えっと|うーん|아|어|음)[,，、!！.…\s]{0,3}){0,2}"
)
"""What may stand before the words of a retraction: "oh no, C". A letter alone is an answer,
but for one that begins a sentence: "B. A nie, C"."""

_CUE = f"{_EXCLAIMED}(?:{'|'.join(cue for cues in _CUES.values() for cue in cues)})"
_EDGE = r"[\s,.:;!。，、；：！।۔،()\"*_–—…-]"
_LEADS = (
    r"(?:it|that|this|the (?:right|correct|real) (?:one|answer))"
    r"(?:'s|’s| is| was| should be| must be)"
    r"|(?:should|must) be|i'd say|es ist|es|c'est|é|è|sarebbe|sería|это|adalah"
    r"|应该是|應該是|应该选|应为|是|選|正しくは|正解は"
)
_CHAIN = lazy_regex(
    rf"(?:[.!。！।۔,，、;；:：–—\n(…>}})\]$]|\s--?(?=\s)"
    rf"|--)[\s*_\"'(–—-]{{0,8}}+(?=\p{{L}})(?:{_CUE})"
    rf"(?:{_EDGE}{{1,8}}(?:{_CUE}))*+",
    regex.I,
)
_LEAD = lazy_regex(
    rf"{_EDGE}{{0,12}}+"
    r"(?:(?:re-?)?(?:read|check|think|count|consider|calculat|look)ing(?: [\w'’]+){0,4}[,:]\s)?"
    rf"(?:(?:{_LEADS})(?:{_EDGE}{{1,4}}|(?=[^\x00-\u02ff])|(?<=[^\x00-\u02ff])))?",
    regex.I,
)
_FIRST = lazy_regex(r"\s*+[^\n.!?。！？।۔]{1,200}+(?:\.(?=\d)[^\n.!?。！？।۔]{1,200}+)?")
_SAID = lazy_regex(r"[\p{L}\p{N}]")


@dataclass(frozen=True, slots=True)
class Retraction:
    """Where an output retracts what precedes.

    Attributes:
        start: Where the words of the retraction begin.
        end: Where what holds instead begins.
    """

    start: int
    end: int


@lru_cache(maxsize=16)  # every scorer of a task asks for the same output
def retraction(output: str) -> Retraction | None:
    """Return the last retraction in an output, or ``None``.

    Example:
        >>> output = "B. Wait, no, it's C."
        >>> output[retraction(output).end:]
        'C.'
    """
    last = next(iter(deque(_CHAIN.finditer(output), maxlen=1)), None)
    if last is None or _SAID.search(output, 0, last.start()) is None:
        first = _FIRST.match(output)
        end = None if first is None else denial(output, first.end())
        return None if first is None or end is None else Retraction(first.end(), end)
    lead = _LEAD.match(output, last.end())
    return Retraction(last.start(), lead.end() if lead is not None else last.end())


def without_retracted(output: str) -> str:
    """Return what an output does not retract: all of it, or what follows the last retraction.

    Example:
        >>> without_retracted("B - no wait, C"), without_retracted("B, of course")
        ('C', 'B, of course')
    """
    found = retraction(output)
    return output if found is None else output[found.end :]
