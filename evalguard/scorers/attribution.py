"""Does a sentence give an answer as its own, or as another's, a first glance or a mere case?"""

from __future__ import annotations

import regex

from evalguard.scorers.agreement import disagreed
from evalguard.scorers.contrast_words import BUT
from evalguard.scorers.hearsay import somebody_says
from evalguard.scorers.hearsay_words import SPEAKERS
from evalguard.scorers.lazy_patterns import lazy_regex

_REACH = 240
"""Characters before an answer in which its sentence is looked at."""

_HEARSAY = (
    r"\b(?:according to|in the (?:eyes|opinion|view) of) (?:(?:the|a|my|this|some|most|many|his"
    r"|her|your) ){0,2}(?:students?|pupils?|classmates?|friends?|colleagues?|users?|critics?"
    r"|people|teachers?|him|her|them|popular|common|conventional|folk|legend|rumou?r|brother"
    r"|sister|others)\b|\b(?:misconceptions?|misbeliefs?|misunderstandings?|(?:common|popular"
    r"|widespread) myth|myth (?:is )?that|fallacy|pitfall|old wives|(?:fall|falls|fell"
    r"|falling) (?:into (?:the|this|that|a) trap|for (?:the|this|that|it|a)\b)|popular belief"
    r"|common (?:belief|error|trap|mistake|answer)|typical (?:error|mistake))\b|\b(?:tempt(?:ing"
    r"|ed|ation)|forgiven for|(?:allegedly|supposedly|seemingly|superficially),? (?:the|it|this)"
    r"|(?:mistakenly|wrongly|erroneously|incorrectly|falsely) (?:say|think|believe|assume|conclude"
    r"|claim|choose|pick|call|label)\w*)\b|\b(?:at first (?:glance|sight)|on first (?:glance"
    r"|reading)|first (?:impression|instinct)|on the (?:face of it|surface)|(?:may|might"
    r"|can) (?:at first |well )?(?:seem|look|appear to|appear that)|i (?:had |initially |first "
    r"|once |originally )?(?:thought|believed|assumed)(?: that)? (?:the|it)|i was going to)\b"
    r"|\b(?:wrong|incorrect|mistake|error|misleading|inaccurate|a stretch"
    r"|an exaggeration) to (?:say|think|believe|conclude|choose|pick|select|call|label|classify"
    r"|assume|consider)\b|según (?:el|la|los|un|mi|algunos) (?:estudiante|alumn|amig|gente"
    r"|creencia)|error común|idea equivocada|a (?:primera|simple) vista|tentador|selon (?:l['’]"
    r"|un |certain|mon )(?:élève|étudiant|ami|s )|idée reçue|erreur (?:courante|fréquente)"
    r"|à première vue|au premier abord|tentant|laut (?:dem|einem|der|meinem) (?:schüler|student"
    r"|freund)|irrtum|nichts, (?:was|das)|irrglaube|auf den ersten blick|verlockend|verleitet"
    r"|segundo (?:o|um|a|meu) (?:aluno|estudante|amigo)|equívoco|erro comum|à primeira vista"
    r"|secondo (?:lo studente|un amico)|errore comune|a prima vista|по (?:мнению|словам) (?:учени"
    r"|студент|друг|некотор|многи)|заблуждени|на первый взгляд|распространённая ошибка|根据(?:学生"
    r"|某人)|误解|誤解|误区|誤區|乍一看|乍看|表面上|一見|(?:学生|生徒|友人|友達)(?:によると"
    r"|によれば)|(?:多くの人|一部の人|ある人|人々|生徒)[はが、][^。]{0,6}$|よくある間違い|(?:많은"
    r"|일부|어떤) (?:사람|학생)들?[은는이가][^.]{0,6}$|흔한 오해|오해|언뜻|पहली नज़र|पहली नजर"
    r"|ग़लतफ़हमी|गलतफहमी|छात्र के अनुसार|للوهلة الأولى|خطأ شائع|وفقا للطالب|مفهوم خاطئ|sekilas"
    r"|kesalahpahaman|menurut (?:siswa|teman)|ilk bakışta|yaygın (?:bir )?yanılgı|öğrenciye göre"
    r"|ভুল ধারণা|প্রথম দর্শনে|غلط فہمی|پہلی نظر"
)
_ASKED_OTHERWISE = (
    r"\bif (?:the|this|that) (?:question|problem|prompt|exercise)\b|\bif (?:it"
    r"|they) (?:had )?asked\b|\bif (?:you|we) (?:had )?(?:been |were )?asked (?:about|for|which"
    r"|what)\b|^\W*(?:had|were) (?:the question|it|this|they|we)\b|\bif (?:it|this|that|these"
    r"|those) (?:were|had been)\b|^\W*(?:wäre|hätte|würde)\b|\bs['’]il s['’]agissait"
    r"|\bsi (?:se trat|se pregunt|fuera|fuese|on avait)|\bse (?:se tratasse|fosse|si trattasse)"
    r"|\b(?:wenn|falls) (?:die|diese) frage\b|\bsi (?:la|esta) pregunta\b|\bsi la question\b"
    r"|\bse a (?:pergunta|questão)\b|\bse la domanda\b|\bесли бы|если (?:этот )?вопрос|\b(?:jika"
    r"|kalau) pertanyaan|\beğer soru|(?:如果|假如|要是|若)(?:这个|该|这道|這個)?(?:问题|問題|题|題"
    r"|问的|問的)|(?:問題|質問)が[^。\n]{0,25}?(?:なら|れば|たら)|(?:अगर|यदि) (?:यह )?(?:सवाल"
    r"|प्रश्न)|(?:अगर|यदि)[^।\n]{0,40}?(?:होता|होती|होते)|(?:^|\s)لو\s"
    r"|إذا كان(?:ت)? (?:هذا )?السؤال"
    r"|(?:질문|문제)[이가][^.\n]{0,25}?(?:라면|다면|이면)"
)
_OTHERS_JUDGE = lazy_regex(
    rf"(?<!\p{{L}})(?!most\b|people\b)(?:{SPEAKERS['English'][0]}|{SPEAKERS['English'][1]})[^.!?\n]{{0,25}}?"
    r"(?:find|call|consider|see|regard|perceive|interpret)\b",
    regex.I,
)
_NOT_MEANT = lazy_regex(rf"{_HEARSAY}|{_ASKED_OTHERWISE}", regex.I)
_SOMEBODY_SAYS = lazy_regex(
    r"\b(?!(?:It|This|That|Which|We|There)\b)\p{Lu}\p{Ll}+ (?:says?|said|thinks?|thought|claims?"
    r"|claimed|argues?|argued|insists?|insisted|believes?|believed|guess(?:es|ed)|sagt|meint"
    r"|glaubt|dice|cree|dit|pense|diz|acha)(?:,? (?:that|dass|que|che))?(?: \w+){0,2}\s*$"
)
_AND_SO = lazy_regex(
    r"[,，、]\s?(?:and|so|thus|hence|therefore|und|also|daher|y|así que|et|donc|e|portanto|quindi"
    r"|и|поэтому|所以|因此)(?![\p{L}\p{M}--[\p{Han}]])",
    regex.I | regex.V1,
)
_CHOOSERS = lazy_regex(
    rf"\b(?:{SPEAKERS['English'][0]} (?:might|may|could|mistakenly|wrongly)|people|students|many"
    r"|some|others|beginners|(?:one|you) (?:might|may|could)|i (?:might|could)"
    r"|(?:naive|naïve|careless|hasty|casual) \w+)(?: (?:would|might|will|often|may|could"
    r"|usually|also|want to|mistakenly|wrongly|initially))*\W*$|\b(?:mistake|error|wrong|incorrect"
    r"|unwise|tempting) to\W*$",
    regex.I,
)
_SLIGHTED = lazy_regex(
    r"\b(?:intermediate|partial|preliminary|provisional|interim|previous|outdated|initial|tentative"
    r"|student|pupil|user|learner|participant|respondent|rejected|sample|dummy|placeholder)\s*$"
    r"|bound (?:for|on"
    r"|of) (?:the )?$|\b(?:to|for|of) (?:(?:the |your |my )?(?:previous|preceding|earlier|other"
    r"|first"
    r"|next|following) (?:question|problem|part|exercise|step)|part \(?[a-z1-9]\)?(?!\p{L}))"
    r"|\b(?:second|third|next)[- ]best\b|\bsecond[- ]most\b|\brunner-up\b|\bworst\b|\bunlikel(?:y"
    r"|iest)\b|\b(?:least|less) (?:likely|plausible|probable|suitable|accurate|correct|fitting)\b"
    r"|\bof (?:the|a|my) (?:student|pupil|friend|user)\b|menos probable|segunda mejor"
    r"|segunda melhor|\bpeor\b|\bpire\b|moins probable|peggiore|meno probabile|unwahrscheinlich"
    r"|zweitbeste|schlechteste|наименее|худш|второй по|del (?:estudiante|alumno)|de l['’]élève"
    r"|de l['’]étudiant|des schülers|des studenten|do (?:aluno|estudante)|dello studente|ученика"
    r"|студента|最不可能|次优|次佳|最差|学生的|生徒の|学生の|可能性の低い|छात्र का|दूसरा सबसे"
    r"|सबसे कम"
    r"|सबसे ख़?राब|الأقل|الأسوأ|الطالب|학생의|가능성이 낮은|paling tidak mungkin|terburuk"
    r"|en az olası|en kötü|\b(?:given|stated|printed|listed|shown|published|proposed|suggested"
    r"|claimed"
    r"|offered|marked|submitted|circulated|quoted|provided) (?:in|by|on|at) (?:the|an?|my|your|some"
    r"|most|many|his|her|their|this) (?:\w+ )?(?:text ?books?|books?|keys?|manuals?|worksheets?"
    r"|forums?"
    r"|internet|web ?sites?|students?|pupils?|teachers?|friends?|users?|classmates?|models?"
    r"|people)\b",
    regex.I,
)
_POSSESSIVE = lazy_regex(
    r"\p{L}(?<!\b(?:let|it|that|here|there|what|who|how|where|question|problem|exercise|equation"
    r"|riddle|puzzle|quiz|task|today))['’]s (?:\w+ ){0,2}$|\b(?:his|her|their) (?:\w+ )?$",
    regex.I,
)
_LESS = lazy_regex(
    r"(?<![\p{L}\p{M}])(?:less|least|weniger|am wenigsten|menos|moins|meno|менее|наименее"
    r"|too \w+ to (?:be|call)|(?:(?:hop(?:ed|ing) for|expect(?:ed|ing)|wish(?:ed|ing)? for"
    r"|want(?:ed)?|supposed to be|(?:could|should|might) have been)(?: an?| the"
    r"| to be)?(?: \w+)?))\s+$|(?:不太|不那么|最不)$",
    regex.I,
)
_OWNED = frozenset({"answer", "answers", "choice", "prediction", "option"})
_SENTENCE = lazy_regex(r"[.!?](?=\s)|[。！？।۔\n]")
_TURN = lazy_regex(
    rf";|[,\s](?:{BUT}|however|yet|whereas|nevertheless|aber|jedoch|tatsächlich|pero|porém"
    r"|cependant|toutefois|però|tuttavia|но|однако|tetapi|namun|ama|ancak)[,\s]|但是?"
    r"|然而|不过|不過|實際上|实际上|しかし|が、|하지만|그러나|लेकिन|परन्तु|परंतु|किन्तु|কিন্তু"
    r"|\s(?:لكن"
    r"|ولكن|لیکن|مگر)\s",
    regex.I,
)
_CONCEDES = lazy_regex(
    r"(?<![\p{L}\p{M}])(?:while|although|though|despite|in spite of|contrary to|unlike|whereas"
    r"|whilst|obwohl|während|entgegen|trotz|aunque|si bien|a pesar|contra|bien que|malgré"
    r"|contrairement|embora|apesar|ao contrário|sebbene|nonostante|contrariamente|хотя|несмотря"
    r"|вопреки|meskipun|walaupun)(?![\p{L}\p{M}])|虽然|雖然|尽管|儘管|与|यद्यपि|हालाँकि|हालांकि"
    r"|على الرغم|رغم|rağmen",
    regex.I,
)
_COMMA = lazy_regex(r"[,，،、]")
_BUT = (
    r"(?:but|yet|however|and|aber|doch|jedoch|pero|mas|porém|mais|or|ma|però|но|однако|但是?|然而"
    r"|不过|可是|लेकिन|परंतु|पर|لكن|ولكن|لیکن|tapi|tetapi|namun|ama|ancak|কিন্তু|しかし|が|けど"
    r"|けれど)[,，、]?\s*"
)
_WRONG = (
    r"(?:wrong|incorrect|false|mistaken|an? (?:common )?(?:mistake|error|trap|misconception)"
    r"|untrue|in error|an? (?:\w+ )?(?:misprint|typo|slip|oversight|blunder|miscalculation)"
    r"|impossible|contradict\w*|violat\w+|does(?:n['’]t| not) (?:work|satisfy|match|fit|make sense"
    r"|agree|check out)|not (?:so|true|right|correct|the case|quite \w+|supported)|falsch"
    r"|stimmt (?:so )?nicht|(?:does(?:n['’]t| not)|can(?:not|['’]t)) (?:be (?:right|correct"
    r"|true)|add up"
    r"|(?:look|seem) (?:right|correct)|hold up)|ein irrtum|nicht (?:so|richtig|wahr|korrekt"
    r"|der fall)|no es (?:así|cierto|verdad"
    r"|correct[oa])|fals[oa]s?|incorrect[oae]s?|equivocad[oa]s?|equivocan?|errónea?o?"
    r"|(?:un )?error|errad[oa]s?|faux|fausse|pas (?:le cas|vrai|correct|exact)|tromp\w*|tort"
    r"|não é (?:assim|verdade|correto)|incorret[oa]s?|sbagliat\w*|sbaglian\w*|non è (?:così|vero"
    r"|corretto)|неверн\w*|неправ\w*|ошиб\w*|не так|错误?|錯誤?|不对|不對|不是这样|不正确|不正確"
    r"|不成立|間違\w*|誤り|違い|違う|正しくな|틀렸|틀린|잘못|गलत|ग़लत|सही नहीं|ऐसा नहीं|خطأ|خاطئ\w*"
    r"|غير صحيح\w*|ليس صحيح\w*|ليس كذلك|غلط|salah|keliru|tidak benar|yanlış|doğru değil|ভুল"
    r"|সঠিক নয়)"
)
_THAT = (
    r"(?:that|this|it|which|they|those|he|she|das|dies|es|sie|eso|esto|est[áa]n?|c['’]|cela|ça"
    r"|ce n['’]|ils|se|s['’]|isso|isto|eles|elas|estão|questo|ciò|è|si|no es|não é|non è|это|они"
    r"|так|这|這|那|これ|それ|यह|वह|ये|वे|هذا|ذلك|هم|یہ|itu|ini|hal ini|mereka|bu|এটি|এটা|間違|誤"
    r"|違)"
)
_WOULD_HAVE = lazy_regex(
    r"\b(?:would|might|could|should)(?:n['’]t)? have (?:been|come|given|cost|made|left|equal)\w*\b"
    r"|\b(?:habría|hubiera|aurait|aurais|teria|sarebbe stat[oa]|avrebbe|wäre\b[^.!?\n]*gewesen"
    r"|hätte)\b",
    regex.I,
)
_WOULD = lazy_regex(
    r"\bwould\b|['’]d (?:be|get|have|need|pay|make|earn|cost|take|owe|spend|save|come)\b"
    r"|\b(?:sería|serían|daría|serait|seraient|donnerait"
    r"|seria"
    r"|seriam|daria|sarebbe|sarebbero|darebbe|wäre|wären|würde|ergäbe|läge)\b"
    r"|(?<!\p{L})бы(?!\p{L})",
    regex.I,
)
_PAST = (
    r"(?:were|weren['’]t|was|wasn['’]t|had|hadn['’]t|did|didn['’]t|could"
    r"|(?:only )?\p{L}{2,}(?<!e)ed)"
)
_UNREAL = lazy_regex(
    rf"\bif\b[^.!?\n]{{0,100}}?\b{_PAST}\b|\b(?:without|otherwise|but for|in the absence of"
    r"|instead)\b|(?:^|[,;]\s)\W*(?:had|were|should)\s\p{L}+|(?<!\p{L})(?:si|s['’]il|sans|sin|sem"
    r"|senza|caso|wenn|falls|ohne|sonst|если|без)(?!\p{L})|^\W*se\s|^\W*(?:wäre|hätte|würde)\b",
    regex.I,
)
_UNREAL_AFTER = lazy_regex(
    rf"[^.!?。\n]{{0,60}}?(?:\b(?:if|unless|provided|assuming|only (?:if|when))\b[^.!?\n]{{0,100}}?"
    rf"\b{_PAST}\b|(?:,|\s)(?:without|but for|in the absence of)\b|\b(?:had|were)\s(?:the|it|he|she"
    r"|they|we|there|no)\b|\s(?:si|s['’]il|sin|sans|sem|senza|se|wenn|falls|ohne|если|без)\s)",
    regex.I,
)
_DENIAL = lazy_regex(
    r"[^.!?。！？।۔\n]{0,40}?[.!。！।۔\n…)}\]$*_`-][\s*_)}\]$`\"'”]*"
    r"(?:[\p{L} ]{1,30}[,，]\s*|(?:but|however|yet|hmm+)\s+)?"
    rf"(?:{_THAT})(?:(?<=[\p{{Han}}\p{{Hiragana}}'’])|(?!\p{{L}}))"
    rf"[^.,!?。！？।۔\n]{{0,15}}?(?<!\bnot ){_WRONG}"
    r"(?![a-zA-Z]|\s(?:to|that|zu|dass|de|que|di|che|чтобы|что)\b)",
    regex.I,
)
_DISMISSED = lazy_regex(
    rf"[^.!?。！？।۔\n]{{0,60}}?[,;:(，،；（、—–\s-]\s*{_BUT}"
    rf"(?:{_THAT}[^.,!?。！？।۔\n]{{0,15}}?{_WRONG}|(?=[間誤違]){_WRONG}"
    r"|(?:they|those|these|he|she|many|that|this|it) (?:\w+ )?(?:confuse|overlook|ignore|misread"
    r"|forget|misunderstand|mix)s?\b|(?:that|this|it) would be (?:a|the|to)\b)"
    rf"|\W{{0,4}}[,(—–-]\s*(?:which|that|this|was|ce qui|lo cual|o que|what)(?:['’]s|\s(?:is|was"
    rf"|est|es|é"
    rf"|would be))\s(?:\w+ )?{_WRONG}"
    rf"|[^.!?。！？।۔\n]{{0,60}}?\b(?:even )?(?:al)?though (?:that|this|it)(?:['’]s| is"
    rf"| was) (?:\w+ )?{_WRONG}"
    r"|(?:(?!\b(?:not|unlike|instead)\b)[^.!?\n]){0,60}?\b(?:according to (?:the|a|my|some|many"
    r"|most) (?:student|pupil|friend|user|people|critic|classmate)|(?:says?|said|claims?|claimed"
    r"|thinks?|argues?|insists?) (?:the|a|my|some|many)\b|as (?:some|many|most) (?:\w+ )?(?:say"
    r"|claim|think|believe)|laut (?:dem|einem|der|meinem) (?:schüler|student|freund)|según (?:el"
    r"|la|un|mi) (?:estudiante|alumn|amig)|selon (?:l['’]|un |mon )(?:élève|étudiant|ami)"
    r"|segundo (?:o|um|meu) (?:aluno|estudante|amigo)|secondo lo studente|по мнению)"
    r"|[\s*\"'”]{0,3}(?:(?:comment|content|review|text|post|message) )?would be (?:unfair"
    r"|inaccurate|excessive|misleading|a stretch|an? (?:exaggeration|overstatement)|going too far"
    r"|too (?:much|strong|harsh))\b|[^.!?。\n]{0,30}?(?:at first (?:glance|sight)"
    r"|on the (?:surface|face of it)|auf den ersten blick|a primera vista|à première vue"
    r"|à primeira vista|a prima vista|на первый взгляд|乍一看|一見)|[^.!?\n]{0,40}?\b(?:if (?:it"
    r"|this|that|the (?:question|problem)) (?:were|had|asked|was|concerned)|had (?:it"
    r"|the question)|wenn (?:es|die frage)|si (?:la pregunta|la question)|se (?:a pergunta"
    r"|la domanda)|если бы)\b|[^.!?。！？।۔\n]{0,20}?(?:と(?:思う|思っ|考える|言う"
    r"|いう)[^。\n]{0,8}?(?:人|方)|と誤解|라고 생각하는 사람)",
    regex.I,
)


def sentence_before(text: str, start: int) -> str:
    """Return what stands before a place in its sentence and bears on it.

    That is what follows the last "but" or semicolon, and after "although …" the last comma.
    """
    sentence = _SENTENCE.split(text[max(0, start - _REACH) : start])[-1]
    rest = _TURN.split(sentence)[-1]
    return _COMMA.split(rest)[-1] if _CONCEDES.search(rest) else rest


def anothers(before: str, *, chooses: bool = False) -> bool:
    """Return whether the beginning of a sentence gives what follows as not the writer's own.

    Args:
        before: The beginning of the sentence.
        chooses: Whether a verb such as "choose" follows.

    Example:
        >>> anothers("A common misconception is that the answer is "), anothers("So the answer is ")
        (True, False)
    """
    own = _AND_SO.split(before)[-1]
    return bool(
        _OTHERS_JUDGE.search(own)
        or somebody_says(own)
        or _SOMEBODY_SAYS.search(own)
        or _NOT_MEANT.search(before)
        or (chooses and _CHOOSERS.search(before))
    )


def attributed(text: str, start: int) -> bool:
    """Return whether the sentence before a place attributes what stands there to somebody else.

    Example:
        >>> text = "A friend thinks the total is 9."
        >>> attributed(text, 29), attributed("My calculation says the total is 9.", 33)
        (True, False)
    """
    return somebody_says(_AND_SO.split(sentence_before(text, start))[-1])


def lessened(before: str) -> bool:
    """Return whether what follows is only less so: "less toxic than", "the least likely"."""
    return _LESS.search(before) is not None


def slighted(words: str, noun: str = "") -> bool:
    """Return whether the words around a noun for the answer make it another's or a lesser one.

    Example:
        >>> slighted("the second-best "), slighted("a student's ", "answer"), slighted("the best ")
        (True, True, False)
    """
    owned = noun.lower() in _OWNED and _POSSESSIVE.search(words) is not None
    return owned or _SLIGHTED.search(words) is not None


def dismissed(text: str, end: int) -> bool:
    """Return whether the rest of a sentence says that what stood before it is wrong.

    Example:
        >>> dismissed("The answer is B, but that is wrong.", 15), dismissed("B, but not A", 1)
        (True, False)
    """
    return _DISMISSED.match(text, end) is not None or disagreed(text, end)


def counterfactual(text: str, start: int, end: int) -> bool:
    """Return whether what stands at a place is what would be so if something else were.

    Example:
        >>> counterfactual("Had he walked, it would be 20 minutes", 27, 29)
        True
        >>> counterfactual("If we add them, it would be 20", 28, 30)
        False
    """
    before = sentence_before(text, start)
    if _WOULD_HAVE.search(before) is not None:
        return True
    if _WOULD.search(before) is None:
        return False
    return bool(_UNREAL.search(before) or _UNREAL_AFTER.match(text, end))


def denial(text: str, end: int) -> int | None:
    r"""Return where the next sentence ends to say that what stood before it is wrong, if it does.

    Example:
        >>> denial("45.\n\nThis is incorrect. 48.", 2), denial("45. This is it.", 2)
        (22, None)
    """
    found = _DENIAL.match(text, end)
    return None if found is None else found.end()
