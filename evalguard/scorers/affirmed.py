"""Letters of choices that a sentence says to be the answer: "C is correct", "D it is"."""

from __future__ import annotations

import re
from itertools import chain

import regex

from evalguard.scorers.agreement import AGREED
from evalguard.scorers.lazy_patterns import lazy_re, lazy_regex
from evalguard.scorers.negation import NEGATION, SUPPOSED, disowned, in_doubt, ruled_out

MAX_IDENTIFIED_CHARS = 8_000
"""The end of an output in which sentences that identify a letter are looked for."""

_IS_CORRECT = lazy_re(
    r"(?<![\w'’])(?P<letter>[A-Z])[)*_.]{0,4}\s{1,3}(?:is|was|seems"
    r"|must be)\s+(?:the\s+)?(?:most\s+)?"
    r"(?:correct|right|best|accurate|answer)"
)
_LEFT = lazy_re(
    r"\b(?:leaves|leaving|left with|down to|(?:must|has to|have to|got to|can only"
    r"|could only) be)(?: us)?(?: with)?(?: only| just)?"
    r"(?: option| choice| answer"
    r"| letter)?:? [*_(\[]{0,3}(?P<letter>[A-Z])(?=[)\]*_]{0,3}(?:[.,:;!\n]|$))"
)
_IS_CORRECT_AFTER = lazy_re(
    r"(?<![A-Za-z0-9_À-ӿ'’])(?<![A-Z][和与與及跟或、])(?<![A-Z] [和与與及跟或] )"
    r"(?P<letter>[A-Z])[)*_」』]{0,4}\s?"
    r"(?:が正解|が正しい|가 정답|이 정답|(?:选?项|選?項)?是?(?:正确|正確|对的|對的))"
)
_LETTER = (
    r"(?<![A-Za-z0-9À-ӿ'’])[*_(\[「『]{0,3}(?P<letter>(?-i:[A-Z]))(?![A-Za-z0-9À-ӿ'’])"
    r"[)\]*_」』]{0,4}"
)
_NAMED = rf"{_LETTER}(?:\s?\([^()\n]{{1,60}}\))?"
_END = r"[\s*_)」』]{0,4}(?=[.!。！।۔\n]|$)"
_TAIL = (
    r"(?P<tail>(?:\s+[^\s.,;:!?()，。]+){0,14}?)[\s*_)]{0,4}"
    r"(?=[.!;。\n]|$|,\s(?:because|since|as|so|weil|da|porque|ya que|car|pois|perché|потому)\b)"
)
_FITS = (
    r"(?:fits?|match(?:es)?|works?|satisf(?:ies|y)|holds?|applies|qualifies|makes? (?:the most )?"
    r"sense|meets?|answers?|agrees? with|(?:is |are )?(?:consistent|compatible|in line|supported"
    r"|correct|right|true|valid|accurate|possible|left(?! out)|remaining)|remains?|describes?"
    r"|explains?|corresponds?|stands? up|survives?)\b"
)
_KIND = r"(?:one|option|choice|answer|statement|letter|alternative|candidate)s?"
_CORRECT = r"(?:correct|right|true|valid|plausible|possible|suitable|remaining|viable)"
_CLOSE = (
    r"[\s*_)」』]{0,4}(?=[.!;。\n]|$"
    r"|,\s(?:because|since|as|so|weil|da|denn|porque|ya que|car|pois|perché|потому|так как)\b"
    r"|，因为)"
)
_SURE = (
    r"(?:i|we)(?:['’]d|\s(?:would|do|still|now|personally|really|also))*\s(?:say|think|believe|reckon"
    r"|maintain|conclude|guess|suspect|get)|(?:i['’]m|i\sam|we['’]re|we\sare)\s(?:\p{L}+ly\s|quite\s|pretty\s)?"
    r"(?:sure|certain|confident|convinced)"
)
_ARROW = r"(?:[→⇒➔➜]|[=-]>)"
_OWN = {
    "English": (
        r"\b(?:definition|description|evidence|data|facts|text|passage|question|calculation|reasoning"
        r"|analysis|everything|all(?:\sof)?\sthis)\s(?:\p{L}+ly\s|best\s|only\s)?(?:points?\sto"
        r"|indicates?|describes?|matches|fits|corresponds?\sto|supports?|favou?rs)"
        rf"\s(?:only\s|option\s|choice\s|answer\s)*{_LETTER}{_END}(?=\W*\Z)",
    ),
    "any": (  # the only arrow to a letter, at the end, and not from another one
        rf"\A(?:(?!{_ARROW}\s?[*_(\[]*(?-i:[A-Z])\b)[\s\S])++(?<=[^\n]{{3}})"
        rf"(?<!(?<![A-Za-z])(?-i:[A-Z])[)\]*]{{0,3}}\s?){_ARROW}\s?{_LETTER}{_END}(?=\W*\Z)",
    ),
    "any, as the last sentence": (  # "A is wrong, C is wrong. So B."
        r"(?:^|(?<=[.!;。\n]\s?))(?:so|thus|hence|therefore|somit|daher|donc|por\s(?:lo\s)?tanto"
        r"|entonces|portanto|quindi|поэтому|значит|所以|因此|따라서|इसलिए|إذن),?\s?"
        rf"(?:option\s|choice\s|it(?:['’]s|\sis)\s)?{_LETTER}{_END}(?=\W*\Z)",
    ),
    "English, in the first person": (
        rf"(?:^|(?<=[.;!\n–—]\s?)|\b(?:{_SURE})\s(?:that\s)?|(?<=[.;,!\n–—]\s?)(?:so|but|and|actually)\s)"
        r"(?:it(?:['’]s|\sis|\smust\sbe|\shas\sto\sbe)|the\s(?:correct|right|true|real)\sone\sis)\s"
        rf"(?:actually\s|really\s|clearly\s|option\s|choice\s)*{_NAMED}{_CLOSE}",
    ),
    "German": (
        rf"\bich\s(?:glaube|denke|meine|würde\ssagen),?\ses\s(?:ist|wäre)\s(?:Option\s)?{_NAMED}{_CLOSE}",
        rf"\bich\s(?:glaube|denke|meine|finde),?\sdass\ses\s(?:Option\s)?{_NAMED}\sist{_CLOSE}",
        rf"\b(?:meiner\sMeinung|meines\sErachtens)\s(?:nach\s)?ist\ses\s(?:Option\s)?{_NAMED}{_CLOSE}",
        rf"(?:^|(?<=[.;!\n–—]\s?))es\sist\s(?:Option\s)?{_NAMED}{_CLOSE}",
    ),
    "Spanish": (
        rf"\b(?:creo|pienso|diría|considero|opino)\sque\ses\s(?:la\s)?(?:opción\s)?{_NAMED}{_CLOSE}",
        rf"(?:^|(?<=[.;!\n–—]\s?))es\sla\s(?:opción\s)?{_NAMED}{_CLOSE}",
    ),
    "French": (
        rf"\bje\s(?:pense|crois|dirais)\sque\sc['’]est\s(?:plutôt\s)?(?:la\s)?(?:réponse\s)?{_NAMED}{_CLOSE}",
        rf"(?:^|(?<=[.;!\n–—]\s?))c['’]est\s(?:la\s)?(?:réponse\s)?{_NAMED}{_CLOSE}",
    ),
    "Portuguese": (
        rf"\b(?:acho|penso|creio|acredito|diria)\sque\s(?:é|seja)\s(?:a\s)?(?:opção\s|alternativa\s)?{_NAMED}{_CLOSE}",
    ),
    "Italian": (
        rf"\b(?:credo|penso|ritengo|direi)\sche\s(?:sia|è)\s(?:la\s)?{_NAMED}{_CLOSE}",
    ),
    "Russian": (
        rf"\bя\s(?:думаю|считаю|полагаю|уверена?),?\s(?:что\s)?(?:это\s)?(?:ответ\s|вариант\s)?[–—-]?\s?{_NAMED}{_CLOSE}",
    ),
    "Mandarin": (
        rf"我(?:认为|認為|觉得|覺得|相信|想)(?:应该|應該)?(?:是|选|選)\s?(?:选项\s?)?{_NAMED}(?:选项|项)?{_CLOSE}",
    ),
    "Japanese": (rf"(?:私|僕)(?:は|なら)、?{_NAMED}だと(?:思います|思う|考えます){_CLOSE}",),
    "Korean": (
        rf"(?:저는|나는|제\s생각에는?)\s{_NAMED}"
        rf"(?:입니다|이다|(?:이)?라고\s생각(?:합니다|해요|한다)){_CLOSE}",
    ),
    "Hindi": (
        r"(?:मुझे\sलगता\sहै\s(?:कि\s)?|मेरे\s(?:विचार\sमें|अनुसार)\s)"
        rf"(?:यह\s)?{_NAMED}(?:\sसही)?(?:\sहै)?{_CLOSE}",
    ),
    "Arabic": (
        r"(?:أعتقد|أظن|أرى)\s(?:أن(?:ها|ه)|أن\s(?:الجواب|الإجابة)\s(?:هو|هي))"
        rf"\s{_NAMED}{_CLOSE}",
    ),
}  # fmt: skip
"""By language: sentences in which the writer says a letter to be the answer, in so many words."""

_ONLY = {
    "English": (
        rf"{_NAMED}\s(?:is|was|must be|has to be)\s(?:the\s(?:only|sole|single)(?:\s{_KIND})?|the"
        rf"\s{_KIND}|one)\s(?:that|which)\s{_FITS}{_TAIL}",
        rf"{_NAMED}\s(?:is|was)\sthe\s(?:only|sole|single)\s(?:{_KIND}\s)?(?:{_CORRECT}(?:\s{_KIND}"
        rf")?|(?:consistent|compatible|in line)\swith){_TAIL}",
        rf"{_NAMED}\s(?:is|was)\swhat\s(?:the\s(?:question|passage|text|author)\s(?:asks?\sfor"
        rf"|describes?|means|says)|(?:we|I)(?:['’]re|['’]m| are| am)\slooking\sfor){_TAIL}",
        rf"{_NAMED}\s(?:fits|matches|works)\sbest{_TAIL}",
        rf"(?:^|(?<=[.,;:!\n]\s?)|(?<=\bso\s))\b?only\s(?:option\s|choice\s)?{_NAMED}\s{_FITS}"
        rf"{_TAIL}",
        rf"(?:^|(?<=[.,;:!\n–—]\s?)|(?<=\b(?:so|then)\s)|(?<=\b(?:option|answer)\s))"
        rf"(?:option\s)?{_NAMED}\sit\sis{_END}",
        rf"(?:^|(?<=[.,;:!\n]\s?)|(?<=\b(?:only|so)\s))(?:option\s)?{_NAMED}\sremains{_END}",
        rf"\bthe\s(?:(?:only|sole|single|one)(?:\s{_KIND})?|{_KIND})\s(?:that|which)\s{_FITS}"
        rf"(?P<tail>(?:\s[^\s.,;:!?()]+){{0,8}}?),?\sis:?\s(?:option\s)?{_LETTER}{_END}",
        rf"(?:^|(?<=[.,;!\n]\s?))i\s(?:(?:would|fully|completely|also)\s)*agree(?:\swith(?:\s"
        rf"(?:option|answer|choice))?)?:?\s{_LETTER}{_END}",
        rf"(?:^|(?<=[.,;:!\n]\s?)|(?<=\bwhat\s))(?:what\s)?remains?\s(?:is\s)?(?:only\s|just\s"
        rf"|option\s)*{_LETTER}{_END}",
    ),
    "English, with the text": (
        rf"(?:(?:option|choice|answer)\s|(?:^|(?<=\n)|(?<=[.!]\s))(?!(?-i:[AIO])\s)){_LETTER}[:.]?\s"
        r"(?P<tail>[^.!?:;()\n]{1,80}?)\s(?:is|was)\s(?:the\s)?(?:most\s)?"
        r"(?:correct|right|best)(?:\s(?:answer|option|choice|one))?"
        r"(?=[*_]{0,2}(?:[.!;\n]|$|,?\s(?:because|since|as)\b))",
    ),
    "German": (
        rf"{_NAMED}\sist\s(?:also\s|somit\s|daher\s)?(?:richtig|korrekt|die\s(?:richtige"
        rf"|korrekte|beste)(?:\s(?:Antwort|Option|Lösung|Wahl))?){_TAIL}",
        rf"{_NAMED}\sist\s(?:die|der|das)\seinzige[nrs]?(?:\s\p{{L}}+)?,?\s(?:die|der|das)\s"
        rf"(?P<tail>(?:[^\s.,;:!?]+\s){{0,6}})(?:passt|stimmt|zutrifft|funktioniert|infrage kommt"
        rf"|richtig ist){_END}",
        rf"{_NAMED}\sist\s(?:die|der|das)\seinzig(?:e[nrs]?)?\s(?:passende|richtige|korrekte"
        rf"|mögliche|zutreffende)[nrs]?(?:\s(?:Antwort|Option|Lösung|Aussage|Wahl))?{_END}",
        rf"\bdie\seinzige(?:\s\p{{L}}+)?,\sdie\s(?P<tail>(?:[^\s.,;:!?]+\s){{0,6}})(?:passt"
        rf"|stimmt|zutrifft|infrage\skommt),\sist\s{_LETTER}{_END}",
        rf"\bnur\s{_NAMED}\s(?:passt|stimmt|trifft\szu|kommt\sinfrage|ist\srichtig){_END}",
        rf"{_NAMED}\spasst\s(?:hier\s)?am\sbesten{_END}",
        rf"\b(?:bleibt|bleiben)\s(?:(?:es|also|aber|somit|daher|damit|nur|noch|dann|weiterhin"
        rf"|einzig|die\sAntwort|bei|Option)\s){{0,4}}{_LETTER}(?:\sübrig)?{_END}",
    ),
    "Spanish": (
        rf"{_NAMED}\ses\s(?:la\s)?(?:respuesta\s|opción\s)?(?:correct[ao]|adecuad[ao]){_TAIL}",
        rf"{_NAMED}\ses\s(?:la|el)\súnic[ao](?:\s\p{{L}}+)?\s(?:que\s(?:encaja|cumple|funciona"
        rf"|corresponde|coincide|tiene\ssentido|es\scorrect[ao])|correct[ao]|posible){_TAIL}",
        rf"\bla\súnica(?:\s\p{{L}}+)?\sque\s(?:encaja|cumple|funciona|es\scorrecta)\ses\s(?:la\s)?"
        rf"{_LETTER}{_END}",
        rf"\bs[oó]lo\s{_NAMED}\s(?:encaja|cumple|es\scorrect[ao]|funciona){_TAIL}",
        rf"\b(?:s[oó]lo\s)?(?:nos\s)?qued(?:a|amos\scon)\s(?:entonces\s|s[oó]lo\s|solamente\s"
        rf"|[úu]nicamente\s|la\s(?:opción\s)?)*{_LETTER}{_END}",
    ),
    "French": (
        rf"{_NAMED}\sest\s(?:la\s)?(?:bonne\s(?:réponse|option)|correcte?|réponse\scorrecte|juste)"
        rf"{_TAIL}",
        rf"{_NAMED}\sest\s(?:la|le)\sseule?(?:\s\p{{L}}+)?\s(?:qui\s(?:convien(?:t|ne)|correspond"
        rf"|fonctionne|marche|colle|est\scorrecte?|soit\scorrecte?)|correcte?|possible){_TAIL}",
        rf"\bla\sseule(?:\s\p{{L}}+)?\squi\s(?:convien(?:t|ne)|correspond|soit\scorrecte),?\s"
        rf"(?:c['’])?est\s(?:la\s)?{_LETTER}{_END}",
        rf"\bseule?\s(?:la\s(?:réponse\s)?)?{_NAMED}\s(?:convient|correspond"
        rf"|est\scorrecte?){_TAIL}",
        rf"\bil\s(?:ne\s)?reste\s(?:donc\s|plus\s|alors\s)*(?:que\s)?(?:la\s(?:réponse\s)?)?"
        rf"{_LETTER}{_END}",
    ),
    "Portuguese": (
        rf"{_NAMED}\s(?:é|está)\s(?:a\s)?(?:resposta\s|opção\s|alternativa\s)?(?:corret|cert)[ao]"
        rf"{_TAIL}",
        rf"{_NAMED}\sé\s[ao]\súnic[ao](?:\s\p{{L}}+)?\s(?:que\s(?:se\sencaixa|serve|funciona"
        rf"|corresponde|faz\ssentido|está\scorret[ao]|é\scorret[ao])|corret[ao]|possível){_TAIL}",
        rf"\ba\súnica(?:\s\p{{L}}+)?\sque\s(?:serve|se\sencaixa|está\scorreta|funciona)\sé\s"
        rf"(?:a\s)?{_LETTER}{_END}",
        rf"\b(?:só|apenas|somente)\s(?:a\s)?{_NAMED}\s(?:serve|está\scorret[ao]|é\scorret[ao]"
        rf"|se\sencaixa){_TAIL}",
        rf"\b(?:resta|sobra)\s(?:apenas\s|só\s|somente\s|então\s|a\s(?:opção\s)?)*{_LETTER}{_END}",
    ),
    "Italian": (
        rf"{_NAMED}\sè\s(?:la\s)?(?:risposta\s|opzione\s)?(?:corrett|giust)[ao]{_TAIL}",
        rf"{_NAMED}\sè\sl['’]\s?unic[ao](?:\s\p{{L}}+)?\s(?:che\s(?:va\sbene|funziona|corrisponde"
        rf"|è\scorrett[ao]|ha\ssenso|si\sadatta)|corrett[ao]|possibile|giust[ao]){_TAIL}",
        rf"\bl['’]\s?unica(?:\s\p{{L}}+)?\sche\s(?:va\sbene|funziona|è\scorretta)\sè\s(?:la\s)?"
        rf"{_LETTER}{_END}",
        rf"\b(?:solo|soltanto)\s(?:la\s)?{_NAMED}\s(?:va\sbene|è\scorrett[ao]|funziona"
        rf"|è\sgiust[ao])"
        rf"{_TAIL}",
        rf"\b(?:resta|rimane)\s(?:quindi\s|solo\s|soltanto\s|dunque\s|la\s)*{_LETTER}{_END}",
    ),
    "Russian": (
        rf"{_NAMED}\s(?:[—–-]\s?|является\s|это\s)?(?:правильн|верн)(?:ый|ая|ое|ым|о|а)"
        rf"(?:\s(?:ответ(?:ом)?|вариант(?:ом)?))?(?P<tail>)[\s*_)]{{0,4}}(?=[.!;\n]|$|,\s"
        rf"(?:потому|так как|поскольку|ведь))",
        rf"{_NAMED}\s?(?:[—–-]|это|является)\s?(?:это\s)?единственн\p{{L}}+\s(?:подходящ|верн"
        rf"|правильн|возможн)\p{{L}}+(?:\s(?:вариант\p{{L}}*|ответ\p{{L}}*))?{_END}",
        rf"\bединственн\p{{L}}+\s(?:подходящ|верн|правильн|возможн)\p{{L}}+\s?(?:[—–-]|это)\s?"
        rf"(?:это\s)?{_LETTER}{_END}",
        rf"\bтолько\s(?:вариант\s)?{_NAMED}\s(?:подходит|верен|верно|правильн\p{{L}}+){_TAIL}",
        rf"\b(?:остаётся|остается)\s(?:только\s|лишь\s|вариант\s|ответ\s)*{_LETTER}{_END}",
    ),
    "Mandarin": (
        rf"只有\s?(?:选项\s?)?{_LETTER}(?:选项|项)?\s?(?:符合|正确|正確|成立|满足|滿足|合适|合適"
        rf"|是对的|是正确的)(?P<tail>[^，。！？\n]{{0,20}}){_END}",
        rf"{_LETTER}(?:选项|项)?是唯一(?:符合|正确|正確|合适|满足|可能)(?P<tail>[^，。！？\n]{{0,20}})"
        rf"{_END}",
        rf"唯一(?:符合|正确|正確|合适|满足|可能)[^，。！？不\n]{{0,12}}?[的是]{{1,2}}\s?(?:选项\s?)?{_LETTER}"
        rf"(?:选项|项)?{_END}",
        rf"(?:只剩下?|就剩|剩下的?(?:就是|是|只有)?)\s?(?:选项\s?)?{_LETTER}(?:选项|项)?(?:了)?{_END}",
    ),
    "Japanese": (
        rf"{_LETTER}だけが(?:当てはま(?:る|ります)|正しい(?:です)?|正解(?:です)?|適切(?:です)?"
        rf"|合って(?:いる|います)|条件を満た(?:す|します)){_END}",
        rf"{_LETTER}が唯一の(?:正解|正しい\p{{Han}}+)(?:です|だ|である)?{_END}",
        rf"唯一(?:当てはまる|正しい|適切な|合う)\p{{Han}}*の?は{_LETTER}(?:です|だ|である)?{_END}",
        rf"残るの?は{_LETTER}(?:だけ|のみ)?(?:です|だ|である|となります|になります)?{_END}",
        rf"{_LETTER}(?:だけ|のみ)?が残(?:る|ります|りました){_END}",
    ),
    "Korean": (
        rf"{_LETTER}(?:가|이)\s(?:맞습니다|맞다|옳습니다|옳다|정답입니다){_END}",
        rf"{_LETTER}만(?:이)?\s?(?:맞|옳|해당|적절|정답)(?!지)\p{{Hangul}}{{0,5}}{_END}",
        rf"유일하게\s(?:맞는|옳은|적절한)\s(?:것은|선택지는|답은)\s{_LETTER}(?:입니다|이다|다)?{_END}",
        rf"남는\s것은\s{_LETTER}(?:뿐)?(?:입니다|이다|다)?{_END}",
        rf"{_LETTER}만\s남\p{{Hangul}}{{1,5}}{_END}",
    ),
    "Hindi": (
        rf"{_LETTER}\s(?:ही\s)?सही\s(?:उत्तर\s|विकल्प\s)?है{_END}",
        rf"(?:केवल|सिर्फ़|सिर्फ)\s(?:विकल्प\s)?{_LETTER}\s(?:ही\s)?(?:सही|उचित|ठीक)\s(?:है"
        rf"|बैठता है)"
        rf"{_END}",
        rf"(?:केवल\s)?{_LETTER}\sही\s(?:सही|बचता)\s(?:है)?{_END}",
    ),
    "Arabic": (
        rf"{_LETTER}\s(?:هو|هي)\s(?:الخيار\s|الإجابة\s)?الصحيحة?{_END}",
        rf"فقط\s(?:الخيار\s)?{_LETTER}\s(?:هو\s)?(?:الصحيح|صحيح|مناسب){_END}",
        rf"{_LETTER}\s(?:هو|هي)\s(?:الخيار\s)?الوحيدة?\s(?:الصحيحة?|المناسبة?|الممكنة?){_END}",
        rf"يبقى\s(?:فقط\s|إذن\s)*(?:الخيار\s)?{_LETTER}(?:\sفقط)?{_END}",
    ),
}  # fmt: skip
"""By language: sentences that identify a letter as the only one that fits, or that is left."""

_IDENTIFIED = [
    regex.compile(one, regex.I) for each in (*_ONLY.values(), *_OWN.values()) for one in each
]
_SHARED = lazy_regex(rf"{_LETTER}(?={AGREED.pattern})", regex.I)
_UNSURE = lazy_regex(
    r"(?<!\p{L})(?:to be|unclear|if|when|until|half|part(?:ly|ially|s)?|first|nearly|almost|maybe"
    r"|perhaps|might"
    r"|could|poorly|badly|least|worst|(?-i:[B-HJ-Z])|wenn|si|se|если|не)(?!\p{L})|不",
    regex.I,
)
_JOINED = lazy_regex(
    r"(?<![A-Za-z0-9])(?-i:[A-Z])[)\]*_]{0,3}(?:\s?[,/&+、]|\s(?:and|or|nor|und|oder|y|o|et|ou|e|и"
    r"|или"
    r"|dan|ve)(?!\p{L})|\s?(?:和|或|と|와|과|및|और|या|و|أو))[\s*_(\[]{0,4}$",
    regex.I,
)
"""Another letter that is joined to the one behind it."""

_EXCEPTED = lazy_regex(
    r"[)\]*_.]{0,4}\s*(?:[–—:-]+|is|was|ist|es|est|é|è|это)\s*(?:это\s)?(?:the|die|der|das|la|el"
    r"|le|o|a|l['’])?\s?(?:only|sole|single|einzige\p{L}*|únic[ao]|seule?|unic[ao]"
    r"|единственн\p{L}+)(?P<rest>[^.!?\n]{0,80})",
    regex.I,
)
_CALLED_WRONG = lazy_regex(
    r"[^.!?\n]{0,120}?\b(?:is|was)\s[^.!?\n]{0,40}?\b(?:wrong|incorrect|worst|bad)\s(?:answer"
    r"|option"
    r"|choice)\b|[^.!?\n]{0,120}?\b(?:is|was) not the (?:correct|right|best) (?:answer|option"
    r"|choice)\b",
    regex.I,
)
_WRONG = lazy_regex(
    r"(?<!\p{L})(?:не(?:верн|правильн|подходящ|возможн)\p{L}*|неподходящ\p{L}*|false|wrong"
    r"|fails?|exception|excluded|out)(?!\p{L})",
    regex.I,
)

_TICKS = "✓✔✅☑"
_OPTION_START = lazy_re(r"^[ \t*_>|-]*[(\[]?([A-Z])(?![A-Za-z0-9'’])", re.M)
_VERDICT_ROW = lazy_re(
    r"^[ \t*_>|-]*[(\[]?([A-Z])(?![A-Za-z0-9])[^\n✓✔✅☑✗✘❌❎☒]*"
    r"([✓✔✅☑✗✘❌❎☒])[^\n✓✔✅☑✗✘❌❎☒]*$",
    re.M,
)
"""An option with a tick or a cross."""

_VERDICT_WORD = lazy_regex(
    r"^(?P<row>[ \t*_>|-]*[(\[]?[A-Z](?![A-Za-z0-9])[^\n]*?)(?:[–—:：(|-]"
    r"|[.)])[ \t*_]*(?:(?P<yes>correct|right|true"
    r"|yes|richtig|korrekt|wahr|ja|correct[ao]|vrai|oui|verdader[ao]|sí|verdadeir[ao]|cert[ao]|sim|vero"
    r"|верно|правильно|да|正确|正確|对|正しい|正解|맞음|सही|صحيح|doğru)"
    r"|incorrect|wrong|false|no|falsch|nein|fau(?:x|sse)|non|incorrect[ao]|incorret[ao]|fals[ao]|errad[ao]|não"
    r"|sbagliat[ao]|неверно|неправильно|нет|错误|錯誤|不正确|错|誤り|不正解|틀림|गलत|خطأ|yanlış)"
    r"[ \t*_).。।|]*$",
    regex.I | regex.M,
)
"""An option with a verdict in a word at the end of its line."""


def affirmed_letters(output: str) -> set[str]:
    """Return the letters that sentences say to be the answer.

    Example:
        >>> [affirmed_letters(one) for one in ("D it is.", "D is the only one that does not fit")]
        [{'D'}, set()]
    """
    said = chain(*(one.finditer(output) for one in (_IS_CORRECT, _IS_CORRECT_AFTER, _LEFT)))
    found = {
        one["letter"] for one in said if not _denied(output, one) and not in_doubt(output, one)
    }
    end = output[-MAX_IDENTIFIED_CHARS:]
    for pattern in _IDENTIFIED:
        found |= {one["letter"] for one in pattern.finditer(end) if _identifies(end, one)}
    return found | {one["letter"] for one in _SHARED.finditer(end) if _shares(end, one)}


def excepted(text: str, end: int) -> bool:
    """Return whether the letter before a place is called the only one that does not fit.

    Example:
        >>> excepted("D – the only one that does not fit", 1), excepted("D – the only one", 1)
        (True, False)
    """
    if _CALLED_WRONG.match(text, end) is not None:
        return True
    found = _EXCEPTED.match(text, end)
    return found is not None and bool(
        NEGATION.search(found["rest"]) or _WRONG.search(found["rest"])
    )


def ticked_letter(output: str) -> str | None:
    r"""Return the only option of a list that is ticked, where every other one is crossed out.

    Example:
        >>> ticked_letter("A ✗\nB ✓"), ticked_letter("A ✓\nB ✓")
        ('B', None)
    """
    if len(_VERDICT_WORD.findall(output)) > 2:  # two may be the options "True" and "False"
        output = _VERDICT_WORD.sub(lambda one: f"{one['row']} {'✓' if one['yes'] else '✗'}", output)
    rows = [(one[1], one[2]) for one in _VERDICT_ROW.finditer(output)]
    ticked = {letter for letter, sign in rows if sign in _TICKS}
    every = len(rows) == len(_OPTION_START.findall(output)) == len(dict(rows))
    return ticked.pop() if every and len(ticked) == 1 else None


def _denied(output: str, found: regex.Match[str] | re.Match[str]) -> bool:
    return disowned(output, *found.span("letter"))


def _identifies(output: str, found: regex.Match[str]) -> bool:
    """Return whether a sentence singles out its letter, and nothing takes that back."""
    tail = found.groupdict().get("tail") or ""
    start = found.start("letter")
    joined = _JOINED.search(output[max(0, start - 20) : start])
    unsure = joined or NEGATION.search(tail) or _UNSURE.search(tail) or SUPPOSED.search(tail)
    return not (unsure or _quoted(output, start) or _denied(output, found))


def _quoted(output: str, start: int) -> bool:
    """Return whether a place is inside a quotation that its line opens."""
    line = output[output.rfind("\n", 0, start) + 1 : start]
    return (
        line.count('"') % 2 == 1
        or line.count("“") > line.count("”")
        or line.lstrip().startswith(">")
    )


def _shares(output: str, found: regex.Match[str]) -> bool:
    """Return whether the writer agrees with somebody's letter that nothing rules out."""
    start, end = found.span("letter")
    return not ruled_out(output, start, end)
