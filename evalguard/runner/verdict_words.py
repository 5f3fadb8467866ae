"""The words of a verdict in the languages that judges reply in: data of the readers of replies."""

from __future__ import annotations

import re

from evalguard.scorers.lazy_patterns import lazy_re
from evalguard.scorers.yes_no import NO, YES

ANY = "|".join(map(re.escape, sorted(YES | NO, key=len, reverse=True)))
"""Any of these, as a regular expression."""

YES_ALONE = frozenset(("y", "met", "satisfied", "fulfilled", "criterion met", "criteria met"))
NO_ALONE = frozenset((
    "n", "not met", "unmet", "not satisfied", "unsatisfied", "not fulfilled", "unfulfilled",
))  # fmt: skip
"""Says so where it is the whole verdict, and something else in a sentence."""

YES_MARKS, NO_MARKS = "✅✔☑👍🟢", "❌✖✗✘✕👎🔴🚫"
"""Signs that mean one of the two, alone or beside a word."""

TIES = frozenset((
    "c", "tie", "draw", "equal", "both", "neither", "a tie", "it's a tie", "it is a tie",
    "equally good", "both are equally good", "both answers are equally good", "unentschieden",
    "gleichstand", "égalité", "empate", "pareggio", "gelijkspel", "remis", "ничья", "平局",
    "平手", "引き分け", "무승부", "تعادل", "बराबर", "beraberlik",
))  # fmt: skip

_ANSWERS = (
    r"answer|assistant|model|option|output|response|reply|letter|text|antwort|réponse|respuesta|"
    r"risposta|resposta|antwoord|odpowiedź|ответ|cevap|yanıt|回答|答案|답변|الإجابة|उत्तर"
)
NAMED = lazy_re(rf"(?:{_ANSWERS})[ _]*(.+)", re.IGNORECASE)
"""A letter of an answer after what it is the letter of."""

_BETTER = (
    r"(?:better|superior|preferred|preferable|stronger|the\s+(?:better|best|preferred|stronger|"
    r"superior|winner|winning)(?:\s+(?:answer|response|one|reply|letter))?)"
)
_ONE, _OTHER = (
    rf"(?:the\s+)?(?:(?:{_ANSWERS})\s*)?[(*_]*(?P<{n}>[AB])[)*_]*" for n in ("one", "two")
)
PREFERENCES = tuple(
    lazy_re(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_ONE}\s+(?:is|was)\s+(?:clearly\s+|slightly\s+|much\s+|far\s+|significantly\s+|"
        rf"overall\s+)*{_BETTER}(?:\s+(?:than|to)\s+{_OTHER})?",
        rf"{_ONE}\s+wins(?:\s+(?:over|against)\s+{_OTHER})?",
        rf"(?:(?:die|la|a|het|o)\s+)?{_ONE}\s+(?:ist|est|es|è|é|is)\s+(?:besser|meilleure?|mejor|"
        r"migliore|melhor|beter)",
        rf"{_ONE}\s*(?:лучше|更好|より良い|の方が良い(?:です)?|가 더 (?:낫습니다|좋습니다))",
        rf"i\s+(?:would\s+)?(?:prefer|choose|pick|select|vote\s+for)\s+{_ONE}(?:\s+over\s+{_OTHER})?",
    )
)
"""Sentences that prefer an answer, perhaps to the other one."""

BEGINNING = lazy_re(
    r"(?:(?:therefore|so|thus|hence|overall|finally|in (?:short|summary|conclusion)|daher|also|"
    r"somit|donc|ainsi|por (?:lo )?tanto|quindi|portanto|dus|dlatego|поэтому|итак|因此|所以|综上|"
    rf"したがって|따라서|لذلك|इसलिए)\s*,?\s*|(?P<word>{ANY})\s*,\s*|"
    r"(?:based on|according to|in light of|after|given|considering)\s[^,.;:?!\n]{1,60},\s*|"
    r"(?:根据|按照|基于)[^,。\n]{1,20},\s*)",
    re.IGNORECASE,
)
"""What may lead to a sentence that is a verdict, or is the verdict's word itself."""

RANKED = lazy_re(r"(?P<one>[AB])\s*(?P<sign>>{1,3}|<{1,3}|={1,2}|≻)\s*(?P<two>[AB])")
"""Letters with a sign of order between them, as in ``A>>B``."""

_SUBJECT = r"(?:(?:the|this|that)\s+(?:answer|response|reply|text|output|letter)\s+|it\s+)?"
_FULLY = r"(?:fully\s+|clearly\s+|completely\s+|indeed\s+|does\s+)*"
_NOT_EN = (
    r"(?P<not>(?:clearly\s+)?(?:does\s+not|doesn't|did\s+not|didn't|fails\s+to|failed\s+to)\s+)"
)
_THE = r"(?:(?:the|this|that|all|given|stated|of|these)\s+)*criteri(?:on|a)"
CLAIMS = tuple(
    lazy_re(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_SUBJECT}(?:{_NOT_EN}|{_FULLY})(?:meets?|satisf(?:y|ies)|fulfill?s?)\s+{_THE}",
        r"(?:(?:the|this|that|all)\s+)*criteri(?:on|a)\s+(?:(?:is|are|was|were|has|have)(?P<n>n't)?\s+)?"
        r"(?:(?P<not>not)\s+)?(?:been\s+)?(?:fully\s+|clearly\s+)?(?:met|satisfied|fulfilled)",
        r"(?:(?:die|diese)\s+antwort\s+)?erfüllt\s+(?:das|dieses)\s+kriterium(?P<not>\s+nicht)?",
        r"(?:(?:das|dieses)\s+)?kriterium\s+(?:ist|wird|wurde)?\s*(?P<not>nicht\s+)?erfüllt",
        r"(?:(?:la|cette)\s+réponse\s+)?(?P<not>ne\s+)?(?:respecte|remplit|satisfait)\s+(?:pas\s+)?"
        r"(?:le|ce)\s+critère",
        r"(?:(?:le|ce)\s+)?critère\s+(?:est\s+)?(?P<n>n'est\s+pas\s+)?(?P<not>non\s+)?"
        r"(?:respecté|rempli|satisfait)",
        r"(?:la\s+respuesta\s+)?(?P<not>no\s+)?cumple\s+(?:con\s+)?(?:el|este)\s+criterio",
        r"(?:la\s+risposta\s+)?(?P<not>non\s+)?soddisfa\s+il\s+criterio",
        r"(?:a\s+resposta\s+)?(?P<not>não\s+)?(?:atende\s+ao|cumpre\s+o|satisfaz\s+o)\s+critério",
        r"(?:het\s+antwoord\s+)?voldoet\s+(?P<not>niet\s+)?aan\s+het\s+criterium",
        r"(?:(?:этот\s+)?ответ\s+)?(?P<not>не\s+)?соответствует\s+критерию",
        r"критерий\s+(?P<not>не\s+)?(?:выполнен|соблюд[её]н)",
        r"(?:该|这个|此|本)?(?:回答|答案|回复)?(?P<not>不|没有|未|并不|并未|未能)?(?:完全)?"
        r"(?:符合|满足|达到)了?(?:该|这个|此|上述|这一)?(?:标准|条件|准则|要求)",
        r"(?:この|その)?(?:回答|答え)?は?、?(?:この|その)?基準を(?:完全に)?満たして"
        r"(?:(?P<not>い?ません|い?ない(?:です)?)|い?ます|い?る)",
        r"(?:이\s*|그\s*)?(?:답변|응답)?[은는]?\s*기준을\s*충족(?:(?P<not>하지\s*(?:않습니다|못합니다|않는다))"
        r"|합니다|한다)",
    )
)
"""Sentences that say whether the criterion is met; ``not`` or ``n`` is found where it is not."""

_FILLERS = (
    r"so|thus|hence|therefore|then|and|the|this|that|my|our|your|a|an|one|is|it|final|overall|"
    r"short|brief|correct|careful|better|best|preferred|chosen|winning|own|das|die|der|mein\w*|"
    r"endgültig\w*|abschließend\w*|bessere|also|le|la|ma|mon|meilleure|el|mi|mejor|il|mio|mia|o|"
    r"meu|minha|melhor|het|mijn|beste|betere|moja|lepsza|nihai|son|мой|итоговый|окончательный|"
    r"лучший|अंतिम|बेहतर|최종|최종적인|더|나은"
)
_NOUNS = (
    r"verdict|answer|decision|judge?ments?|judges?|conclusion|result|label|choice|winner|"
    r"preference|pick|vote|response|reply|assistant|model|option|output|evaluation|assessment|"
    r"classification|comparison|better|best|preferred|met|satisfied|fulfilled|score|rating|grade|"
    r"criteri(?:on|a)(?:\s+(?:is|are))?(?:\s+(?:met|satisfied|fulfilled))?|"
    r"(?:(?:does|the|this|answer|response|reply|meets?|satisf(?:y|ies)|fulfil(?:s|ls)?)\s+)+"
    r"criteri(?:on|a)|pass(?:es|ed)?|"
    r"urteil|antwort|ergebnis|entscheidung|bewertung|fazit|kriterium(?:\s+erfüllt)?|réponse|"
    r"décision|résultat|jugement|critère(?:\s+(?:rempli|respecté|satisfait))?|veredicto|respuesta|"
    r"decisión|conclusión|resultado|juicio|criterio(?:\s+(?:cumplido|soddisfatto))?|verdetto|"
    r"risposta|decisione|conclusione|risultato|giudizio|veredito|resposta|decisão|conclusão|"
    r"julgamento|critério(?:\s+atendido)?|oordeel|eindoordeel|antwoord|beslissing|conclusie|"
    r"resultaat|werdykt|odpowiedź|decyzja|wynik|ocena|karar|cevap|yanıt|sonuç|вердикт|ответ|"
    r"решение|вывод|итог|результат|заключение|оценка|критерий(?:\s+выполнен)?|الحكم|الإجابة|"
    r"الجواب|القرار|النتيجة|निर्णय|उत्तर|फैसला|परिणाम|निष्कर्ष|(?:最终|最後|最后|最終)?的?な?"
    r"(?:判定|判断|结论|結論|答案|回答|裁决|结果|結果|评判|答え|評価|更好的(?:回答|答案)|"
    r"より良い(?:回答|答え)|是否(?:符合|满足)(?:标准|条件)?)は?|(?:판정|판단|결론|답|답변|결과)[은는]?"
)
LEAD = lazy_re(
    r"\W*(?:\d{1,2}[.)]\s+\W*)?"
    r"(?:(?:so|thus|hence|therefore|then|overall|finally|and|yes or no|yes/no|a or b|no doubt"
    rf"|in (?:short|summary|conclusion)|to (?:conclude|sum up)|i(?: would| will|'d)? (?:say|answer|"
    rf"choose|conclude|vote|reply))|(?:(?:{_FILLERS})\s+)*(?:{_NOUNS})"
    rf"(?:\s+(?:final|finale|النهائي|النهائية))?(?:\s+(?:is|are|was|ist|lautet|est|es|è|é))?"
    r"(?:\s+(?:answer|assistant|response|model|option))?)\W*",
    re.IGNORECASE,
)
"""What may lead to a verdict: another word names something else, as in "Harmful: Yes"."""

INTRODUCES = lazy_re(
    r"\W*(?:here(?:'s| is| are)|below is|this is)?\s*(?:(?:my|the|a|an|final|overall|detailed|json|"
    r"requested|structured)\s+)*(?:evaluation|assessment|analysis|judge?ment|verdict|reasoning|"
    r"result|output|json|object|response|answer|decision|conclusion|rating|score|explanation|"
    r"feedback)(?:\s+(?:in|as)\s+json)?(?:\s+(?:for|of)\s+the\s+(?:answer|response))?\W*",
    re.IGNORECASE,
)
"""What may stand before the lines of a verdict."""

QUOTES = lazy_re(
    r"\b(?:says?|said|reads?|contain(?:s|ed)|claims?|writes?|wrote|ends?|begins?|starts?|quotes?|"
    r"includes?|states?|asks?|demands?|tells?|orders?|repeats?|mentions?|replies|schreibt|sagt|"
    r"écrit|dit|dice|escribe|scrive|diz|пишет|говорит)\b|写道|说|書いて",
    re.IGNORECASE,
)
"""What leads to words of the answer that was judged."""

HEDGES = (
    r"mostly|largely|somewhat|almost|nearly|borderline|debatable|arguably|perhaps|maybe|possibly|"
    r"probably|unclear|unsure|uncertain|technically|reserv\w+|caveats?|to some extent|"
    r"to (?:a|some) (?:certain )?degree"
)

FOREIGN_AGAINST_YES = lazy_re(
    r"(?<![\w-])(?:nicht\w*|kein\w*|nie|niemals|ohne|aber|jedoch|allerdings|obwohl|außer|nur|"
    r"teilweise|kaum|weder|leider|fehl\w*|verfehlt|verletzt|verstößt|missachtet|ignorier\w*|"
    r"pas|ne|n'\w+|jamais|aucune?|sans|mais|cependant|toutefois|pourtant|sauf|seulement|"
    r"partiellement|manque\w*|nunca|ningun\w*|ningún|sin|pero|aunque|salvo|solo|sólo|parcialmente|"
    r"falta\w*|incumple\w*|viola\w*|não|nem|sem|mas|porém|embora|exceto|apenas|non|mai|senza|ma|"
    r"però|tuttavia|solo|manca\w*|niet|geen|nooit|zonder|maar|echter|alleen|gedeeltelijk|nie|bez|"
    r"ale|jednak|tylko|brak\w*|не|нет|никак\w*|без|но|однако|хотя|кроме|только|частично|наруш\w*|"
    r"değil|yok|ama|ancak|fakat|sadece|kısmen|لا|ليس\w*|لم|لن|بدون|لكن\w*|غير|नहीं|मत|बिना|लेकिन|"
    r"परंतु|केवल|आंशिक)(?![\w-])"
    r"|[不没沒未非无無]|但|却|然而|只|部分|違反|ない|なく|ません|ず[。、]|しかし|ただ|一部|않|못|없|아니|"
    r"하지만|지만|그러나|만 ",
    re.IGNORECASE,
)
"""What says after a yes in another language that it is none, or only in part."""

FOREIGN_AGAINST_NO = lazy_re(
    r"(?<![\w-])(?:erfüll\w*|entspricht|genügt|einhält|aber|jedoch|allerdings|obwohl|doch|außer|"
    r"trotzdem|dennoch|respecte\w*|rempli\w*|satisf\w*|mais|cependant|toutefois|pourtant|sauf|"
    r"quand même|cumpl\w*|pero|aunque|salvo|sin embargo|soddisf\w*|rispett\w*|ma|però|tuttavia|"
    r"atend\w*|cumpr\w*|mas|porém|embora|exceto|voldoet|maar|echter|toch|spełnia\w*|ale|jednak|"
    r"соответств\w*|выполн\w*|соблюд\w*|но|однако|хотя|кроме|karşıl\w*|ama|ancak|fakat|لكن\w*|"
    r"يستوفي|यद्यपि|लेकिन|परंतु|पूरा)(?![\w-])"
    r"|符合|满足|滿足|达到|但|却|然而|満た|しかし|ただ|충족|하지만|지만|그러나",
    re.IGNORECASE,
)
"""What says after a no in another language that it is none."""
