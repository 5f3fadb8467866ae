"""Patterns over single sentences that say a text does not contain the answer."""

from __future__ import annotations

from evalguard.scorers.abstention_languages import OTHER_LANGUAGES
from evalguard.scorers.abstention_words import (
    CANNOT,
    FIND_OUT,
    HELD,
    NOUN,
    SAID,
    SAY,
    SOURCE,
    SOURCE_WORD,
    WANTED,
)
from evalguard.scorers.lazy_patterns import lazy_re

ABSTENTIONS: tuple[str, ...] = (
    rf"\b{HELD}(?: [\w']+){{0,4}}? (?:does not|doesn't|do not|don't|did not|didn't|never) "
    r"(?:\w+ly )?(?:address|discuss|give|go into|indicate|list|mention|name|note|record|say|show|"
    r"specify|state|tell)s?\b",
    r"\b(?:documentation|docs|faqs?|guide|handbook|help (?:cent(?:er|re)|pages?)|knowledge base|"
    r"wiki)"
    r"(?: [\w']+){0,2}? (?:does not|doesn't|do not|don't) (?:\w+ )?(?:cover|contain|include|"
    r"have)\b",
    rf"\b(?:{HELD}|{SOURCE_WORD})(?: [\w']+){{0,3}}? (?:has|have|contains?|"
    rf"holds?) (?:no (?:\w+ )?"
    r"(?:article|clause|column|entry|entries|field|figures?|line|page|row|section|topic)|"
    r"nothing (?:on|"
    r"about|that))\b",
    rf"\b{HELD} (?:is|are) silent\b(?! no (?:longer|more)\b)",
    r"\b(?:it|they|which) (?:has|have|gives?|contains?|holds?) (?:no (?:\w+ )?(?:information|info|"
    r"details?|data|answer)|nothing (?:on|about))\b",
    # "I looked and found nothing", "came up empty", "her age never comes up"
    r"\bi (?:\w+ ){0,12}?(?:and )?(?:found nothing|came up empty|came up with nothing)\b",
    r"\bi(?:'m| am) not (?:finding|seeing)\b",
    r"\b(?:never|does not|doesn't|did not|didn't|do not|don't) (?:even |actually |"
    r"ever )?(?:comes?|came) "
    r"up\b(?! with)",
    r"\bi (?:see|find|found) no (?:\w+ )?(?:article|clause|column|entry|field|figure|line|"
    r"paragraph|"
    r"row|section)\b",
    r"^\W*not[_ -]?found\b\W*$",
    r"^\W*no (?:relevant|matching|suitable) \w+(?: \w+)?\W*$",
    r"\b(?:so|therefore|thus|hence)\b[^.]{0,60}\b(?:is|remains?|stays?) (?:unknown|undetermined|"
    r"unclear|unanswerable|open)\b",
    r"^(?:the )?(?:final )?answer(?: is| remains)?:? (?:unknown|uncertain|unclear|undetermined|"
    r"unanswerable|not \w+|cannot be|can't be)\b",
    r"\bquestion (?:\w+ )?(?:presupposes|presumes|assumes)\b",
    rf"^(?:the|this|that|our|its) (?:{SOURCE_WORD}|"
    rf"journalist)\b.{{0,80}}\bwithout (?:ever )?(?:giving|"
    r"mentioning|naming|revealing|saying|specifying|stating|telling)\b",
    r"\bout of reach\b",
    rf"\b{SOURCE_WORD}\b.{{0,120}}\b(?:cannot|can't|can not) be used to\b|"
    rf"\b{SOURCE_WORD}\b.{{0,60}}"
    r"\b(?:don't|doesn't|do not|does not) help here\b",
    # "the text does not say", "it doesn't mention that", "the article never says"
    rf"(?:^\W*|^\W*\w+[,;] |[,;] (?:and |but |yet |so |though )?)(?:{SOURCE}|it|this|that)(?: "
    rf"[\w']+){{0,4}}? "
    rf"(?:does not|doesn't|do not|don't|did not|didn't|never|fails? to|neglects? to) "
    rf"(?:\w+ly |actually |seem to |appear to |even |ever )*(?:{SAY}s?)\b",
    rf"\b{SOURCE}(?: [\w']+){{0,6}}? (?:does not|doesn't|do not|don't|did not|didn't|never|"
    rf"fails? to) "
    rf"(?:\w+ly |actually |seem to |appear to )*{SAY}s?\b",
    rf"\b{SOURCE} (?:\w+ )?(?:says nothing|makes no mention|lacks|leaves (?:this|it|that) "
    r"(?:open|out|unsaid)|(?:is|are) silent(?! no )|omits|skips|stops short)\b",
    rf"\b{SOURCE}(?: \w+){{0,5}}? (?:contains?|has|have|holds?|gives?|provides?|offers?|includes?|"
    r"makes?) no(?:thing|ne)?\b",
    r"\b(?:says|tells us|states|offers|reveals) nothing (?:about|on|regarding|as to)\b",
    rf"\b(?:none of|neither|no (?:part|line|passage|sentence|paragraph)(?: of)?)\b.{{0,40}}"
    rf"\b(?:{SAY}s?|is {SAID})\b",
    rf"\b(?:nobody|no one)\b.{{0,40}}\b{SAY}s\b",
    rf"\b(?:nobody|no one|no \w+)'s [\w ]{{1,30}} (?:is|are|was|were) {SAID}\b",
    rf"\b{SOURCE} (?:\w+ )?(?:only|just|merely|solely) (?:covers?|mentions?|talks?|describes?|"
    rf"says?|"
    r"discusses|focuses|deals|goes|speaks|lists?|gives?|tells?|states?|refers?|concerns?|"
    r"provides?)\b",
    rf"\b{SOURCE}(?: \w+){{0,2}}? (?:is|are|remains?|stays?) (?:\w+ )?(?:unclear|vague|ambiguous|"
    r"silent(?! no )|unspecific|not clear|not explicit|inconclusive)\b",
    r"\b(?:it|this|that|text|passage) (?:cannot|can't|could not) (?:really )?(?:tell|inform|help) "
    r"(?:us|me|you|anyone)\b",
    # "it isn't mentioned", "no year is given", "not stated"
    rf"\b(?:is|are|was|were|been|be|being|remains?) (?:not|never|nowhere) "
    rf"(?:\w+ly |actually |directly |ever )*{SAID}(?: anywhere| at all| here)?"
    rf"(?: (?:in|by|from|within|on|or|wh\w+|how|as to) |[.,;!\])]|$)",
    rf"\b(?:isn't|aren't|wasn't|weren't|hasn't been) (?:\w+ly |actually )*{SAID}"
    rf"(?: anywhere| at all| here)?(?: (?:in|by|from|within|on|or|wh\w+|how|as to) |[.,;!\])]|$)",
    r"^no (?:\w+ ){1,5}?(?:is|are|was|were) (?:\w+ly )?(?:mentioned|stated|specified|given|"
    r"provided|indicated|named|listed|shown|supplied|told|quoted)\b",
    rf"^(?:not|never|nowhere) (?:\w+ly )?(?:{SAID}|in {SOURCE})\b",
    rf"\b(?:(?:do not|don't) (?:see|find|have)|(?:cannot|can't|couldn't) (?:see|find|spot|trace|"
    rf"locate|identify))"
    rf"(?: [\w']+){{1,8}} (?:in|on|among|across|within) (?:(?:any|either|all|of|the|this|these|"
    rf"those|your|our) ){{0,3}}(?:{SOURCE_WORD}|{HELD}|them)\b",
    rf"\b(?:does not|doesn't|do not|don't) appear (?:anywhere )?in {SOURCE}\b",
    rf"\bnothing (?:about [\w' ]+ )?(?:in|from|within) {SOURCE}\b",
    rf"\b(?:not|isn't|aren't|nowhere) (?:to be found |anywhere )?(?:in|within|part of) {SOURCE}\b",
    r"\b(?:goes|remains?|is left|are left|left) (?:unmentioned|unspecified|unstated|unsaid|unknown|"
    r"undisclosed|unnamed|unanswered|unclear|open|a mystery|unexplained)\b",
    # "there is no mention of it", "I see no information"
    rf"\b(?:there(?:'s| is| are|'re)|i (?:see|find|found|have)|we (?:find|have)|contains|with|"
    rf"gives) (?:absolutely |simply |really )?(?:no|not any|never any) (?:\w+ ){{0,3}}?{NOUN}\b",
    r"\bthere (?:was|were) (?:absolutely |simply |really )?no (?:\w+ ){0,3}?(?:details?|info|"
    r"information|indication|mention|reference|specifics)\b",
    rf"\bthere (?:isn't|aren't|wasn't|is not|are not) (?:any|enough|a|an|sufficient|anything)\b"
    rf"(?=.*\b(?:{NOUN}|{SOURCE_WORD}|anything|said|mentioned)\b)",
    r"^\W*no (?:\w+ )?(?:mention|information|indication|details?|answer|data|evidence|such \w+)\b"
    r"(?! (?:was|has|is|had) (?:ever |been )*(?:received|heard|sent|expected|needed))"
    r"(?: (?:of|on|about|was|is|in|given|available|found|provided|exists|regarding)\b|[.!]?$)",
    rf"\b(?:not|isn't|wasn't) (?:available|present|found|listed|shared|contained|answered|covered|"
    rf"something)\b.{{0,12}}\b(?:in|within|by|from)? ?{SOURCE}\b",
    rf"\bi (?:do not|don't) (?:think|believe|see how) (?:that )?{SOURCE}\b.{{0,30}}\b{SAY}s?\b",
    r"\b(?:there(?:'s| is| was)|i (?:see|find|found)) nothing\b.{0,20}\b(?:about|on|regarding|to "
    r"(?:suggest|indicate|say|tell|support))\b",
    rf"\bnothing (?:else |more |further )?(?:is|was|has been) (?:said|written|mentioned|known|"
    rf"{SAID})\b",
    r"\b(?:insufficient|inadequate|too (?:short|vague|little|brief)|not enough) (?:\w+ )?to "
    r"(?:answer|"
    r"determine|say|tell|know|conclude|infer|judge)\b",
    r"\b(?:not|\w+n't) (?:something|anything|a (?:question|detail|fact)) (?:that |which )?(?:i|"
    r"we|you|"
    rf"{SOURCE}) (?:can|could|is|are|was)\b",
    r"\b(?:we|readers|you) (?:do not|don't|never|aren't|are never|are not|won't|cannot|can't) "
    r"(?:\w+ )?(?:learn|find out|told|hear|see|get to know|discover|given|shown)\b",
    rf"\b(?:{SOURCE_WORD}|{HELD}|it)(?: [\w']+){{0,3}}? (?:ends?|stops?|closes?|finishes|"
    r"(?:breaks?|cuts?|trails?|fades?) (?:off|out)) (?:\w+ )?(?:without\b|before [^,.;]*"
    r"\b(?:is|are|was|were|can|could|gets?|has|have|tells?|says?|names?|gives?|"
    r"mentions?|answers?|explains?|reveals?|reach(?:es)?|(?:say|tell|nam|giv|mention|answer|"
    r"explain|reveal|reach)\w*ing)\b)",
    # whatever it is called, what it does not state: "the caption doesn't say when"
    r"^(?:\w+, )?(?:the|this|that|your|our) (?:[\w'-]+ ){1,4}?(?:do not|does not|don't|doesn't|"
    r"never) (?:\w+ly )?(?:indicate|mention|specify|state|(?:say|tell|show|explain) (?:me|us|you|"
    r"anything|how|what|when|where|whether|which|who|whose|why))\b",
    # an empty place: "the cell is blank", "no blood type on file", "it offers no value"
    r"\b(?:cell|column|entry|field|line|row)\b[^.;]*\b(?:(?:is|are|been|was left|were left) )"
    r"(?:\w+ )?(?:blank|empty|unfilled)\b",
    r"^no (?:[\w']+ ){1,5}?(?:on (?:file|record)|in (?:here|there)|entered|recorded|"
    r"written down)\W*$",
    rf"\b(?:it|they|which|{SOURCE_WORD}|{HELD}) (?:gives?|has|have|holds?|lists?|offers?|"
    rf"provides?|shows?) no (?:\w+ )?(?:{WANTED}|entry|entries|specifics)s?\b",
    # the speaker holds too little: "I only see totals", "I have nothing to go by"
    r"\b(?:i|we) (?:can )?(?:only|just) (?:got|have|know|see|was given|were given)\b",
    r"\b(?:i|we) (?:have|see|was given|were given) nothing\b.{0,40}\b(?:about|by|for|from|on|"
    r"regarding|that|to)\b",
    r"\bnothing (?:here|there|in here) (?:about|on|regarding|that)\b",
    r"\b(?:would|could) (?:only )?be (?:an? |pure |mere |just )*(?:conjecture|guess(?:ing|work)?|"
    r"speculation|speculating)\b",
    rf"\b(?:not|never|no|\w+n't)\b.*\bas far as (?:{SOURCE}|{HELD}|i|we) (?:can )?(?:goes|know|"
    r"says?|see|shows?|tells?)\b",
    # "you won't find it in this chapter", "none of the snippets are about that"
    rf"\b(?:you|we|one) (?:won't|will not|do not|don't) (?:\w+ )?find\b.*\b(?:in|on) (?:any of )?"
    rf"(?:{SOURCE}|(?:the|this|these|your|our) {HELD})\b",
    rf"\b(?:none|neither|nothing) (?:of|in|on|among) (?:{SOURCE}|(?:the|these|your|our) {HELD}s?) "
    r"(?:is|are|was|were|has|have|deals?|covers?) (?:\w+ )?(?:about|anything|concern\w+|on|that|"
    r"with)\b",
    r"\b(?:mentions?|refers? to|speaks? of|talks? about)\b.*\bwithout (?:ever |actually |once )?"
    r"(?:defining|describing|explaining|giving|identifying|naming|quoting|saying|specifying|"
    r"stating|telling)\b",
    rf"\b(?:is not|isn't|are not|aren't) (?:\w+ )?(?:among|in|on|one of|part of) (?:them|those|"
    rf"these|{SOURCE}|(?:the|your|our|my) {HELD})\b",
    r"^(?:cannot|can't|couldn't|could not) be (?:\w+ly )?(?:\w+(?:ed|en)|known|"
    r"made|read|said|told|found|understood)\b",
    r"\bmissing (?:that|this|the|any|such) (?:\w+ )?(?:information|detail|data|part|section)\b",
    r"\b(?:it|this|that) (?:can't|cannot|does not|doesn't) (?:really )?(?:answer|tell|say)\b",
    r"\bleaves? (?:\w+ ){1,3}(?:unanswered|open|unexplained|unsaid|unclear|unresolved|"
    r"unspecified)\b",
    r"\b(?:we|readers) (?:\w+ly |just |really )?(?:do not|don't) (?:\w+ )?know\b",
    rf"\b(?:need|require|want)(?:s|ed)? (?:to (?:see|know|read|have) )?(?:more|additional|"
    rf"further|the "
    rf"(?:rest|full))\b.{{0,20}}\b(?:{SOURCE_WORD}|to (?:answer|say|tell|determine))\b",
    # "it cannot be determined", "I can't tell from the text", "there is no way to know"
    r"\b(?:cannot|can't|could not|couldn't|can not) be (?:\w+ly )?(?:answered|ascertained|"
    r"determined|known|inferred|found|told|said|established|concluded|identified|deduced|derived|"
    r"resolved|settled|computed|calculated|named|pinned down|confirmed|gleaned|gathered|"
    r"worked out|verified|given)\b",
    rf"\b(?:i|we|you|one|readers?|someone) {CANNOT} (?:\w+ly |really |be able to )*{FIND_OUT}\b",
    r"\b(?:no way (?:to|of)|impossible (?:for \w+ )?to|hard to|difficult to|not possible (?:for "
    r"\w+ )?"
    r"to|isn't possible to) (?:\w+ly )?(?:know|tell|say|determine|knowing|telling|answer|saying|"
    r"identify|conclude|infer|establish|ascertain|predict|(?:give|provide) an?\b.{0,20}\banswer)\b",
    r"(?:\b(?:unable|not able|powerless)|n't able) to (?:\w+ly )?(?:answer|determine|find|tell|"
    r"say|locate|provide|"
    r"identify|confirm|give|conclude)\b",
    r"\b(?:we|you|i) (?:are not|aren't|am not|'m not|were not|weren't) (?:told|given|informed|"
    r"provided)\b",
    r"\b(?:anyone's|anybody's) guess\b",
    # "I don't know"
    r"\bi (?:do not|don't) (?:really |actually |currently |seem to )?(?:know|have (?:that|this|"
    r"the|any|"
    r"enough|sufficient|access|an answer|a|details)|see (?:any|that|it|this|where|a)|find)\b",
    r"\bi have no (?:information|idea|knowledge|data|details|way|clue|answer|record)\b",
    r"\bi(?:'m| am) (?:not (?:sure|certain|aware)|unsure|uncertain|unaware)\b",
    r"\b(?:didn't|did not|failed to|haven't|have not) (?:find|found|locate|seen?|spot)\b.{0,40}"
    rf"\b(?:in|within|from|answer|information|mention|{SOURCE_WORD})\b",
    r"^\W*(?:unknown|unclear|unspecified|unavailable|undetermined|undisclosed)\b(?=[.!,;:)]|$|"
    r" (?:and|as|at|based|because|because of|but|due|for|from|given|how|if|in|on|or|per|since|"
    r"what|when|"
    r"where|whether|which|who|whom|whose|why|with|without)\b)",
    r"^\W*(?:no idea|no answer|unanswerable|n/?a|none given|not answerable|no clue|"
    r"not applicable|idk|dunno|beats me|not enough info|no info|can't say|cannot say|"
    r"can't tell|cannot tell|hard to say|insufficient context|out of scope|not sure|no data|"
    r"not determinable|undeterminable|indeterminate|not available|"
    r"(?:answer|information) not (?:found|available|given|provided|in \w+))\b",
    r"^it(?:'s| is) (?:unknown|unclear|not clear|uncertain|not known|undetermined|not specified)\b",
    # "not enough information"
    r"\b(?:not|isn't|no|without|need|requires?|(?<!^the )lacks?|lacking|insufficient|too little|"
    r"n't have) "
    r"(?:\w+ )?(?:enough|sufficient|adequate|more|further|additional|any|of|the) "
    r"(?:\w+ )?(?:information|info|details?|context|data|evidence|clues?)\b",
    r"\b(?:does not|doesn't|do not|don't) (?:\w+ )?(?:enough|sufficient)\b",
    r"(?:(?<!found )|(?<=\bi found )|(?<=\bwe found ))"
    r"\b(?:insufficient|inadequate|too little|(?<!^the )lack of) (?:\w+ )?(?:information|info|"
    r"details?|"
    r"context|data|"
    r"evidence|basis|grounds|facts)\b",
    r"\b(?:not|isn't) (?:sufficient|enough)\b(?=.{0,30}\b(?:answer|determine|tell|say|know|"
    r"conclude)|"
    r"[.!]?$)",
    r"\b(?:more|further|additional) (?:information|details?|context|data) (?:is|are|would be|"
    r"needed|"
    r"required)\b",
    r"\b(?:unanswerable|(?:out of|outside|beyond) (?:the )?scope of)\b",
    r"\b(?:information|details?|data|answer)(?: \w+){0,5}? (?:is|are) (?:missing|absent|"
    r"lacking)\b",
    rf"\b(?:outside|beyond|falls outside) (?:of )?(?:what )?{SOURCE}\b",
    # a context at odds with itself
    rf"\b{SOURCE} (?:\w+ )?(?:contradicts? (?:itself|each other)|is (?:\w+ )?(?:contradictory|"
    r"inconsistent|conflicting|ambiguous))",
    r"\b(?:conflicting|contradictory|contradicting|inconsistent) (?:information|statements?|"
    r"accounts?|"
    r"dates?|details?|data|figures|answers|claims)\b",
    rf"\b{SOURCE} (?:gives?|names?|states?|mentions?|lists?) (?:two|different|several)\b.{{0,30}}"
    r"\bdifferent\b",
    r"\b(?:paragraphs|sentences|statements|sources|accounts|passages) (?:disagree|contradict|"
    r"conflict)",
    # what a text does instead of saying it
    rf"\b(?:{SOURCE_WORD}|{HELD})(?: [\w']+){{0,9}}? (?:is|are|stays?|remains?|keeps?) "
    r"(?:\w+ )?(?:quiet|mum|silent|mute|evasive|vague|non-?committal) (?:on|about|as to|"
    r"regarding)\b",
    rf"\b(?:{SOURCE_WORD}|{HELD})(?: [\w']+){{0,3}}? (?:skips?|glosse?s? over|passe?s? over|"
    r"skims? over|sidesteps?|omits?|withholds?|leaves? out (?:the|any|its|his|her|their|what|"
    r"when|where|who|how|why|which)|avoids? (?:\w+ing)|falls? short of|"
    r"keeps? [^,;]{1,40} (?:secret|to (?:him|her|it|them)sel(?:f|ves)))\b",
    r"\bleaves? [^,;]{0,60}?\b(?:unaddressed|undefined|unsettled|undecided|untold|"
    r"to (?:the|our|your) (?:reader|imagination|guess)\w*)\b|\bleft to (?:the |our |your )?"
    r"(?:reader|imagination|guess)\w*",
    r"(?:\bnot|n't) (?:something|anything) (?:that |which )?(?:(?:the|this|that|your|our|any) "
    r"(?:\w+ ){1,3}?|they |it )(?:gets? into|covers?|mentions?|talks? about|discuss(?:es)?|"
    r"goe?s? into|address(?:es)?|explains?|says?|tells?|states?|deals? with|touch(?:es)? on)\b",
    rf"\b(?:{SOURCE_WORD}|{HELD}|it)(?: [\w']+){{0,3}}? (?:does not|doesn't|do not|don't) "
    r"(?:\w+ to )?(?:have|contain|hold|include|offer|say) anything (?:on|about|for|regarding|"
    r"concerning|that)\b",
    rf"\b{WANTED}s?(?: [\w']+){{0,6}}? (?:is|are) (?:\w+ )?(?:absent|missing|lacking|nowhere)\b",
    rf"\b{WANTED}s?(?: [\w']+){{0,6}}? (?:never|nowhere) (?:appears?|comes? up|shows? up|"
    rf"turns? up|"
    r"is|are|gets?)\b|\bnowhere (?:does|do|is|are)\b",
    rf"\b(?:{SOURCE_WORD}|{HELD})\b.*\bno [\w' ]{{1,40}}? (?:in|on|among) (?:it|them|either|"
    rf"those)\b|\bno [\w' ]{{1,40}}? (?:in|on|among|across) (?:any of )?(?:these|those|the|your|"
    rf"this|that) (?:\w+ )?(?:{SOURCE_WORD}|{HELD})\b(?!,? (?:is|are|was|were|has|have|can)\b)",
    r"\bno (?:single|definite|definitive|specific|exact|reliable|unique) [\w' ]{1,30}? (?:can|"
    r"could) "
    r"be\b",
    rf"\bnothing (?:in|within) (?:\w+ ){{0,3}}?{SOURCE_WORD}\b.{{0,40}}\b(?:tells?|speaks?|says?|"
    r"suggests?|indicates?|explains?|mentions?|shows?|points?|hints?)\b",
    r"\bnothing (?:relates|links|connects|tells|indicates|says|shows)\b.{0,60}\b(?:so|whether)\b",
    # the search and its end
    r"^i(?:'ve| have)?\b.*\b(?:without (?:any )?(?:success|luck|result)|to no avail|drew a blank|"
    r"had no luck|turned up nothing)\W*$",
    r"\bi wish i (?:could|knew|had)\b|\b(?:i(?:'d| would) rather not|i (?:do not|don't) want to|"
    r"i (?:will not|won't)) (?:guess|speculate|assume|make \w+ up|invent)\b",
    r"\b(?:not|n't) (?:\w+ )?enough (?:here |there )?to (?:go on|say|tell|work with)\b",
    r"^\W*(?:does not|doesn't|did not|didn't) (?:say|state|specify|mention)\W*$",
    # what would be needed, and what the question takes for granted
    r"\bto (?:know|find|compute|calculate|determine|work out|answer|say|"
    r"tell)\b.{0,60}\bwould (?:also )?"
    r"(?:need|have to|take|require)\b|\bwould (?:need|have) to (?:know|see|be told)\b",
    r"\bpremise\b.{0,40}\b(?:not|\w+n't|un\w+|false|wrong|incorrect|mistaken)\b",
)
"""Sentences that abstain, in lower case, as ``plain_text`` writes them."""

ABSTAINS = lazy_re("|".join(f"(?:{rule})" for rule in (*ABSTENTIONS, *OTHER_LANGUAGES)))
"""Found in a sentence that abstains."""

PREAMBLE = lazy_re(
    r"^(?:i(?:'m| am)? (?:\w+ )?(?:sorry|apologi|regret|understand|see|appreciate|have (?:read|"
    r"checked|looked|reviewed))|sorry|apologies|unfortunately|thank|based on|according to|let me|"
    r"let's|great|good question|hmm+|well|the question|you(?:'re| are)? (?:asked|asking|ask)|"
    r"to answer|no\b|hello|hi\b|ok(?:ay)?\b|sure|after (?:reading|reviewing|checking)|as an ai|"
    rf"answer|step \w+|{SOURCE}\b|i(?:'ve| have)? (?:\w+ )?(?:went|gone|looked|read|searched|"
    r"checked|reviewed|scanned|been)\b|we (?:know|have|are told|learn)|"
    rf"(?:the|this|that|your|our) (?:{HELD}|(?:first|second|third|last|next|final) "
    rf"{SOURCE_WORD})\b|to \w+)|\?$"
)
"""Begins a sentence that may come before an abstention without being an answer."""

GUESSES = lazy_re(
    r"\b(?:but|however|though|although|still|yet|nevertheless|that said)\b.{0,60}?"
    r"\b(?:probably|likely|perhaps|i (?:think|guess|would say|would guess|believe|suppose|assume|"
    r"suspect)|my guess|must|can (?:infer|assume|guess)|be (?:inferred|assumed)|"
    r"from general knowledge|presumably|it was|(?:he|she|they) (?:was|were|is|are|does|did)|"
    r"most \w+)\b"
    r"|\b(?:plus|minus|times|divided by) [\w.,]+ (?:is|equals|makes)\b"
    r"|\b(?:probably|most likely|presumably|my (?:best )?guess|i(?:'d| would) guess|safe to assume|"
    r"reasonable to assume|can infer that|"
    r"can be inferred that|it is likely that|wahrscheinlich|vermutlich|probablement|probablemente|"
    r"provavelmente|probabilmente|вероятно|скорее всего)\b|可能是|おそらく|아마"
    r"|^(?:although|though|while|even though) [^,]{0,80}, (?!i |we |you |one |it cannot|it can't|"
    r"it is "
    r"(?:not|un)|(?:it|this|that|(?:the )?\w+) (?:does|doesn't|do|don't|is not|isn't|cannot|"
    r"can't|never|"
    r"fails?|makes? no|gives? no|says nothing)\b|there|no |nothing)\w"
)
"""Found in an answer that guesses in spite of its abstention."""

ATTRIBUTES = lazy_re(
    rf"^(?:according to|as per|in|from|per) {SOURCE}, |^{SOURCE} (?:also )?(?:says|states|"
    rf"tells us|"
    r"mentions|notes|explains|adds|reports|writes) that "
    rf"|,? according to (?:{SOURCE}|(?:the|our|your) {HELD})\W*$"
)
"""The part of a sentence that attributes it to the text, which denies the text nothing."""

POLITE = lazy_re(
    r"^(?:please |just |do |so )*(?:let me know|feel free|ask (?:me|away)|do not hesitate|"
    r"don't hesitate)\b"
    r"|\b(?:happy|glad|here) to (?:\w+ )?(?:help|answer|assist|look|check)\b|\b(?:anything else|"
    r"any other "
    r"(?:\w+|questions?)|(?:more|further|other) questions?)\b.*[!?]?$"
)
"""Found in a sentence that offers further help after an answer."""

CONCLUDES = lazy_re(
    r"\b(?:but|however|though|although|yet|still)[, ]+(?:(?:it|he|she|they|the \w+) )?(?:does |"
    r"did )?"
    r"(?:estimat\w+|hints?|implie[sd]|impl(?:y|ies)|places?|puts? (?:it|this|that)|suggests?)\b.*"
    r"|\b(?:but|though|until|yet) .*\b(?:(?:we|you|readers) (?:\w+ )?(?:find out|learn)|"
    r"becomes? clear|is (?:\w+ )?(?:explained|named|revealed)|turns? out)\b.*"
    r"|, (?:but|while) (?:the|an?|another|its) (?:[\w-]+ ){1,4}(?:gives?|has|lists?|says?|"
    r"shows?|states?) (?:\w+ )?\d.*"
    r"|[,;] (?:and )?(?:so|thus|hence|therefore|which (?:gives|implies|leaves|makes|means|"
    r"suggests)) "
    r"(?!.*\b(?:not|\w+n't|cannot|impossible|no|never|nothing|un(?:known|clear|answer\w+|certain|"
    r"determined|resolved)|out of|indeterminate|"
    r"have to|need|would|only|open|silent|guess\w*)\b).*"
)
"""Found after an abstention that is followed by a derivation of the answer."""

STATES = lazy_re(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|hundred|thousand|million|"
    r"half)\b|\b(?:find out|learn|turns? out) (?:that|who|what|where|when|why|how|to)\b|"
    r"\b(?:so|thus|hence|therefore) (?:it|he|she|they|the \w+) (?:is|was|are|were|has|had|must|"
    r"lives?|"
    r"lived)\b"
)
"""Found in a derivation that names the answer."""

_DENIES = (
    r"\b(?:not|\w+n't|no|never|nothing|none|nowhere|without|lacks?|lacking|missing|absent|silent)\b"
)

CLOSES = lazy_re(
    r"^(?:so|therefore|thus|hence|accordingly|consequently|in conclusion|in short|overall|"
    r"as a result|(?:the |my )?(?:final )?answer)\b"
)
"""Begins a last sentence that sums up what comes before it."""

LEANS = lazy_re(
    rf"{_DENIES}.{{0,60}}\b(?:in|within|from|on|by|of|among|"
    rf"across) (?:\w+ ){{0,2}}?{SOURCE_WORD}\b"
    rf"|{_DENIES}.{{0,40}}\b(?:the|an|any|this|that|your) (?:\w+ )?(?:answer|question)\b"
    r"|\b(?:text|passage|context|article|document|excerpt|paragraph|information)s?\b.{0,60}"
    rf"{_DENIES}"
)
"""Found in a sentence that may abstain: it denies something near a word for the text."""

COMPUTES = lazy_re(r"[=≈] ?[$€£-]?\d|####|\\boxed")
"""Found in an answer that works out a number, which is no abstention unless it says so."""

BARE = lazy_re(r"^(?:none|null|nil|nothing|-+|\?+|no one|nobody|nowhere)[.!]?$")
"""A whole answer that may mean that there is nothing to find, or that nothing is the answer."""

ASSERTS = lazy_re(
    r"\b(?:the|my) answer(?: is|:)"
    r"|^(?:it|he|she|they|that|this) (?:was|is|were|are|has|had)\b[^?]*\d"
    r"|^(?:in |about |around )?\d[\d.,]*\W*$"
    r"|^(?:the|an?|another|its) (?:[\w-]+ ){1,4}(?:gives?|has|lists?|says?|shows?|states?) "
    r"(?:\w+ )?\d"
)
"""A sentence that gives an answer."""

MENTIONS_TEXT = lazy_re(
    r"\b(?:text|passage|context|article|document|story|report|paragraph|excerpt|source|information|"
    r"mention(?:s|ed)?|states?|says?|only|just)\b"
)
"""A sentence about what the text does hold."""
