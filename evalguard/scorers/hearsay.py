"""People to whom an answer may attribute what it says, by language, and the verbs that do so.

A text, a table, a rule or a calculation is none of them: what those say is the answer's own.
"""

from __future__ import annotations

import regex

from evalguard.scorers.lazy_patterns import lazy_regex

_PERSONS = {
    "English": (
        r"(?:(?:the|an?|my|your|his|her|our|their|one|another|this|that|some|most|many|several|two)"
        r" (?:\w+ )?(?:friend|brother|sister|mother|father|mom|mum|dad|parent|uncle|aunt|cousin|son"
        r"|daughter|wife|husband|partner|grand(?:father|mother|pa|ma)|neighbou?r|co-?worker"
        r"|colleague|classmate|roommate|flatmate|teammate|boss|manager|sales(?:man|woman|person)"
        r"|seller|vendor|cashier|shopkeeper|waiter|accountant|lawyer|doctor|nurse|tutor|teacher"
        r"|professor|student|pupil|user|customer|client|commenter|commentator|poster|blogger"
        r"|expert|analyst|critic|stranger|guest|visitor|acquaintance|interviewer|chatbot"
        r"|assistant|model|guy|man|woman|person|reader|player)s?|grand(?:pa|ma|dad)|mum|mom|dad"
        r"|someone|somebody|everyone|everybody|they|others|people)"
        r"(?: (?!who\b)(?:on|in|at|of|from) (?:the |my |your |our )?\w+)?"
        r"(?:,? (?:also|still|now|firmly|always|once|just|really))?",
        r"(?:says?|said|thinks?|thought|believes?|believed|claims?|claimed|argues?|argued|assumes?"
        r"|assumed|guess(?:es|ed)?|insists?|insisted|swears?|swore|concludes?|reckons?|reckoned"
        r"|maintains?|maintained|estimates?|estimated|suspects?|suspected|supposes?|supposed"
        r"|figures?|figured|asserts?|asserted|contends?|suggests?|suggested|holds that"
        r"|(?:is|are|was|were) (?:\w+ly )?(?:convinced|sure|certain|positive)|told (?:me|us)"
        r"|tells (?:me|us)|would (?:say|think|put))\b",
    ),
    "Spanish": (
        r"(?:mi|un|una|el|la|su|tu|nuestr[oa]|los|las|mis|otr[oa]|algún) (?:amig|vecin|compañer"
        r"|herman|prim|ti|tí|abuel|maestr|hij|alumn|médic|expert|jef|coleg|padre|madre|profesor"
        r"|estudiante|cliente|usuari|vendedor|contable|cuñad)\p{L}*",
        r"(?:dicen?|dijo|dijeron|piensan?|creen?|creía|opinan?|calculan?|estiman?|afirman?|afirmó"
        r"|sostienen?|aseguran?|insisten?|suponen?|consideran?|juran?|está convencid[oa])\b",
    ),
    "French": (
        r"(?:(?:mon|ma|un|une|son|sa|ton|ta|votre|notre|leur|le|la|mes|ses|des|les|cet|cette) "
        r"|l['’])(?:ami|voisin|collègue|camarade|frère|s(?:œ|oe)ur|cousin|oncle|tante|père|mère"
        r"|grand-père|grand-mère|prof|élève|étudiant|patron|chef|client|utilisat|vendeu|comptable"
        r"|expert|médecin)\p{L}*",
        r"(?:dit|disent|a dit|croi(?:t|ent)|prétend(?:ent)?|soutien(?:t|nent)|(?:pens|estim|affirm"
        r"|assur|jug|trouv|calcul|suppos|déclar|insist)e(?:nt)?|est (?:convaincu|persuadé|sûr)e?)"
        r"\b",
    ),
    "German": (
        r"(?:mein|ein|der|die|sein|ihr|unser|dein|euer|eine|meine|seine|ihre|unsere|deine) "
        r"(?:freund|nachbar|kolleg|bruder|schwester|cousin|onkel|tante|vater|mutter|opa|oma"
        r"|großvater|großmutter|lehrer|schüler|student|chef|kund|nutzer|verkäufer|buchhalter"
        r"|expert|mitschüler|bekannt|arzt|ärztin)\p{L}*",
        r"(?:sag(?:t|te|en)|denkt|dachte|denken|glaub(?:t|te|en)|mein(?:t|te|en)|behaupte(?:t|te"
        r"|n)|schätz(?:t|te|en)|vermute(?:t|te|n)|findet|rechnet|versichert|ist (?:überzeugt"
        r"|sicher))\b",
    ),
    "Portuguese": (
        r"(?:[oa]s? )?(?:meus?|minhas?|um|uma|os?|as?|seu|sua|noss[oa]|outr[oa]) (?:amig|vizinh"
        r"|coleg|irmã|irmão|prim|ti[oa]|pai|mãe|av[ôó]|professor|alun|estudante|chef|cliente|usuári|vendedor"
        r"|contador|especialista|médic)\p{L}*",
        r"(?:diz|dizem|disse|acham?|achou|pensam?|acreditam?|afirmam?|afirmou|calculam?|estimam?"
        r"|garantem?|insistem?|supõem?|consideram?|crê|juram?|está convencid[oa])\b",
    ),
    "Italian": (
        r"(?:(?:mi[oa]|un|una|il|la|lo|su[oa]|nostr[oa]|i|gli|le) |un['’]|l['’])(?:amic|vicin"
        r"|colleg|fratello|sorella|cugin|zi[oa]|padre|madre|nonn|insegnante|professor|studente"
        r"|alunn|cap[oa]|cliente|utente|venditor|contabile|espert)\p{L}*",
        r"(?:dic(?:e|ono)|ha detto|pens(?:a|ano)|cred(?:e|ono)|ritien(?:e|gono)|sostien(?:e"
        r"|gono)|afferm(?:a|ano)|calcol(?:a|ano)|stim(?:a|ano)|assicur(?:a|ano)|insist(?:e|ono)"
        r"|suppon(?:e|gono)|è convint[oa])\b",
    ),
    "Russian": (
        r"(?:(?:друг|подруга|приятель|сосед(?:ка)?|коллега|брат|сестра|дядя|т[её]тя|отец|мать"
        r"|мама|папа|бабушка|дедушка|учитель(?:ница)?|ученик|ученица|студент(?:ка)?|начальник"
        r"|клиент(?:ка)?|покупатель|продавец|одноклассни(?:к|ца)|эксперт|знаком(?:ый|ая)"
        r"|бухгалтер|врач)|друзья|соседи|коллеги)",
        r"(?:скаж(?:ет|ут)|говор(?:ит|ят)|сказал[аи]?|считает|считают|думает|думают|полагает"
        r"|полагают|утвержда(?:ет|ют)|уверя(?:ет|ют)|увер(?:ен|ена|ены)|настаивает|предполагает"
        r"|оценивает|верит)\b",
    ),
    "Hindi": (
        r"(?:दोस्त|मित्र|सहेली|पड़ोसी|पड़ोसी|सहकर्मी|सहपाठी|भाई|बहन|चाचा|चाची|मामा|मामी|पिता|माँ|मां"
        r"|दादा|दादी|नाना|नानी|शिक्षक|शिक्षिका|अध्यापक|छात्र|छात्रा|ग्राहक|मालिक|दुकानदार|विशेषज्ञ)",
        r"(?:सोचत[ाीे]|कहत[ाीे]|मानत[ाीे]|समझत[ाीे]|का मानना|का कहना|का दावा|का अनुमान|के अनुसार"
        r"|के मुताबिक|को लगता|ने कहा|ने बताया|का विचार|दावा करत[ाीे])",
    ),
    "Arabic": (
        r"(?:صديق(?:ي|تي|ه|ها|نا)?|صديقة|جار(?:ي|تي|ه|ها|نا)|زميل(?:ي|تي|ه|ها|نا)?|زميلة"
        r"|أخ(?:ي|تي|وه|وها)|عم(?:ي|تي)|خال(?:ي|تي)|أب(?:ي|وه)|والد(?:ي|تي)|أم(?:ي|ه)|جد(?:ي|تي)"
        r"|معلم(?:ي|تي)?|المعلم(?:ة)?|أستاذ(?:ي|تي)?|مدير(?:ي|تي)?|المدير|الزبون|البائع"
        r"|المحاسب|الخبير|الطالبة|التلميذ)",
        r"(?:[يت](?:ظن|عتقد|قول|رى|زعم|فترض|ؤكد|قدر|دعي|صر)|قالت?|زعمت?|أكدت?|ظنت?)",
    ),
    "Mandarin": (
        r"(?:朋友|同事|邻居|鄰居|同学|同學|哥哥|弟弟|姐姐|妹妹|爸爸|妈妈|媽媽|父亲|父親|母亲|母親|叔叔"
        r"|阿姨|爷爷|奶奶|老师|老師|老板|老闆|客户|客戶|顾客|网友|網友|用户|售货员|会计|會計|专家|專家|有人)",
        r"(?:认为|認為|觉得|覺得|以为|以為|说|說|声称|聲稱|主张|主張|坚持|堅持|估计|估計|猜|相信|告诉|告訴)",
    ),
    "Bengali": (
        r"(?:বন্ধু|প্রতিবেশী|সহকর্মী|ভাই|বোন|শিক্ষক|ছাত্র|বাবা|মা|চাচা|মামা)",
        r"(?:বলে|বলেন|বলেছে|মনে করে|মনে করেন|ভাবে|ভাবেন|দাবি করে|মতে)",
    ),
    "Urdu": (
        r"(?:دوست|پڑوسی|ساتھی|بھائی|بہن|استاد|شاگرد|والد|والدہ|چچا|ماموں)",
        r"(?:سمجھت[اےی]|کہت[اےی]|سوچت[اےی]|مانت[اےی]|کا خیال|کا کہنا|کے مطابق|کو لگتا|نے کہا)",
    ),
    "Indonesian": (
        r"(?:teman|tetangga|rekan|kakak|adik|paman|bibi|ayah|ibu|guru|bos|pelanggan|penjual"
        r"|murid|siswa)(?: \p{L}+){0,2}",
        r"(?:mengatakan|berkata|berpikir|mengira|menganggap|percaya|berpendapat|yakin|menduga"
        r"|memperkirakan|bilang)\b",
    ),
}  # fmt: skip
"""By language: who else gives an answer, and the verb that says so."""

_PRONOUNS = (
    r"(?:s?he) (?:(?:still|really|firmly) )?(?:thinks|thought|believes|believed|claims|claimed"
    r"|insists|insisted|reckons|guesses|guessed|estimates|maintains|swears|assumes|assumed"
    r"|suspects|is (?:convinced|sure|certain))(?: that)? (?:the|it|this|there|we|you)\b"
)
_NAMES = (
    r"(?-i:(?!(?:It|This|That|Which|We|There|He|She|Who)\b)\p{Lu}\p{Ll}+) (?:thinks|believes|claims"
    r"|insists|reckons|guesses|maintains|swears|suspects|is (?:convinced|sure|certain))"
    r"(?: that)? (?:the|it|this|there)\b"
)
_ACCORDING = (
    r"(?:according to|in the (?:opinion|view|eyes) of|if you (?:ask|believe)) "
    + _PERSONS["English"][0]
    + r"|(?:según|para) "
    + _PERSONS["Spanish"][0]
    + r"|(?:selon|d['’]après|pour) "
    + _PERSONS["French"][0]
    + r"|(?:laut|zufolge|nach meinung) (?:\p{L}+ )?\p{L}*(?:freund|nachbar|kolleg|bruder|schwester"
    r"|lehrer|schüler|chef|kunde|experte)\p{L}*|(?:segundo|conforme|para) "
    + _PERSONS["Portuguese"][0]
    + r"|(?:secondo|per) "
    + _PERSONS["Italian"][0]
    + r"|по (?:мнению|словам|мысли|оценке) (?!автор)\p{L}+"
    r"|(?:在|据|根据|照|按)(?:我|他|她|你|某)?的?"
    + _PERSONS["Mandarin"][0]
    + r"|(?:友人|友達|同僚|隣人|隣の人|近所の人|クラスメート|同級生|先生|教師|生徒"
    r"|学生|兄|弟|姉|妹|父|母|祖父|祖母|叔父|叔母|おじ|おば|上司|客|店員|専門家|会計士|知り合い|知人)(?:さん|たち)?"
    r"(?:によると|によれば|の話では|の意見では|の計算では|の考えでは|に言わせれば|いわく|曰く)"
    r"|(?:친구|동료|이웃|형|누나|오빠|언니|동생|삼촌|아버지|어머니|선생님|상사|고객|전문가)"
    r"(?:에 따르면|의 말에 따르면|의 말로는|의 생각에는)"
    r"|(?:وفقا ل|وفقاً ل|بحسب |حسب |في رأي |برأي )"
    + _PERSONS["Arabic"][0]
    + r"|(?:arkadaş|komşu|kardeş|abla|ağabey|amca|teyze|baba|anne|öğretmen|meslektaş|müşteri)\p{L}*"
    r" göre|menurut " + _PERSONS["Indonesian"][0] + r"|i(?: was|['’]ve been) told"
)
_BOTH_WAYS = ("Arabic", "German", "Russian", "French")
_SAY = "|".join(
    [
        *(rf"{who}[^.!?。！？।\n,;]{{0,25}}?{says}" for who, says in _PERSONS.values()),
        *(rf"{_PERSONS[one][1]} {_PERSONS[one][0]}" for one in _BOTH_WAYS),
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
