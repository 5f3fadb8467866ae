"""Who else gives an answer, and the verbs that say so: data of :mod:`evalguard.scorers.hearsay`."""

from __future__ import annotations

SPEAKERS: dict[str, tuple[str, str, str]] = {
    "English": (
        r"(?:(?:the|an?|my|your|his|her|our|their|one|another|this|that|some|most|many|several|two)"
        r" (?:\w+ )?(?:friend|brother|sister|mother|father|mom|mum|dad|parent|uncle|aunt|cousin|son"
        r"|daughter|wife|husband|partner|grand(?:father|mother|pa|ma)|neighbou?r|co-?worker"
        r"|colleague|classmate|roommate|flatmate|teammate|boss|manager|sales(?:man|woman|person)"
        r"|seller|vendor|cashier|shopkeeper|waiter|accountant|lawyer|doctor|nurse|tutor|teacher"
        r"|professor|student|pupil|user|customer|client|commenter|commentator|poster|blogger"
        r"|expert|analyst|critic|stranger|guest|visitor|acquaintance|interviewer|chatbot"
        r"|assistant|model|guy|man|woman|person|reader|player|viewer|rater|annotator)s?|grand(?:pa|ma|dad)|mum|mom|dad"
        r"|someone|somebody|everyone|everybody|they|others|people)"
        r"(?: (?!who\b)(?:on|in|at|of|from) (?:the |my |your |our )?\w+)?"
        r"(?:,? (?:also|still|now|firmly|always|once|just|really))?",
        r"(?:some (?:might|may|would|could)|beginners|s[ck]eptics|several people|i used to)",
        r"(?:says?|said|thinks?|thought|believes?|believed|claims?|claimed|argues?|argued|assumes?"
        r"|assumed|guess(?:es|ed)?|insists?|insisted|swears?|swore|concludes?|reckons?|reckoned"
        r"|maintains?|maintained|estimates?|estimated|suspects?|suspected|supposes?|supposed"
        r"|figures?|figured|asserts?|asserted|contends?|suggests?|suggested|holds that"
        r"|(?:is|are|was|were) (?:\w+ly )?(?:convinced|sure|certain|positive)|answered|told "
        r"(?:me|us)"
        r"|tells (?:me|us)|(?:would|might|may|could) (?:say|think|put|guess|answer))\b",
    ),
    "Spanish": (
        r"(?:mi|un|una|el|la|su|tu|nuestr[oa]|los|las|mis|otr[oa]|algún) (?:amig|vecin|compañer"
        r"|herman|prim|ti|tí|abuel|maestr|hij|alumn|médic|expert|jef|coleg|padre|madre|profesor"
        r"|estudiante|cliente|usuari|vendedor|contable|cuñad)\p{L}*",
        r"(?:(?:algun|much|otr|vari)[oa]s|hay quien(?:es)?|la gente|ciertas personas|uno)\b",
        r"(?:dicen?|dijo|dijeron|dir[íi]an?|dirán|piensan?|pensarían?|creen?|creerían?|podrían? "
        r"(?:pensar"
        r"|decir|creer)|puede pensar|creía|opinan?|calculan?|estiman?|afirman?|afirmó"
        r"|sostienen?|aseguran?|insisten?|suponen?|consideran?|juran?|está convencid[oa])\b",
    ),
    "French": (
        r"(?:(?:mon|ma|un|une|son|sa|ton|ta|votre|notre|leur|le|la|mes|ses|des|les|cet|cette) "
        r"|l['’])(?:ami|voisin|collègue|camarade|frère|s(?:œ|oe)ur|cousin|oncle|tante|père|mère"
        r"|grand-père|grand-mère|prof|élève|étudiant|patron|chef|client|utilisat|vendeu|comptable"
        r"|expert|médecin)\p{L}*",
        r"(?:certaine?s|beaucoup|d['’]aucuns|plusieurs|les gens|d['’]autres|on pourrait"
        r"|la plupart)",
        r"(?:dit|disent|a dit|dire|dirai(?:en)?t|penser|penserai(?:en)?t|croire|croirai(?:en)?t"
        r"|croi(?:t|ent)|prétend(?:ent)?|soutien(?:t|nent)|(?:pens|estim|affirm"
        r"|assur|jug|trouv|calcul|suppos|déclar|insist)e(?:nt)?|est (?:convaincu|persuadé|sûr)e?)"
        r"\b",
    ),
    "German": (
        r"(?:mein|ein|der|die|sein|ihr|unser|dein|euer|eine|meine|seine|ihre|unsere|deine) "
        r"(?:freund|nachbar|kolleg|bruder|schwester|cousin|onkel|tante|vater|mutter|opa|oma"
        r"|großvater|großmutter|lehrer|schüler|student|chef|kund|nutzer|verkäufer|buchhalter"
        r"|expert|mitschüler|bekannt|arzt|ärztin)\p{L}*",
        r"(?:manche|mancher|viele|einige|andere|leute|jemand|die meisten|man könnte)\b",
        r"(?:sag(?:t|te|en)|denkt|dachte|denken|glaub(?:t|te|en)|mein(?:t|te|en)|annehmen|behaupte(?:t|te"
        r"|n)|schätz(?:t|te|en)|vermute(?:t|te|n)|findet|rechnet|versichert|ist (?:überzeugt"
        r"|sicher))\b",
    ),
    "Portuguese": (
        r"(?:[oa]s? )?(?:meus?|minhas?|um|uma|os?|as?|seu|sua|noss[oa]|outr[oa]) (?:amig|vizinh"
        r"|coleg|irmã|irmão|prim|ti[oa]|pai|mãe|av[ôó]|professor|alun|estudante|chef|cliente|usuári|vendedor"
        r"|contador|especialista|médic)\p{L}*",
        r"(?:algun?s|algumas|(?:muit|outr|vári)[oa]s|há quem|as pessoas|alguém)\b",
        r"(?:diz|dizem|disse|diga|diriam?|pense|pensariam|poderiam? (?:pensar|dizer)"
        r"|acham?|achou|pensam?|acreditam?|afirmam?|afirmou|calculam?|estimam?"
        r"|garantem?|insistem?|supõem?|consideram?|crê|juram?|está convencid[oa])\b",
    ),
    "Italian": (
        r"(?:(?:mi[oa]|uno?|una|il|la|lo|su[oa]|nostr[oa]|i|gli|le) |un['’]|l['’])(?:amic|vicin"
        r"|colleg|fratello|sorella|cugin|zi[oa]|padre|madre|nonn|insegnante|professor|studente"
        r"|alunn|cap[oa]|cliente|utente|venditor|contabile|espert)\p{L}*",
        r"(?:alcun[ie]|molt[ie]|qualcuno|la gente|altri|parecchi|c['’]è chi)\b",
        r"(?:dic(?:e|ono)|direbber?o|penserebbero|potrebbe (?:pensare|dire)|ha detto|pens(?:a"
        r"|ano)|cred(?:e|ono)|ritien(?:e|gono)|sostien(?:e"
        r"|gono)|afferm(?:a|ano)|calcol(?:a|ano)|stim(?:a|ano)|assicur(?:a|ano)|insist(?:e|ono)"
        r"|suppon(?:e|gono)|è convint[oa])\b",
    ),
    "Russian": (
        r"(?:(?:друг|подруга|приятель|сосед(?:ка)?|коллега|брат|сестра|дядя|т[её]тя|отец|мать"
        r"|мама|папа|бабушка|дедушка|учитель(?:ница)?|ученик|ученица|студент(?:ка)?|начальник"
        r"|клиент(?:ка)?|покупатель|продавец|одноклассни(?:к|ца)|эксперт|знаком(?:ый|ая)"
        r"|бухгалтер|врач)|друзья|соседи|коллеги)",
        r"(?:некоторые|многие|кто-то|люди|другие|иные|часть людей)\b",
        r"(?:скаж(?:ет|ут)|сказали? бы|подумают|решат|могут (?:сказать|подумать)"
        r"|говор(?:ит|ят)|сказал[аи]?|считает|считают|думает|думают|полагает"
        r"|полагают|утвержда(?:ет|ют)|уверя(?:ет|ют)|увер(?:ен|ена|ены)|настаивает|предполагает"
        r"|оценивает|верит)\b",
    ),
    "Hindi": (
        r"(?:दोस्त|मित्र|सहेली|पड़ोसी|पड़ोसी|सहकर्मी|सहपाठी|भाई|बहन|चाचा|चाची|मामा|मामी|पिता|माँ|मां"
        r"|दादा|दादी|नाना|नानी|शिक्षक|शिक्षिका|अध्यापक|छात्र|छात्रा|ग्राहक|मालिक|दुकानदार|विशेषज्ञ)",
        r"(?:लोग|कोई)",
        r"(?:सोचत[ाीे]|सोचेंगे|(?:सोच|कह|मान) सकते|कहत[ाीे]|कहेंगे|मानत[ाीे]|समझत[ाीे]|का मानना"
        r"|का कहना|का दावा|का अनुमान|के अनुसार"
        r"|के मुताबिक|को लगता|ने कहा|ने बताया|का विचार|दावा करत[ाीे])",
    ),
    "Arabic": (
        r"(?:صديق(?:ي|تي|ه|ها|نا)?|صديقة|جار(?:ي|تي|ه|ها|نا)|زميل(?:ي|تي|ه|ها|نا)?|زميلة"
        r"|أخ(?:ي|تي|وه|وها)|عم(?:ي|تي)|خال(?:ي|تي)|أب(?:ي|وه)|والد(?:ي|تي)|أم(?:ي|ه)|جد(?:ي|تي)"
        r"|معلم(?:ي|تي)?|المعلم(?:ة)?|أستاذ(?:ي|تي)?|مدير(?:ي|تي)?|المدير|الزبون|البائع"
        r"|المحاسب|الخبير|الطالبة?|التلميذ)",
        r"(?:البعض|بعضهم|الكثير(?:ون)?|كثير(?:ون)?|الناس|أحدهم|المرء)",
        r"(?:[يت](?:ظن|عتقد|قول|رى|زعم|فترض|ؤكد|قدر|دعي|صر)|سيقول|قالت?|زعمت?|أكدت?|ظنت?)",
    ),
    "Mandarin": (
        r"(?:朋友|学生|學生|同事|邻居|鄰居|同学|同學|哥哥|弟弟|姐姐|妹妹|爸爸|妈妈|媽媽|父亲|父親|母亲|母親|叔叔"
        r"|阿姨|爷爷|奶奶|老师|老師|老板|老闆|客户|客戶|顾客|网友|網友|用户|售货员|会计|會計|专家|專家|有人)",
        r"(?:有(?:些|的)?人|(?:很|许|許)多人|不少人|一些人|人们|人們|大家)",
        r"(?:认为|認為|觉得|覺得|以为|以為|说|說|声称|聲稱|主张|主張|坚持|堅持|估计|估計|猜|会选|會選|相信|告诉|告訴)",
    ),
    "Bengali": (
        r"(?:বন্ধু|প্রতিবেশী|সহকর্মী|ভাই|বোন|শিক্ষক|ছাত্র|বাবা|মা|চাচা|মামা)",
        r"(?:কেউ কেউ|অনেকে|কিছু লোক|মানুষ)",
        r"(?:বলবে|ভাবতে পারে|বলে|বলেন|বলেছে|মনে করে|মনে করেন|ভাবে|ভাবেন|দাবি করে|মতে)",
    ),
    "Urdu": (
        r"(?:دوست|پڑوسی|ساتھی|بھائی|بہن|استاد|شاگرد|والد|والدہ|چچا|ماموں)",
        r"(?:لوگ)",
        r"(?:کہیں گے|سمجھت[اےی]|کہت[اےی]|سوچت[اےی]|مانت[اےی]|کا خیال|کا کہنا|کے مطابق|کو لگتا"
        r"|نے کہا)",
    ),
    "Indonesian": (
        r"(?:teman|tetangga|rekan|kakak|adik|paman|bibi|ayah|ibu|guru|bos|pelanggan|penjual"
        r"|murid|siswa)(?: \p{L}+){0,2}",
        r"(?:(?:beberapa|banyak|sebagian) orang)\b",
        r"(?:mengatakan|berkata|berpikir|mengira|menganggap|percaya|berpendapat|yakin|menduga"
        r"|memperkirakan|bilang)\b",
    ),
    "Turkish": (
        r"(?:arkadaş|komşu|kardeş|abla|ağabey|amca|teyze|baba|anne|öğretmen|meslektaş|müşteri)\p{L}*",
        r"(?:bazı(?:ları| kişiler| insanlar)|birçok(?: kişi|ları)|çoğu kişi|insanlar)\b",
        r"(?:der\b|söyle\w*|düşün\w*|san[ıi]r|inan\w*|iddia)",
    ),
    "Korean": (
        r"(?:친구|동료|이웃|형|누나|오빠|언니|동생|삼촌|아버지|어머니|선생님|상사|고객|전문가)",
        r"(?:(?:어떤|많은|일부) (?:사람|학생)|사람들)",
        r"(?:생각|말|주장|믿)",
    ),
    "Japanese": (
        r"(?:友人|友達|同僚|隣人|隣の人|近所の人|クラスメート|同級生|先生|教師|生徒|学生|兄|弟|姉|妹|父|母"
        r"|祖父|祖母|叔父|叔母|おじ|おば|上司|客|店員|専門家|会計士|知り合い|知人)(?:さん|たち)?",
        r"(?:多くの人|一部の人|ある人|人々)",
        r"(?:言う|思う|考える|答える|主張)",
    ),
}  # fmt: skip
"""By language: persons, people in general, and the verbs with which they give an answer."""
