"""What saying that a text does not hold the answer looks like in languages other than English."""

from __future__ import annotations

OTHER_LANGUAGES: tuple[str, ...] = (
    # what a team keeps, with a verb of saying: "Der Vertrag nennt keinen Preis" (but not "erlaubt")
    r"\b(?:vertrag|protokoll|tabelle|kapitel|notiz(?:en)?|akte|gutachten|urteil|rechnung|handbuch|"
    r"e-?mail|anleitung|unterlagen)e?s?\b.{0,20}\b(?:sagt|sagen|nennt|nennen|erwähnt|erwähnen|"
    r"verrät|schweigt|verzeichnet|aufgeführt|vermerkt)\b.{0,40}\b(?:nicht|keine?[mnrs]?|nichts|"
    r"niemanden)\b|\b(?:vertrag|urteil|protokoll|text|bericht)e?s? schweigt\b",
    r"\b(?:rapport|contrat|lettre|compte rendu|procès-verbal|chapitre|tableau|notice|histoire|"
    r"auteure?|manuel|facture|courriel|dossier|jugement|texte|document)\b.{0,12}\b(?:ne |n')"
    r"(?:\w+ )?(?:dit|mentionne|précise|indique|donne|fournit|parle|cite|nomme|évoque|révèle|"
    r"explique)\b.{0,12}\b(?:pas|rien|aucun\w*|jamais)\b",
    r"\b(?:informe|contrato|acta|carta|manual|capítulo|tabla|notas?|fuente|correo|historia|autora?|"
    r"archivo|factura|expediente|sentencia|relato)\b.{0,20}\bno (?:lo |se |nos )?(?:dice|menciona|"
    r"especifica|indica|proporciona|aclara|revela|explica|precisa|detalla|nombra|habla)\b"
    r"|\bno (?:es|resulta|ha sido) posible (?:saber|determinar|responder|decir|contestar|averiguar)"
    r"\w*",
    r"\b(?:relatório|contrato|carta|ata|capítulo|tabela|manual|história|autora?|fatura|e-?mail|"
    r"sentença|notas?)\b.{0,20}\bnão (?:o |se |nos )?(?:diz|menciona|especifica|informa|indica|"
    r"cita|esclarece|revela|explica|detalha|fala)\b|\bnão é possível (?:saber|determinar|responder|"
    r"dizer|afirmar)\b",
    r"\b(?:relazione|contratto|lettera|verbale|capitolo|tabella|manuale|storia|autore|autrice|"
    r"fattura|referto|sentenza|rapporto)\b.{0,20}\bnon (?:lo |ci )?(?:dice|menziona|specifica|"
    r"indica|riporta|precisa|rivela|spiega|chiarisce|parla|cita)\b|\bnon è possibile (?:saper\w*|"
    r"determinar\w*|rispondere|dir\w*|stabilir\w*)\b",
    r"\b(?:brief|contract|verslag|rapport|bron|tabel|notulen|verhaal|handleiding|factuur|vonnis|"
    r"hoofdstuk|auteur)\b.{0,20}\b(?:zegt|zeggen|vermeldt|vermelden|noemt|noemen)\b"
    r".{0,12}\b(?:niets|niet|geen|nergens)\b|\bniet (?:te zeggen|te bepalen|vast te stellen|te "
    r"beantwoorden)\b",
    r"\bnie (?:podaje|podają|wspomina|wspominają|precyzuje|określa|wymienia|informuje|wynika)\b|"
    r"\bnie (?:da się|sposób) (?:tego )?(?:ustalić|określić|stwierdzić|powiedzieć|odpowiedzieć)\b",
    r"\b(?:sözleşme|rapor|mektup|tablo|tutanak|bölüm|hikaye|yazar|fatura)\w*\b.{0,60}\b(?:yok|"
    r"belirtilm\w+|söylem\w+|söylenm\w+|bahsedilm\w+|bahsetm\w+|yer alm\w+|değinilm\w+)",
    r"\bв (?:договоре|отч[её]те|протоколе|письме|таблице|главе|рассказе|источнике)\b.{0,40}\b(?:не "
    r"(?:указан|упомянут|упомина|сказан|говорит|назван|привед)\w*|нет)|\b(?:договор|отч[её]т|"
    r"протокол|письмо|таблица|глава|рассказ|автор)\b.{0,30}\bне (?:говорит|упоминает|указывает|"
    r"сообщает|называет|уточняет)",
    r"(?:合同|报告|報告|记录|記錄|表格|表中|邮件|郵件|文档|文檔|信中|书中|書中|作者|故事).{0,12}"
    r"(?:没有|沒有|未|并未|並未).{0,4}(?:提到|提及|说明|說明|给出|給出|指出|注明|写明|寫明|透露|记载|記載)",
    r"(?:契約書|報告書|議事録|表|メール|手紙|物語|記録).{0,24}(?:書かれていない|書いていない|書いてありません|"
    r"記載がない|記載がありません|記載されていない|触れられていない|触れていません|示されていません)",
    r"(?:계약서|보고서|회의록|표|편지|자료|이메일|이야기).{0,24}(?:나와 있지 않|언급되지 않|"
    r"언급이 없|적혀 있지 않|명시되지 않|명시되어 있지 않|기재되어 있지 않)",
    r"(?:التقرير|العقد|الرسالة|الجدول|المحضر|القصة|الكاتب).{0,20}(?:لا|لم) (?:يذكر|تذكر|يحدد|تحدد|"
    r"يوضح|توضح|يشير|تشير|يقل|تقل)",
    r"(?:अनुबंध|रिपोर्ट|पत्र|तालिका|कहानी|लेखक).{0,40}(?:उल्लेख नहीं|नहीं बताया|नहीं दिया|नहीं लिखा)",
    # German
    r"\b(?:text|abschnitt|artikel|dokument|kontext|passage|absatz|geschichte|bericht|quelle|"
    r"autor(?:in)?|"
    r"verfasser(?:in)?|auszug|brief)e?s?\b.{0,30}\b(?:sagt|nennt|erwähnt|verrät|enthält|gibt|"
    r"geht|macht|"
    r"liefert|erwähnen|steht|findet|schreibt|erklärt|lässt|äußert)\b.{0,40}"
    r"\b(?:nicht|keine?[nrs]?|nichts|offen)\b",
    r"\b(?:sagt|schreibt|erwähnt|verrät|nennt|macht|gibt) (?:der|die|das) "
    r"\w+\b.{0,40}\b(?:nichts|nicht|"
    r"keine?\w*)\b",
    r"\b(?:steht|wird|ist|sind|werden|geht|findet)\b.{0,40}\b(?:nicht|nirgends|nirgendwo)\b.{0,40}"
    r"\b(?:text|abschnitt|artikel|dokument|erwähnt|angegeben|genannt|hervor|bekannt|beantworte[nt]|"
    r"bestimmen|gesagt|enthalten|erklärt|behandelt|thematisiert)\b",
    r"\b(?:ich (?:kann|konnte)|kann ich|konnte ich)\b.{0,60}\bnicht\b.{0,20}\b(?:beantworten|sagen|"
    r"finden|bestimmen|erkennen|entnehmen|ermitteln)\b|"
    r"\b(?:das )?weiß ich nicht\b|\bich weiß (?:es |das )?nicht\b|\bkeine (?:angabe|information|"
    r"ahnung|antwort)\w*|\blässt sich\b.{0,40}\bnicht\b|\bnicht (?:angegeben|erwähnt|bekannt|"
    r"beantwortbar|genannt)[.!]?$|\bunbekannt[.!]?$",
    r"\b(?:finde[tn] sich|steht|stehen)\b.{0,40}\b(?:keine?\w*|nichts)\b|"
    r"\bgeht\b.{0,30}\bnicht hervor\b",
    # French
    r"\b(?:texte|passage|document|article|contexte|extrait)\b.{0,20}\b(?:ne|n')\b.{0,40}\b(?:pas|"
    r"rien|aucun\w*|jamais)\b",
    r"\bn'est (?:pas|jamais) (?:mentionn|précis|indiqu|dit|donn|spécifi|possible)\w*|\bje ne "
    r"sais pas\b|"
    r"\baucune (?:information|mention|réponse|indication)\b|\bil n'y a (?:pas|aucun)\b.{0,30}\b(?:"
    r"information|mention|réponse|indication)\w*|\bje (?:n'ai|ne) .{0,30}\b(?:trouv|déterminer|"
    r"répondre)\w*",
    r"\bn'(?:est|y est|a|était)(?: \w+)? (?:pas|jamais|nulle part)(?: \w+)? (?:disponible|"
    r"présente?|fourni|"
    r"renseign|abord|cité|écrit|évoqu|communiqu)\w*|\bje ne (?:trouve|vois|dispose|peux|connais) "
    r"(?:pas|aucun\w*|rien)\b.{0,60}\b(?:texte|passage|document|information|réponse|dire|répondre)",
    # Spanish
    r"\b(?:texto|pasaje|documento|artículo|contexto|fragmento)\b.{0,20}\bno\b.{0,10}\b(?:lo |se "
    r")?(?:dice|"
    r"menciona|especifica|indica|proporciona|contiene|ofrece|da|aclara|responde|revela|explica|"
    r"trata|habla)\b",
    r"\bno (?:aparece|figura|consta|viene)\b.{0,30}\b(?:informaci|dato|texto|respuesta|pasaje)|"
    r"\b(?:texto|pasaje|documento)\b.{0,20}\bno (?:aparece|figura|consta|hay)\b|"
    r"\bno (?:lo sé|se (?:menciona|dice|especifica|indica|puede (?:determinar|saber|responder)|"
    r"sabe|"
    r"proporciona)|hay (?:\w+ )?(?:información|mención|datos|respuesta)|tengo (?:\w+ )?información|"
    r"(?:puedo|pude) (?:encontrar|determinar|saber))\b",
    r"\bno (?:está|se encuentra|hay|dispongo de|cuento con)\b.{0,40}\b(?:disponible|texto|pasaje|"
    r"fragmento|documento|datos|información|mención)\w*|\b(?:faltan?|no bastan) (?:los )?datos\b",
    # Portuguese
    r"\b(?:texto|trecho|documento|artigo|contexto|passagem)\b.{0,20}\bnão\b.{0,10}\b(?:o "
    r")?(?:diz|menciona|"
    r"especifica|informa|fornece|contém|indica|cita|responde|esclarece|traz|revela|explica)\b",
    r"\bnão (?:sei|se (?:menciona|sabe|diz)|é (?:mencionad|informad|especificad|possível)\w*|há "
    r"(?:\w+ )?"
    r"(?:informaç|menção|dados|resposta)\w*|consta|está (?:no texto|claro|especificado)|consigo "
    r"(?:encontrar|determinar|dizer))\b",
    r"\bnão (?:está|se encontra|existe|consta|disponho|tenho)\b.{0,40}\b(?:disponíve|texto|trecho|"
    r"documento|dados|informaç|menção)\w*",
    # Italian
    r"\b(?:testo|brano|documento|articolo|contesto|passaggio)\b.{0,20}\bnon\b.{0,10}\b(?:lo "
    r")?(?:dice|"
    r"menziona|specifica|indica|fornisce|contiene|riporta|(?:ne )?parla|risponde|rivela|spiega|"
    r"chiarisce)\b",
    r"\bnon (?:lo so|so|viene (?:\w+ )?(?:menzionat|specificat|indicat|dett)\w*|è (?:\w+ "
    r")?(?:menzionat|"
    r"specificat|indicat|possibile|chiaro)\w*|ci sono (?:\w+ )?informazioni|c'è (?:\w+ "
    r")?(?:menzione|"
    r"informazione|risposta)|si (?:sa|può (?:determinare|sapere|dire)))\b",
    r"\bnon (?:è|sono|si trova|risulta|dispongo|ho)\b.{0,40}\b(?:disponibil|present[ei] ne|testo|"
    r"brano|"
    r"documento|dati|informazion|riportat)\w*",
    # Dutch
    r"\b(?:tekst|passage|artikel|document)\b.{0,30}\b(?:niet|geen|niets)\b|\bik weet (?:het "
    r")?niet\b|"
    r"\bwordt niet (?:genoemd|vermeld)\b",
    r"\b(?:staat|wordt|worden|is|zijn)\b.{0,40}\b(?:niet|nergens|geen)\b.{0,30}\b(?:tekst|passage|"
    r"artikel|document|vermeld|genoemd|aangegeven|bekend)\b|\b(?:geen|onvoldoende) (?:informatie|"
    r"gegevens|vermelding)\b",
    # Polish, Swedish, Danish and Norwegian, Indonesian, Vietnamese
    r"\b(?:tekst|fragment|artykuł|dokument)\w*\b.{0,30}\bnie (?:podaje|mówi|wspomina|zawiera|"
    r"określa|"
    r"precyzuje)|\bnie (?:podano|wspomniano|wiadomo|wiem|określono|można (?:ustalić|określić|"
    r"odpowiedzieć))\b|\bbrak (?:informacji|danych|odpowiedzi)\b",
    r"\b(?:anges|nämns|framgår|det står|sägs|oppgis|nevnes|fremgår|nævnes|angives|"
    r"oplyses) (?:det )?"
    r"(?:inte|ikke|ej)\b|\b(?:texten|teksten|artikeln|artiklen|artikkelen)\b.{0,30}\b(?:inte|ikke|"
    r"ingen|inget|ingenting)\b",
    r"\btidak (?:disebutkan|dijelaskan|dinyatakan|tercantum|ada informasi|diketahui|tahu)\b",
    r"\bkhông (?:được )?(?:đề cập|nêu|nói|có thông tin|cho biết|rõ)",
    # Turkish
    r"\b(?:metin\w*|parça\w*|belge\w*|makale\w*|bağlam\w*)\b.{0,60}\b(?:yok|belirtilm\w+|söylem\w+|"
    r"bahsedilm\w+|yer alm\w+|bulunm\w+|değinilm\w+)|\bbilmiyorum\b|\bbilgi (?:yok|verilme\w+|"
    r"bulunm\w+)",
    # Russian
    r"\bв (?:тексте|отрывке|статье|документе|контексте)\b.{0,40}\b(?:не|нет)\b|\b(?:текст|отрывок|"
    r"статья|документ)\b.{0,30}\bне (?:говорит|упоминает|содержит|указывает|сообщает)|\bне "
    r"(?:указан|"
    r"упомянут|упомина|сказан|известн|знаю)\w*|\bнет (?:информации|данных|сведений|ответа)\b|"
    r"\bневозможно (?:определить|ответить|сказать|узнать)",
    # Chinese
    r"(?:文中|文章|文本|原文|上下文|段落|材料|短文|资料|資料|内容).{0,12}(?:没有|沒有|未|并未|並未|不).{0,4}"
    r"(?:提到|提及|说明|說明|给出|給出|指出|包含|提供|说|說|写|寫|涉及)",
    r"(?:无法|無法|不能).{0,8}(?:确定|確定|回答|得知|判断|判斷|知道|找到)|我?不知道|(?:没有|沒有|缺乏).{0,6}"
    r"(?:信息|資訊|相关|相關|提及|答案)|信息不足|未提及|未知",
    # Japanese
    r"(?:本文|文章|文脈|テキスト|記事|資料|文中|文書|情報|段落).{0,24}(?:ません|ない|いない|なし|不明|不足)",
    r"(?:わかりません|分かりません|不明です|判断できません|特定できません|回答できません|答えられません|"
    r"記載されていません|言及されていません|書かれていません|述べられていません)",
    # Korean
    r"(?:본문|지문|글|문서|기사|문맥|텍스트|정보).{0,24}(?:없습니다|않습니다|않았습니다|없다|않다|않는다|"
    r"부족)|(?:알 수 없|모르겠|모릅니다|확인할 수 없|판단할 수 없|답할 수 없)",
    # Arabic
    r"(?:النص|الفقرة|المقال|الوثيقة|السياق|المقطع).{0,30}(?:لا|لم|ليس)|(?:لا|لم|"
    r"ليس).{0,12}(?:يذكر|يُذكر|"
    r"تذكر|يرد|يحدد|تتوفر|توجد|يوجد).{0,20}(?:النص|معلومات|الفقرة|المقال|إجابة)|لا أعرف|لا أعلم|"
    r"لا يمكن "
    r"(?:تحديد|معرفة|الإجابة)|غير (?:مذكور|معروف|محدد)",
    # Hindi
    r"(?:पाठ|लेख|अनुच्छेद|संदर्भ|दस्तावेज़|गद्यांश|जानकारी).{0,40}(?:नहीं|अनुपलब्ध)|(?:मुझे "
    r")?(?:नहीं पता|पता "
    r"नहीं|ज्ञात नहीं|नहीं बताया|उल्लेख नहीं)",
)
"""Sentences that abstain, as :data:`~evalguard.scorers.abstention_rules.ABSTENTIONS`."""
