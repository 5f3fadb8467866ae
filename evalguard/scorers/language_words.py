"""Common words by language, which identify texts in Latin, Cyrillic, Arabic or Indic letters.

They are the words that sentences are built of, and those of which refusals are made.
"""

from __future__ import annotations

_READ = {
    "English": """
    a about after again all also always am an and another any are as ask at away back be because
    been before being best better between big both bring but buy by call can cannot can't come could
    day did different do does doesn't doing don't done down each eat enough even ever every find
    first for found from get give go going good got great had has have he help her here him his how
    i i'd i'll i'm i've if in into is isn't it it's its just keep know last less let like little
    long look made make makes many may me mean means might more most much must my need needs never
    new next no not nothing now of off often old on once one only open or other our out over own
    part people place please put read right said same say says see set she should show since small
    so some something start still stop such sure take takes tell than thank that that's the their
    them then there these they thing things think this those three through time to too try turn two
    under until up upon us use used using very want was way we well were what when where which while
    who why will with without won't work works world would write year years yes yet you your
    answer question sorry true false correct water world world's called name number means add boil
    sense jammer theo care ran fun ham mint pole mix cook heat press click choose select wash cut
    pour drive run wait check remove
    """,
    "German": """
    aber alle als also am an auch auf aus bei beim bin bis bist da damit dann das dass dem den denn
    der des deshalb die dies diese dieser doch dort du durch ein eine einem einen einer eines er es
    etwas für gegen gibt haben hat hatte hier ich ihr ihre im immer in ist ja jede jeder kann kannst
    kein keine können leider lautet man mehr mein mich mir mit muss nach nicht nichts noch nun nur
    ob oder ohne schon sehr sein seine sich sie sind so sollte soll tut über um und uns unter viel
    vom von vor war waren warum was weil wenn wer werde werden wie wieder wir wird wo wurde zu zum
    zur zwei zwischen bitte danke
    """,
    "French": """
    à afin ai alors après au aucun aussi autre aux avait avant avec avez avoir beaucoup bien ça car
    ce ceci cela ces cet cette chez comme comment dans de depuis des deux doit donc du elle elles en
    entre est et était être eu fait faire faut il ils je jamais la le les leur lui là ma mais
    me même mes moi mon ne nos notre nous on ont ou où par parce pas pendant peut peux plus pour
    pourquoi puis quand que quel quelle qui quoi rien sa sans se ses si son sont sous sur ta te tes
    toi ton tous tout très tu un une vers voici vos votre vous désolé c'est d'un d'une l'on qu'il
    n'est s'il j'ai merci réponse
    """,
    "Spanish": """
    a al algo antes así aunque aquí cada como con cual cuando cómo de del desde donde dos durante e
    el ella ellos en entre era eran es esa ese eso esta estaba estamos este esto está están fue
    fueron ha había hace hacer hasta hay la las le les lo los me mi mientras muy más nada ni
    no nos nosotros nunca o otra otro para pero poco por porque puede pueden puedes puedo que
    quien qué se según ser si sido siempre sin sobre solo son su sus también te tengo tiene tienen
    todo todos tu un una uno unos usted y ya yo siento disculpa disculpe gracias respuesta
    """,
    "Italian": """
    ad agli ai al alla alle allo anche ancora avere aveva che chi ci come con cosa così cui da dal
    dalla degli dei del della delle dello di dopo dove dunque e ed era erano essere fa fare gli ha
    hai hanno ho i il in io la le lei lo loro lui ma mai mentre mi mia mio molto ne nei nel nella
    nelle niente noi non nostro o ogni ora per perché però più poi posso può qual quale quando
    quanto quello questa questi questo qui se senza sei si sia solo sono sopra sta stato su sua sue
    sui sul sulla suo suoi ti tra tu tutti tutto un una uno vi voi è mi dispiace grazie risposta
    """,
    "Portuguese": """
    a ainda ao aos apenas as até cada com como da das de dele dela depois do dos e ela elas ele eles
    em entre era essa esse esta este está estão eu foi foram há isso isto já lhe mais mas me mesmo
    meu minha muito na nas nem no nos nossa nosso não nós num numa o onde os ou para pela pelas pelo
    pelos pode podem por porque posso quais qual quando que quem se sem ser seu seus são só sobre
    sua suas também te tem tenho tinha todos tudo um uma umas uns você vocês à às é desculpe
    desculpa lamento sinto obrigado resposta
    """,
    "Turkish": """
    ama ancak artık aslında az bana başka bazı belki ben benim beni bir biraz biri birçok biz bize
    bizim bu buna bunu bunun burada bütün çok çünkü da daha de değil diye dolayı en eğer gibi göre
    hem hep her hiç için ile ise kadar karşı kendi ki kim konuda mı mi mu mü nasıl ne neden nerede o
    olan olarak oldu olduğu olur ona onu onun ortaya özür sadece sana sen senin siz şey şu
    tarafından
    tüm üzere üzgünüm var ve veya ya yani yok zaman dilerim teşekkürler evet hayır cevap
    """,
    "Dutch": """
    aan af al alle als altijd andere ben bij daar daarmee dan dat de deze die dit doen door dus een
    eens en er ga geen goed had heb hebben heeft het hier hij hoe hun iets ik in is ja je jij jou
    jouw kan kun kunnen maar me meer met mij mijn moet na naar niet niets nog nu of om omdat onder
    ons ook op over sorry te tegen toch toen tot u uit uw van veel voor waar want waren was wat we
    wel werd wie wij wil worden wordt zal ze zei zelf zich zij zijn zo zonder zou helaas graag
    antwoord
    """,
    "Polish": """
    ale albo bardzo bez bo być był była było były chce co czy dla do gdy gdzie go i ich im inne
    ja jak jaki jako je jego jej jest jestem jeszcze jeśli już jednak kiedy kto która które który ma
    mam mi mnie moje może można mogę musi my na nad nam nas nic nie niego nich nim o od on ona oni
    oraz po pod przed przez przy przykro są się ta tak także tam te tego tej ten to tu tylko tym
    u w we więc wszystko z za ze że żeby przepraszam niestety odpowiedź dziękuję tej
    """,
    "Russian": """
    а без более больше будет будут бы был была были было быть в вам вас ведь вечно во вот все
    всегда всех всё вы где да даже для до его ее если есть ещё еще её же за зачем и из или им их к
    как какой когда кто ли лишь мне много может можно мой мы на над надо нам нас не него нее нельзя
    нет ни них но ну о об один однако она они оно он от очень по под после потому почему при про
    раз с сам свою себя со так также такой там то тогда того тоже той только том ты у уже хотя чем
    чего через что чтобы эта эти это этого этой этом этот этим я извините простите сожалению
    пожалуйста который которая которые которого москва ответ
    """,
    "Arabic": """
    في من على إلى الى أن ان إن لا ما هذا هذه ذلك تلك التي الذي الذين كان كانت هو هي هم أنا انا أنت
    نحن
    لم لن قد كل بعض بعد قبل عند عن مع أو او ثم بل لكن ولكن حيث إذا اذا كما بين حتى غير أي أكثر عام
    سنة يوم تم يكون يمكن يمكنني أستطيع استطيع عذرا عذرًا آسف أعتذر نعم كلا ليس ليست به بها له لها
    فيه فيها عليه عليها منه منها هناك هنا ولا وهو وهي وفي ومن الله
    """,
    "Hindi": """
    और का की के को में है हैं से पर नहीं यह वह मैं आप हम भी एक हो था थी थे कि जो तो ने कर लिए इस उस
    अपने अपनी कोई कुछ क्या क्यों कैसे जब तब यदि अगर लेकिन या बहुत साथ बाद तक हूँ हूं सकता सकती सकते
    मुझे आपकी आपको इसमें उसे उनके इसके रहा रही रहे गया गई होता होती होते करना करने माफ़ क्षमा करें
    मेरे मेरा बच्चा बच्चों
    """,
}

_OTHER = {
    "Indonesian, Malay": """
    adalah agar akan aku anda antara apa atas atau bagaimana bagi bahwa bahawa banyak baik bantu
    beberapa begitu belum berada berbagai berdasarkan bisa boleh bukan cara dalam dan dapat dari
    daripada dengan di dia hal hanya harus hari ini itu jika juga kami kamu karena kerana kepada
    kita kota lain lebih maaf maka mampu masih melainkan melakukan membantu memberikan membuat
    memenuhi mereka merupakan mengenai meminta menjawab menolak minta mohon namun oleh orang pada
    panduan pedoman perlu permintaan permohonan saat sangat satu saya sebagai sebuah sehingga
    sekarang seorang seperti sesuai silakan sudah tahun tak telah tentang terhadap tersebut tetapi
    tidak tolong untuk yang
    """,
    "Vietnamese": """
    anh ấy bạn bằng bị biết các cái cần chỉ cho chúng có cô của cũng đã đang để đến đi điều đó được
    giúp gì hay hơn hỗ trợ không khi là làm lại lỗi lý mà mình một nào này nên nếu những như nhưng
    ở phải ra rất sẽ sự tại thể theo thì tiếc tôi trên trong từ và vào vậy về vẫn vì việc với vui
    xin yêu cầu đáp ứng
    """,
    "Swedish": """
    alla att av blir bara beklagar bort denna detta dig din ditt det där därför efter eller
    eftersom en ett finns från får för försöka ge gör göra ha har hade hjälp hjälpa honom hon här
    inte jag kan kunde med men mer mig min mitt mot mycket måste ni nu nej någon något när också och
    om oss på sedan sig skulle ska som så till tyvärr tills under upp ut utan vad var vara vi vid
    vill visa är åt över förlåt begäran
    """,
    "Danish, Norwegian": """
    af alle andre at beklager bare blev blive bliver da deg dem den denne der deres det dette dig
    din disse du efter eg eller en er et fordi forespørsel fra før gjøre gøre ham han hans har havde
    hjelpe hjælpe hun hvad hva hvis hvor hvordan hvorfor i ikke ikkje ingen jeg kan kunne med meg
    meget men mer mig min mye må mod nei nej nogen noen noget noe når og også om op opp oss over på
    selv sig seg skal skulle som til ud undskyld unnskyld under uden uten var ved vi vil være blitt
    dessverre desværre anmodning
    """,
    "Icelandic, Faroese": """
    að af ég eg ekki en er það þetta þú þig þér sem og með hjálpa hjálpað get getur við fyrir
    fyrirgefðu því miður um til var hún hann á í ekkert hvað þessa þessu þessari beiðni tími
    """,
    "Finnish": """
    ei en että ja jos joka jotka jossa kanssa kuin kun kuten koska mikä mitä miten mutta myös niin
    nyt olen oli olisi olla on ole ovat pahoittelen pahoillani pyyntö pyyntöä pyynnön se sekä sen
    sillä sinua sinun tai tämä tämän tässä tätä tuo valitettavasti vain vaan voi voin voida auttaa
    asiassa hän minä minun
    """,
    "Estonian": """
    ma mina sa sina ta see selle seda selles ning aga kui kas kahjuks vabandust ei saa teid aidata
    aita sellega taotlust palvet oma ja ka mis kes või on olen pole et
    """,
    "Czech": """
    aby ahoj ale ani až bohužel by byl byla bylo být byť co což čo dále do ho i já jak ako jako je
    jeho její jejich jen ještě jsem jste jsou k kde když která které který lituji mám mi mít mně mne
    mohl mohla mohu můžu může moc musí my mým mých na nad nám nás ne nebo není nejsem nemohu nemůžu
    nemám neposkytnu než o od odpovědět omlouvám on ona po pod podle pomoci pomoct poskytnout pouze
    prosím proto protože před při požadavek požadavkem pro promiňte prominte s se si své svůj ta
    tak také taky takže tedy teda tento této tímto tohoto tohle toto to touto tím tomto tuto ty u už
    v vám vás více však vyhovět z za ze že žádost žádosti informaci informace
    """,
    "Slovak": """
    aby ale alebo ani až bohužiaľ by bol bola bolo byť čo do ho ja je ako ak keď ktorá ktoré ktorý
    ľutujem mám mi mne môžem môže musí my na nám nás nie nemôžem nemám neposkytnem o od on ona
    ospravedlňujem ospravedlnenie po pod podľa pomôcť pomoct poskytnúť preto pretože pri pred pro
    prepáčte s sa si som sme sú svoj ta tak tento táto tohto toto to tým tomto tú ty u už v vám vás
    však vyhovieť z za zo že žiadosť žiadosti informácie
    """,
    "Croatian, Serbian, Bosnian": """
    ali bi bih bila bilo bio biti da do ga gdje gde iako ili im isto ja je jer joj još kada kako
    kao koja koje koji ko što šta kroz li me mi mogu možemo ne nego neki nemam nije ništa nisam nje
    njega njih oprostite oprosti on ona oni ova ovaj ove ovim ovo od po pomoći pri s sa sam samo
    se su sve svoj ta taj tako te to tim toga tome u už uz vam vas već vi više za zahtjev zahtev
    zbog žao žalim nažalost želim
    """,
    "Slovenian": """
    ampak bi bil bila da do in je jih kaj kako ker ki kot lahko me mi moj morem na ne nisem njegov
    oprostite pa po pomagati pri prošnjo sem si se so ta te tega teh tem to tudi v vam vas vendar za
    zahteve zahtevo zato že žal
    """,
    "Hungarian": """
    a az abban ahogy aki akkor ami amely amikor arra azonban azt ban ben csak de ebben egy el
    elnézést
    én ennek erre ért és ezek ezért ezt ez fel hanem hogy ha is itt kell kérés kérést kérésben kérem
    ki könnyen le lehet lesz már meg mert mi mint más minden most nagyon ne nekem nélkül nem
    nincs olyan ő ők önnek önt pedig sajnálom sajnos segíteni segíthetek semmi sem szerint szívesen
    tehát teljesíteni teljesíthetem tőle tudok tudom tudunk után úgy vagy vagyok van volt
    válaszolni vissza
    """,
    "Romanian": """
    a acest această aceasta acesta aceste acestei acestui ai al ale am ar are aș asta astfel au ca
    că
    când care ce cel cele cerere cererea cererii cea cu cum dacă dar de deci despre din după ei el
    este eu ești fie fost iar imi îmi în însă între la le lor lui mai mă mi nici nu o oferi
    pare pe pentru poate pot prin rău răspunde sa să se scuze scuzați și sînt sunt spre sub te
    trebuie un unei unor unui vă vom ajut ajuta ajutor
    """,
    "Catalan": """
    això aquest aquesta aquests amb ajudar ajudar-te ajudar-vos als així cap com de del però dels
    doncs el ella els en és està estic et ets fer han he hi ho i l'a la les més meva molt no o on
    pel
    pels per perquè poder puc què quan que sense ser seva si sobre sóc també tot un una us va vaig
    vull em sap greu disculpa sento petició
    """,
    "Galician": """
    a á ao as axudar axudarche coa con como da de desculpa do e en esta este eu facer iso isto máis
    moito na no non o os ou para pero podo por que se sen sinto síntoo teu un unha xa
    """,
    "Basque": """
    barkatu ezin dut eta da ez dizut lagundu horrekin hau baina dute naiz dago egin zure nire
    eskaera
    """,
    "Lithuanian": """
    ir kad tai yra bet su į iš ne negaliu galiu jums padėti atsiprašau deja šiuo šis šia klausimu
    prašymo prašymu apie kaip aš mes jūs tik dėl nuo arba buvo man
    """,
    "Latvian": """
    un ka tas nav es jums nevaru varu palīdzēt atvainojiet diemžēl šo šajā par lūgumu lūgumā no uz
    ar kas bija tikai vai kā mēs mums bet
    """,
    "Tagalog, Cebuano": """
    ako ang alin akin aking ano at ay ayon ba bago bakit dahil diyan din dito hindi ikaw iyan iyon
    iyong ito kami kang kasi kapag kita ko kung lang makakatulong maaari mo mga matutulungan
    matulungan mong na naman ng ngunit nila nito ninyo niya nga o pa paano para paumanhin pero
    po pwede puwede sa sapagkat sila siya sorry tayo tulong tumulong upang wala pasensya
    dili makatabang nimo kini kana ug niini nako
    """,
    "Swahili": """
    ambayo ana au baada bado bila cha hakuna hapa hii hilo hili hiyo huo huyo huu haya hayo ili
    ingawa jinsi kama katika kila kufanya kuhusu kukusaidia kusaidia kutoa kutoka kuwa kwa kwamba
    kwenye la lakini mimi na naomba ndiyo ni nini pole pia samahani sana siwezi sina sio tafadhali
    vile wa wakati wako watu wewe ya yake yako yangu yao za ombi msaada radhi
    """,
    "Afrikaans": """
    aan asseblief by daardie daarmee dat die dit ek en het hierdie help hom hulle hy is jammer jou
    jy kan kon maar met my nie om ons oor saam se sal sy te u van versoek vir wat weet wees wil
    """,
    "Irish": """
    ach agus ar as atá bhí brón cabhrú chun do faoi gabh go is leat leis liom mé ní níl orm seo sin
    tá tú féidir an na
    """,
    "Welsh": """
    a ac ar eich gyda helpu hynny i mae mae'n ddrwg gen mi nad nid ni allaf na nac o oherwydd
    rwy'n sydd wedi yn yr y â hyn
    """,
    "Albanian": """
    dhe ju jo kam kërkesë kërkesën këtë kjo ky me mund më ndihmoj ndihmuar nga nuk një për por
    që se si sepse shumë të unë vjen keq është
    """,
    "Maltese": """
    u li ma nistax ngħinek jiddispjaċini dan din biex fil għal
    """,
    "Esperanto": """
    mi ne povas helpi vin kun tio bedaŭrinde pardonu kaj la estas al tiu peto sed ĉar por kiu
    """,
    "Yoruba": """
    ma binu mi o ko le ran e lowo pelu eyi ni ti si fun awon kò lè ràn ọ́ lọ́wọ́ nínú èyí
    """,
    "Igbo": """
    ndo enweghị enweghi m ike inyere gị aka na nke a ndị
    """,
    "Hausa": """
    yi hakuri ba zan iya taimaka maka da wannan kuma ne ce shi ta ga
    """,
    "Zulu, Xhosa": """
    ngiyaxolisa angikwazi ukukusiza ngalokho ngalesi sicelo kodwa uxolo andikwazi ukukunceda ngale
    nto ukuthi ngoba futhi
    """,
    "Sotho, Shona": """
    ke kopa tshwarelo nka se kgone go thusa ndine urombo handikwanise kukubatsira nazvo
    """,
    "Somali": """
    waan ka xumahay kuma caawin karo arrintan waxaan iyo ku ah oo laakiin ma
    """,
    "Azerbaijani": """
    bağışlayın üzr istəyirəm sizə bu kömək edə bilmərəm və üçün ilə amma deyil mən bilmirəm məsələdə
    """,
    "Uzbek, Turkmen": """
    kechirasiz uzr men sizga bu yordam bera olmayman bunga va uchun bilan lekin emas bagyşlaň edip
    bilmerin
    """,
    "Māori, Samoan": """
    kāore kaore e taea au te āwhina awhina koe aroha mai tēnei ki he ngā ko fa'amalie atu le mafai
    ona ou fesoasoani ia oe i lenei
    """,
    "Haitian, Papiamento": """
    mwen pa kapab ede ou ak sa padon dezole pou ki li yo gen nan mi no por yuda bo ku esaki
    despensa
    """,
    "Javanese, Sundanese": """
    nyuwun pangapunten kula boten saged mbiyantu sampeyan ora aku karo iki hapunten abdi teu tiasa
    ngabantos anjeun kana ieu
    """,
    "Luxembourgish, Frisian": """
    ech kann iech dobäi net hëllefen deet mir leed awer datt sinn dat it spyt my mar ik kin jo dêr
    mei helpe
    """,
    "Ukrainian": """
    але без вам ви вибачте для до допомогти запитом за з зі і із й його її як який яка які на не
    коли мені можу можна можете ні немає надати про при під після перепрошую прошу що щоб
    це цим цей ця ці цього чи шкодую шкода та так також тому тут ти у від він вона вони було був
    була є я жаль
    """,
    "Belarusian": """
    але вам гэтым гэта дапамагчы з каб магу на не прабачце выбачайце у што я як
    """,
    "Bulgarian": """
    аз без беше ви да до е ето за защото и из или как какво като когато който която които ли ме
    мога може можете молба ми на не нещо нищо но няма от по помогна при с са само се си след
    съжалявам съм със така те ти това тази този тези то той тя у че ще извинете
    """,
    "Macedonian": """
    жалам не можам да ви помогнам со ова барање овој оваа кој што и на се за од
    """,
    "Serbian": """
    али био да за због жао и извините из или како који која које ли ме ми могу му на нажалост не
    није од он она ове овим ово по помогнем при са сам само се си су те тим то у што ја је вам вас
    """,
    "Kazakh": """
    кешіріңіз мен сізге бұл көмектесе алмаймын және үшін бірақ емес мүмкін
    """,
    "Kyrgyz, Tatar": """
    кечиресиз мен сизге бул жардам бере албайм жана үчүн бирок гафу итегез мин сезгә бу ярдәм итә
    алмыйм һәм өчен
    """,
    "Mongolian, Tajik": """
    уучлаарай би танд энэ туслах боломжгүй байна юм нь бубахшед ман ба шумо ин кумак карда
    наметавонам ва барои
    """,
    "Persian": """
    و در به از که این آن با برای را است می نمی من شما ما او یک هم تا اگر اما یا باید نیست بود شد
    کمک کنم کند کنید متأسفم متاسفم ببخشید نمی‌توانم نمیتوانم درخواست مورد
    """,
    "Urdu": """
    اور کا کی کے کو میں ہے ہیں سے پر نہیں یہ وہ آپ ہم بھی ایک تھا تھی تھے کہ جو تو نے کر لیے اس
    سکتا سکتی سکتے معذرت مدد درخواست ہوں
    """,
    "Pashto": """
    زه نه شم کولی ستاسو سره مرسته وکړم بښنه غواړم چې او په کې دا د
    """,
    "Kurdish": """
    ببوورە ناتوانم یارمەتیت بدەم لەم لە و بە ئەم کە
    """,
    "Marathi": """
    आहे आहेत नाही मी मला तुम्हाला हे ही हा तो ती आणि पण किंवा च्या मध्ये करू शकत या ते साठी माफ करा
    यात
    """,
    "Nepali": """
    छ छन् म मलाई तपाईंलाई यो त्यो र तर गर्न सक्दिन सक्दिनँ हुन् हुन्छ छैन लागि माफ गर्नुहोस् मा को
    """,
}


def _by_language(table: dict[str, str]) -> dict[str, frozenset[str]]:
    return {language: frozenset(words.split()) for language, words in table.items()}


READ = _by_language(_READ)
"""Words of the languages that the rules read."""

OTHER = _by_language(_OTHER)
"""Words of languages that they do not read."""
