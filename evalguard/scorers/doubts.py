"""Sentences that deny or doubt what they name: "hardly positive", "No creo que sea positivo"."""

from __future__ import annotations

import regex

from evalguard.scorers.contrast_words import BUT, BUT_GLUED
from evalguard.scorers.lazy_patterns import lazy_regex

_REACH = 200
_SENTENCE = lazy_regex(r"[.!?؟;:](?=\s)|[。！？；।۔\n]")
_SUBORDINATE = lazy_regex(
    r"\s?,\s(?=(?:dass|daß|ob|dat|of|что|чтобы|будто|że|iż|czy|že|hogy|कि|کہ)(?!\p{L}))"
    r"|[،,]\s(?=(?:أن|إن|بأن)(?!\p{L}))|[，,](?=说|說)",
    regex.I,
)
_CLAUSE = lazy_regex(
    rf"[,，、،]|(?<!\p{{L}})(?<!anything )(?<!nothing )(?:{BUT}|но)(?!\p{{L}})|{BUT_GLUED}",
    regex.I,
)
_SURE = lazy_regex(
    r"(?<!\p{L})(?:no|any|without|beyond(?: a| all| any)?|little|not|n['’]t|never|kein\p{L}*|ohne"
    r"|nicht|sin|no cabe|no hay|no tengo|sans|aucun|nul|pas de|ne|sem|não|não há|senza|nessun|non"
    r"|geen|zonder|bez|nie ma|без|нет|не|нет никаких)\s(?:\p{L}+\s)?(?:doubt|zweifel|duda|doute"
    r"|dúvida|dubbio|twijfel|wątpienia|wątpliwości|dudo|duvido|dubito|bezweifle|zweifle|betwijfel"
    r"|wątpię|сомнени\p{L}*|сомневаюсь)(?:\snicht|\spas|\sniet)?|(?:bezweifle|zweifle|doute"
    r"|betwijfel)(?:\s\p{L}+)?\s(?:nicht|pas|niet)(?!\p{L})|no es (?:difícil|imposible)",
    regex.I,
)
"""A doubt that is itself denied."""

_DOUBTS = {
    "English": (
        r"hardly|scarcely|barely|doubt(?:s|ful|fully)?|dubious|questionable|by no means|in no way"
        r"|in no sense|no way|nowhere near|no stretch|under no circumstances|cannot|far from"
        r"|anything but|(?:wrong|mistaken|a mistake|a stretch|misleading|inaccurate|unfair|hard"
        r"|difficult|tough|impossible|premature|an exaggeration|an overstatement) to"
        r"|(?:no one|nobody|few(?: people)?|hardly anyone) (?:would|could|can|will)"
        r"|not (?:sure|convinced|persuaded|certain|clear|true|the case|possible|fair|accurate"
        r"|correct|right)|unlikely|improbable|unconvinced|unsure|stops? short of|falls? short of"
    ),
    "German": (
        r"bezweifle\p{L}*|bezweifelt|zweifle|zweifel\p{L}*|fraglich|unwahrscheinlich|schwerlich"
        r"|kaum|keineswegs|keinesfalls|keinesf[aä]lls|mitnichten|auf keinen fall|in keiner weise"
        r"|alles andere als|weit davon entfernt|unmöglich|schwer zu (?:sagen|behaupten)"
    ),
    "Dutch": (
        r"betwijfel\p{L}*|twijfel\p{L}*|nauwelijks|amper|allesbehalve|verre van|onwaarschijnlijk"
        r"|geenszins|allerminst|op geen enkele manier|moeilijk te (?:zeggen|noemen)|onmogelijk"
    ),
    "Spanish": (
        r"no (?:(?:se|me|lo|la|te|nos) )?(?:puede\w*|podr\w+|puedo|podemos|podría\w*|cabe|creo"
        r"|cree\w*|creemos|pienso|considero|parece\w*|diría\w*|calificaría|llamaría|veo|opino"
        r"|encuentro|estoy|resulta|(?:es|sería) (?:cierto|verdad|correcto|exacto|posible|justo"
        r"|seguro|evidente|precisamente|nada|muy|tan))"
        r"|dud[oa]\w*|dudamos|difícilmente|apenas (?:se|es|está|parece|puede|podría)"
        r"|(?:es|resulta|sería) (?:muy )?(?:difícil"
        r"|imposible|improbable|dudoso|falso|erróneo|exagerado)|improbable|lejos de"
        r"|para nada|de ning(?:ún modo|una manera)|en absoluto|en modo alguno|todo menos"
        r"|cualquier cosa menos|dista (?:mucho )?de"
    ),
    "French": (
        r"doute\p{L}*|difficilement|guère|à peine|loin d['’]\s?être|loin d['’]une?|peu probable"
        r"|improbable|impossible de|(?:difficile|dur|exagéré|faux) de|nullement|aucunement|en rien"
        r"|tout sauf|en aucun cas|en aucune façon"
    ),
    "Portuguese": (
        r"duvid\p{L}+|dificilmente|improvável|longe de|mal se pode"
        r"|de (?:modo|forma|jeito) algum\p{L}*"
        r"|de maneira alguma|tudo menos|(?:é|seria|fica) (?:muito )?(?:difícil|impossível|exagero"
        r"|falso|errado)|impossível"
    ),
    "Italian": (
        r"dubit\p{L}+|difficilmente|a malapena|a stento|lontan[ao] da\p{L}*|tutt['’]altro che"
        r"|per niente|affatto|improbabile|impossibile|per nulla"
        r"|(?:è|sarebbe) (?:molto )?(?:difficile"
        r"|azzardato|sbagliato|falso|esagerato)|in nessun modo"
    ),
    "Polish": (
        r"wątpię|wątpliwe|mało prawdopodobne|nieprawdopodobne|trudno (?:powiedzieć|uznać|nazwać"
        r"|stwierdzić|mówić)|bynajmniej|ledwo|niemożliwe|w żadnym (?:razie|wypadku)|daleko"
    ),
    "Russian": (
        r"вряд ли|едва ли|навряд ли|маловероятно|сомнительно|сомневаюсь|сомневаемся|отнюдь"
        r"|далеко не|нельзя|невозможно|неверно|неправда|трудно (?:сказать|назвать|считать"
        r"|утверждать)|сложно (?:сказать|назвать|считать|утверждать)"
        r"|не (?:(?:могу|можем|стал бы|стала бы|приходится|стоит|берусь|очень|совсем) )?(?:думаю"
        r"|считаю|верю|уверена?|сказать|сказал\p{L}*|утверждать|назвать|назвал\p{L}*|говорить"
        r"|кажется|похоже|факт|правда|верно|скажешь|назов\p{L}+|полагаю|вижу|согласен|согласна)"
    ),
    "Ukrainian": r"навряд чи|навряд|сумніваюся|не думаю|не можна|важко",
    "Swedish": r"tvivlar|knappast|tveksamt|osannolikt|inte|allt annat än|långt ifrån",
    "Turkish": r"asla|pek|hiç|şüpheliyim|şüpheli",
    "Hindi": r"नहीं|संदेह|मुश्किल|शायद ही|असंभव|कठिन",
    "Arabic": (
        r"[وف]?(?:أشك|نشك|بالكاد|يصعب|بعيدة?(?: كل البعد)? عن|المستبعد|لا|لم|لن|ليس|ليست|ما|مشكوك"
        r"|أستبعد|يستحيل|المستحيل|أبعد ما)"
    ),
    "Indonesian": r"meragukan|ragu|mustahil|sama sekali|jauh dari|hampir tidak",
}
_SUBORDINATED = (
    r"(?:nicht|kein\p{L}*|nie|niemand|niet|geen|nie można|nie|ne|не|nem|inte)(?!\p{L})"
    r"(?:\s[\p{L}'’]+)"
    r"{0,4}\s(?:sagen|behaupte\p{L}*|annehmen|nennen|folgern|schließen|glaub\p{L}*|denk\p{L}*"
    r"|zeggen|beweren|stellen|powiedzieć|stwierdzić|twierdzić|uznać|sądzę|myślę|uważam|wydaje|można"
    r"|мож\p{L}+|сказать|říci|říct|myslím)"
    r"|(?:glaub|denk|mein|find|seh|geloof|denk|vind|myslím|sądzę)\p{L}*\s(?:\p{L}+\s){0,2}?(?:nicht"
    r"|kaum|niet)"
    r"|(?:nicht|niet|nie)\s(?:\p{L}+\s){0,2}?(?:wahr|richtig|so|korrekt|zutreffend|der fall"
    r"|der meinung|der ansicht|überzeugt|sicher|waar|juist|zeker|prawda|pewien|pewna|jest prawdą)"
    r"|stimmt nicht|klopt niet|niemand|nikt"
)
_DOUBT = lazy_regex(
    rf"(?<![\p{{L}}\p{{M}}])(?:{'|'.join(_DOUBTS.values())}|(?:{_SUBORDINATED})"
    r"(?=\s(?:dass|daß|ob|dat|że|iż|что|že|hogy)(?!\p{L})))(?![\p{L}\p{M}])"
    r"|未必|未见得|未見得|不见得|不見得|难说|難說|难言|难称|難稱|怀疑|懷疑|无法|無法|谈何|岂能|不能|不可能|不认为"
    r"|不認為|不觉得|不覺得|算不上|谈不上|談不上|称不上|稱不上|绝非|絕非|远非|遠非|并不|並不",
    regex.I,
)
_NEARLY = lazy_regex(r"(?<!\p{L})(?:едва ли не|hiç şüphe)(?!\p{L})|不能不|不可能不", regex.I)
_CANNOT_ELSE = r"(?:としか|に他|にほか)"
_TAILS = (
    rf"(?:(?!{_CANNOT_ELSE})[^。.!?！？\n、,]){{0,14}}?(?:言え(?:ない|ません|ず|なかった)|言い(?:難|がた|にく|づら"
    r"|切れない|切れません|すぎ)|いえ(?:ない|ません)|いい(?:難|がた)|思(?:えない|えません|わない|いません|われません"
    r"|われない|いがたい|い難い)|考え(?:にくい|づらい|られない|られません|ません|ない)|見え(?:ない|ません)"
    r"|見な(?:せない|せません)|みな(?:せない|せません)|見られ(?:ない|ません)|感じ(?:られ)?(?:ない|ません)|呼べ(?:ない|ません)"
    r"|でき(?:ない|ません)|限(?:らない|りません)|ほど遠|程遠|疑わし|疑問|怪しい|難しい|無理が|(?:あり|有り)(?:えない|えません"
    r"|得ない|得ません)|はずが?(?:ない|ありません)|わけ(?:が|では)(?:ない|ありません)|とは違)",
    r"[^.!?,\n]{0,14}?(?:(?:보기|하기|말하기|부르기|여기기|생각하기|판단하기|단정하기)[는도가엔]?\s?(?:\p{Hangul}+\s)?(?:어렵|어려|힘들)"
    r"|(?<!밖에 )수(?:는|도|가)?\s없|보이지[는도]?\s않|생각하지[는도]?\s않"
    r"|생각되지[는도]?\s않|여겨지지[는도]?\s않|느껴지지[는도]?\s않"
    r"|하지[는도]?\s(?:않|못)|이지[는도]?\s않|지\s않(?:습니다|는다|다|아)"
    r"|리가?\s없|거리가\s멀|의심(?:스럽|됩니다|된다|이 든)|무리가)",
    r"\s?\p{L}{0,4}(?:\s\p{L}+){0,3}?\s(?:söyle(?:n|ye)\p{L}*m\p{L}+|deneme\p{L}+|diyeme\p{L}+|denmez"
    r"|sanm[ıi]yor\p{L}*|düşünmüyor\p{L}*|inanm[ıi]yor\p{L}*|şüpheli\p{L}*"
    r"|şüphe duyuyor\p{L}*|sayılmaz"
    r"|olamaz|görünmüyor|zor(?:dur)?|güç(?:tür)?|imkansız|imkânsız|değil(?:dir)?)(?!\p{L})",
    r"(?:\s(?:होने|का|की|के|कहना|कहा|माना|मानना|समझा|बताया|जा|से|को|रूप|में|तो|भी|बिल्कुल|कतई|लगता|लगती|दिखता|दिखती"
    r"|प्रतीत|होता|होती|है|हो|सकता)){0,8}\s(?:नहीं|मुश्किल|कठिन|असंभव|संदिग्ध|संदेह)",
    r"\s(?:ist|sind|war|wäre|kann|könnte|lässt|würde|finde|klingt|wirkt|würd|is|was|kan)\b"
    r"[^.!?,;\n]{0,50}\b(?:nicht|kaum|keineswegs|nie|keinesfalls|niet|nauwelijks)\b"
    r"(?!\s(?:nur|alleen|bloß))",
    r"\b[\"'*_”]{0,3}\s(?:is|seems|would be|feels) (?:a (?:bit of a )?(?:stretch|misnomer)|not how"
    r"|too strong|the last word|hardly|scarcely|out of the question|an overstatement"
    r"|an exaggeration|debatable|questionable|doubtful)",
    r"[^。，,.!?！？\n]{0,12}?(?:不成立|站不住|不准确|不準確|说不通|說不通|谈不上|談不上|算不上|称不上|稱不上|不可能|很难说|很難說)",
    r"[^.!?,;\n]{0,40}?\s(?:не назов\p{L}+|назвать (?:нельзя|трудно|сложно|невозможно|не могу"
    r"|вряд ли)|не является|вряд ли|едва ли(?! не))(?!\p{L})",
)
_DOUBTED_BEHIND = lazy_regex(r"[*_」』”\"’]{0,4}(?:" + "|".join(_TAILS) + ")", regex.I)


def doubted(text: str, start: int, end: int) -> bool:
    """Return whether the clause around a span says that what it names does not, or hardly, hold.

    Example:
        >>> said = ("I doubt that it is spam", "No doubt that it is spam", "Dudo que sea spam")
        >>> [doubted(one, one.find("spam"), len(one)) for one in said]
        [True, False, True]
    """
    before = _SENTENCE.split(text[max(0, start - _REACH) : start])[-1]
    clause = _CLAUSE.split(_SUBORDINATE.sub(" ", before))[-1]
    clause = _NEARLY.sub(" ", _SURE.sub(" ", clause))
    return _DOUBT.search(clause) is not None or _DOUBTED_BEHIND.match(text, end) is not None
