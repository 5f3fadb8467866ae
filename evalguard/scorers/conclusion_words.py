"""What leads to a result and what sets it apart, by language: data of :mod:`conclusion`."""

from __future__ import annotations

import regex

from evalguard.scorers import contrast_words as contrast
from evalguard.scorers.lazy_patterns import lazy_regex

SO = lazy_regex(
    r"(?<![\p{L}\p{M}])(?:so|thus|therefore|hence|consequently|giving|makes?|making"
    r"|total(?:s|l?ing|l?ed)?|leaves?|leaving|yield(?:s|ing)|bring(?:s|ing)|com(?:es?|ing) to"
    r"|adds? up to|amounts? to|equals?|results?|resulting|altogether|in all|overall"
    r"|ends? up|remain(?:s|ed|ing)?|(?:that|which)(?:['’]s| is)"
    r"|now (?:he|she|it|they|there|the|we|has|have)|i\.e\.|namely|in other words"
    r"|also (?=sind|ist|hat|haben|bleib|gibt|es |kostet|muss|braucht)|somit|folglich|daher"
    r"|insgesamt|zusammen|macht|ergibt|ergeben|entspricht|bleib(?:en|t)"
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
"""What leads to a result: a number behind it is what the ones before it come to."""

PART_OF = lazy_regex(
    r"\b(?:of|from|de|sur|von|su|dari|из) (?:(?:an?|un|um) )?(?:total|totale|insgesamt"
    r"|общего числа)"
    r"(?: (?:of|de|di))?\s*$|\b(?:(?:out of|than)\s+(?:\p{L}+\s+){0,3}|of (?:the|these|those|his"
    r"|her|their|its"
    r"|an initial)\s+(?:\p{L}+\s+)?)[\s$€£*_]*$",
    regex.I,
)
"""In front of the whole that another number is a part of."""

TOTAL_AFTER = lazy_regex(
    r"[\s*_$€]*(?:[\p{L}'’-]+\s+){0,3}?(?:altogether|in total|in all|overall|total|combined"
    r"|insgesamt|zusammen|en total|au total|no total|in totale|всего|итого|toplam)(?!\p{L})",
    regex.I,
)
"""What calls the number before it the total."""

VERB = lazy_regex(
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
"""Verbs between a subject with a number and the result: "5 boxes cost 60 dollars"."""

APART = lazy_regex(
    r"[,;:()—–，；：、،؛]|(?<![\p{L}\p{M}])(?:and|or|but|while|who|whom|whose|which|because|since"
    r"|than|as|though|although|whereas|where|given|with|of the|if|und|oder|aber|weil|denn"
    r"|während|wenn|(?<!il )y|o|pero|porque|pues|que|mientras|si|et|ou|mais|parce|qui|alors|e"
    r"|enquanto|perché|che|mentre|и|или|но|а|потому|так как|если|который)"
    r"(?![\p{L}\p{M}])|因为|因為|而|但|から|ので|たら",
    regex.I,
)
"""What separates two statements, so that a verb between them is of only one."""

MOVES = lazy_regex(
    r"[从從]\d[^。，\d]*[到至]\D{0,3}$|\b(?:from|von|de|desde|da|от|с)\b[^.,;]*\d[^.,;\d]*\b(?:to|auf"
    r"|bis|a|à|para|до)\b\D{0,6}$",
    regex.I,
)
"""The beginning of a change up to its result: "from 40 to"."""

OPENS_ASIDE = lazy_regex(
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
"""What opens a condition or a circumstance in front of a main clause."""

NOT_MAIN = lazy_regex(
    r"[\s*_]*(?:and|or|but|who|whom|whose|which|where|while|whereas|since|because|as|with|at|of"
    r"|for|in|after|before|than|compared|given|if|when|though|although|not|like|unlike|instead"
    r"|except|including|plus|minus|until|per|from|out of|by|und|oder|aber|weil|da|denn|während"
    r"|wenn|als|mit|y|pero|porque|pues|ya que|mientras|que|con|et|mais|car|parce|puisque"
    r"|tandis|qui|avec|mas|pois|porque|enquanto|com|e|ma|perché|dato|mentre|che|и|но|а"
    r"|потому|так как|который|karena|sedangkan|çünkü|क्योंकि|जबकि|لأن|بينما|dan)"
    r"(?![\p{L}\p{M}])|[\s*_]*(?:因为|因為|而|但|他|她|每)",
    regex.I,
)
"""What opens a part of a sentence that is no main clause."""

NOT = lazy_regex(
    rf"(?<!\p{{L}})(?:{contrast.DENIES})(?!\p{{L}})|n['’]t\b|{contrast.NOT_GLUED}", regex.I
)
"""Words that negate the first of two numbers."""

BUT = lazy_regex(
    rf"(?<!\p{{L}})(?:{contrast.BUT})(?!\p{{L}})|{contrast.BUT_GLUED}"
    r"|[,;–—-]\s*(?:it|they|that|this)(?:['’]s|['’]re|\s(?:is|was|are|were|takes|took|costs?|has"
    r"|have|had))(?!\p{L})",
    regex.I,
)
"""What turns to the second one."""

TOTAL = lazy_regex(
    r"total|sum|answer|result|final|remain|left|overall|altogether|difference|profit|cost|summe"
    r"|gesamt"
    r"|ergebnis|antwort|rest|suma|resultado|respuesta|somme|résultat|réponse|soma|resposta|totale"
    r"|risultato|итого|всего|ответ|合计|合計|总|總|答|共|小計|총|합|답|정답|कुल|उत्तर|المجموع|toplam",
    regex.I,
)
"""What the entry of a list with its result is called."""
