"""Does the writer agree with an answer that is attributed to somebody else?"""

from __future__ import annotations

import regex

from evalguard.scorers.lazy_patterns import lazy_regex

_ADVERBS = (
    r"(?:(?:fully|completely|wholly|totally|entirely|strongly|also|too|do|would|can|happen to"
    r"|voll(?:kommen|ständig)?|auch|ganz|totalmente|plenamente|también|aussi|tout à fait"
    r"|entièrement|também|plenamente|anche|pienamente|полностью|тоже|完全|也|पूरी तरह) ?){0,2}"
)
_AGREE = (
    rf"(?:i|we) {_ADVERBS}(?:agree(?: with)?|concur|accept|share|endorse)"
    r"|(?:i|we) (?:think|believe|find) (?:(?:it|that|this|which) )?(?:is |to be )?(?:right|correct)"
    rf"|ich {_ADVERBS}(?:zustimme|teile)"
    rf"|(?:stimme ich|ich stimme|da stimme ich|ich pflichte|pflichte ich)(?: d?em| dieser| ihr"
    rf"| ihm| dem)? ?{_ADVERBS}(?:zu|bei)|das sehe ich (?:auch|genauso)"
    rf"|(?:yo )?(?:estoy {_ADVERBS}de acuerdo|concuerdo|coincido)"
    rf"|je suis {_ADVERBS}d['’]accord|je suis du même avis"
    rf"|(?:eu )?(?:concordo {_ADVERBS}|estou {_ADVERBS}de acordo)|(?:io )?(?:sono {_ADVERBS}"
    rf"d['’]accordo|concordo)"
    rf"|я {_ADVERBS}(?:с этим |с ним |с ней )?(?:согласен|согласна|поддерживаю)"
    r"|我(?:完全|也)?(?:同意|赞同|贊同)|私も(?:そう思|同意し|賛成)\p{Hiragana}*"
    r"|(?:저|나)도 (?:동의|그렇게 생각)\p{Hangul}*|मैं (?:इससे |पूरी तरह )?सहमत (?:हूँ|हूं)"
    r"|(?:و)?أنا (?:أوافق|أتفق)|(?:و)?أ(?:وافق|تفق معه)"
    r"|(?:that|this|it|he|she|they|you)(?:['’]s|['’]re| is| are) (?:indeed |also "
    r"|quite )?(?:right|correct|true)"
    r"|is (?:indeed |also )?(?:right|correct)|rightly(?: so)?|correctly"
)
_WITH = (
    r"(?: with)?(?: (?:it|that|this|you|her|him|them|that answer|this answer|the key|here|on this"
    r"|ihr"
    r"|ihm|dem|con ella|con él|con esto|avec (?:elle|lui|cela)|com (?:ela|ele|isso)|con (?:lei|lui)"
    r"|с (?:ним|ней|этим)|معه|معها|مع ذلك))?"
)
_JOINS = (
    r"(?:(?:and|which|with which|and so|as|to which|und|dem|der|y|con lo que|lo cual|et|ce avec"
    r" quoi|e|и|с чем|そして|그리고|और|و) ?)?"
)
AGREED = lazy_regex(
    r"[)\]*_\"'”’»」]{0,4}(?:\s?\([^()\n]{1,60}\))?(?:\s?で)?"
    rf"\s{{0,3}}[,，、،.;。–—-]\s{{0,3}}{_JOINS}(?:{_AGREE}){_WITH}"
    r"[\s*_)]{0,6}(?=[.!。！।۔\n]|$)",
    regex.I,
)
"""What says behind a quoted answer, up to the end of the sentence, that the writer shares it."""

_AGREED_LATER = lazy_regex(rf"[^,;.!?。！？\n]{{0,60}}?{AGREED.pattern}", regex.I)

_DISAGREE = (
    r"(?:i|we) (?:\w+ ){0,2}?(?:disagree|doubt|beg to differ|see it differently|think otherwise"
    r"|do(?:n['’]t| not) (?:\w+ )?(?:agree|think so|believe|buy|accept|share|see it)"
    r"|(?:am|['’]m) not (?:so )?(?:sure|convinced))"
    r"|ich (?:\w+ ){0,3}?(?:stimme|teile|glaube|finde|zustimme)[^.!?\n]{0,20}\bnicht\b|ich"
    r" (?:\w+ ){0,2}?nicht (?:zustimme|teile|glaube)|das (?:sehe ich anders|glaube ich nicht)"
    r"|(?:yo )?(?:no (?:estoy de acuerdo|lo creo|lo comparto|concuerdo)|discrepo)"
    r"|je (?:ne (?:suis pas d['’]accord|le pense pas|le crois pas|partage pas)|pense le contraire)"
    r"|(?:eu )?(?:não (?:concordo|acho|acredito|estou de acordo)|discordo)"
    r"|(?:io )?(?:non (?:sono d['’]accordo|concordo|lo credo)|dissento)"
    r"|(?:я )?(?:с (?:этим|ним|ней) )?не (?:согласен|согласна|думаю|считаю)"
    r"|我(?:并|並)?不(?:同意|赞同|贊同|认同|認同|这么认为|這麼認為|这样认为|认为)|我反对|我反對"
    r"|(?:同意|賛成)しません|(?:そう(?:は|だとは)?|それは)思いません|同意できません|反対です"
    r"|동의하지 않|그렇게 생각하지 않|반대합니다|सहमत नहीं|असहमत|لا (?:أوافق|أتفق|أظن|أعتقد)|أختلف"
)
_DISAGREED = lazy_regex(
    rf"[^.!?。！？।۔\n]{{0,60}}?(?:[,，、،;:–—(\s-]|但是?|可是|不过|不過|が、?|けど、?)\s{{0,3}}"
    rf"(?:(?:{_DISAGREE})"
    rf"|(?:which|with which|dem|der|lo cual|ce que|o que|cosa che|с чем)\s(?:{_DISAGREE}))",
    regex.I,
)


def agreed(text: str, end: int) -> bool:
    """Return whether the writer agrees with the answer before a place.

    Example:
        >>> agreed("The key says B, which I agree with.", 14), agreed("The key says B.", 14)
        (True, False)
    """
    return _AGREED_LATER.match(text, end) is not None


def disagreed(text: str, end: int) -> bool:
    """Return whether the rest of a sentence disagrees with the answer that ends at a place.

    Example:
        >>> disagreed("The key says B, but I disagree.", 14), disagreed("B, I think.", 1)
        (True, False)
    """
    return _DISAGREED.match(text, end) is not None
