"""Does an answer say that the context does not hold it? Decided by rules with measured error rates.

An abstention is a sentence at the beginning that denies the text, or the speaker, the knowledge;
one that points out a contradiction counts too. A guess after it ("… but probably Halden") makes
it an answer.
"""

from __future__ import annotations

import re

from evalguard.records import DetectorRates, Metric
from evalguard.scorers.registry import scorer
from evalguard.scorers.sentences import plain_text, sentences

HEAD_SENTENCES = 2
"""An answer abstains at once or not at all."""

RATES = DetectorRates(hits=39, positives=39, rejections=26, negatives=26)
"""How often the rules were right on the held-out half of the labelled examples."""

RATES_OF_ANSWERED = DetectorRates(hits=26, positives=26, rejections=39, negatives=39)
"""The same with an answer as the positive."""

_SOURCE = (
    r"(?:the |this |that |its? |given |provided |above )*"
    r"(?:text|passage|context|article|document|story|report|paragraph|excerpt|source|information|"
    r"material|letter|note|page|data)"
)
_SAY = (
    r"(?:say|mention|state|specify|tell|give|provide|indicate|include|contain|reveal|explain|name|"
    r"describe|answer|cover)"
)
_SAID = (
    r"(?:said|mentioned|stated|specified|told|given|provided|indicated|included|revealed|explained|"
    r"named|described|covered|known|clear|answerable|determined)"
)

ABSTENTIONS: tuple[str, ...] = (
    # "the text does not say", "it doesn't mention that", "the article never says"
    rf"^(?:\W*\w+[,;] )?(?:{_SOURCE}|it|this|that)(?: \w+){{0,3}}? "
    rf"(?:does not|doesn't|do not|don't|did not|didn't|never|fails to) (?:\w+ly )?{_SAY}s?\b",
    rf"\b{_SOURCE} (?:does not|doesn't|never) {_SAY}s?\b",
    rf"\b{_SOURCE} (?:\w+ )?(?:says nothing|makes no mention|lacks|leaves (?:this|it|that) open)\b",
    rf"\b{_SOURCE} (?:contains|has|holds|gives|provides|offers) no(?:thing)?\b",
    # "it isn't mentioned", "no year is given", "not stated"
    rf"\b(?:is|are|was|were) (?:not|never) (?:\w+ly )?{_SAID}(?: anywhere)?"
    rf"(?: in | by | from |[.,;!]|$)",
    rf"\b(?:isn't|aren't|wasn't) (?:\w+ly )?{_SAID}(?: in | by | from |[.,;!]|$)",
    rf"^no (?:\w+ ){{1,3}}?(?:is|are|was|were) {_SAID}\b",
    rf"^not (?:{_SAID}|in {_SOURCE})\b",
    rf"\b(?:does not|doesn't) appear in {_SOURCE}\b",
    rf"\bnothing (?:about \w+ )?(?:in|from) {_SOURCE}\b",
    rf"\b(?:not|isn't|nowhere) (?:to be found )?in {_SOURCE}\b",
    # "it cannot be determined", "I can't tell from the text", "there is no way to know"
    r"\b(?:cannot|can't|could not|couldn't) be (?:\w+ly )?(?:answered|determined|known|inferred|"
    r"found|told|said|established|concluded)\b",
    r"\b(?:i|we|you|one) (?:cannot|can't|could not|couldn't) (?:\w+ly )?(?:tell|determine|say|know|"
    r"infer|find|conclude|answer)\b",
    r"\b(?:no way (?:to|of)|impossible to) (?:know|tell|say|determine|knowing|telling)\b",
    r"\bunable to (?:answer|determine|find|tell|say)\b",
    r"\bwe (?:are not|aren't) told\b",
    # "I don't know"
    r"\bi (?:do not|don't) (?:really |actually )?(?:know|have (?:that|this|the|any|enough))\b",
    r"\bi have no (?:information|idea|knowledge|data|details)\b",
    r"\bi(?:'m| am) not (?:sure|certain)\b",
    r"^(?:no idea|no answer|unknown|unanswerable|n/a|none given|not answerable)\b",
    r"^it(?:'s| is) (?:unknown|unclear|not clear|uncertain)\b",
    # "not enough information"
    r"\b(?:not|isn't|no) (?:\w+ )?(?:enough|sufficient) (?:information|detail|context|data)",
    r"\b(?:does not|doesn't|do not|don't) (?:\w+ )?(?:enough|sufficient)\b",
    r"\binsufficient (?:information|detail|context|data)",
    r"\b(?:not|isn't) sufficient\b",
    r"\bunanswerable\b",
    r"\b(?:information|details?|data)(?: \w+){0,3}? (?:is|are) missing\b",
    # a context at odds with itself
    rf"\b{_SOURCE} (?:\w+ )?(?:contradicts? itself|is (?:contradictory|inconsistent|conflicting))",
    r"\b(?:conflicting|contradictory|contradicting) (?:information|statements?|accounts?|dates?)\b",
    rf"\b{_SOURCE} gives? (?:two|different|several)\b.{{0,30}}\bdifferent\b",
    r"\b(?:paragraphs|sentences|statements|sources|accounts) (?:disagree|contradict|conflict)\b",
    # German, French, Spanish
    r"\b(?:text|abschnitt|artikel|dokument) (?:sagt|nennt|erwähnt|verrät)\b.{0,20}\bnicht",
    r"\bsteht nicht (?:im|in dem|in der)\b",
    r"\b(?:das )?weiß ich nicht\b|\bich weiß (?:es |das )?nicht\b",
    r"\ble (?:texte|passage|document) ne (?:le )?(?:dit|mentionne|précise) pas\b",
    r"\bje ne sais pas\b",
    r"\bel (?:texto|pasaje|documento) no (?:lo )?(?:dice|menciona)\b|\bno lo sé\b",
)
"""Sentences that abstain, in lower case, as ``plain_text`` writes them."""

_ABSTAINS = re.compile("|".join(f"(?:{rule})" for rule in ABSTENTIONS))

_GUESSES = re.compile(
    r"\b(?:but|however|though|although|still|yet)\b.{0,40}?"
    r"\b(?:probably|likely|perhaps|i (?:think|guess|would say|believe|suppose)|my guess|must|"
    r"from general knowledge|presumably|it was|(?:he|she|they) (?:was|were|is|are|does|did)|"
    r"most \w+)\b"
    r"|\b(?:probably|most likely|presumably|my (?:best )?guess)\b"
    r"|^(?:although|though|while) [^,]{0,80}, (?!i |we |it cannot|it can't|there)\w"
)


def abstains(output: str) -> bool:
    """Return whether an answer says that the context lacks it, and leaves it at that.

    Example:
        >>> abstains("The text does not say."), abstains("It doesn't say, but probably in 1912.")
        (True, False)
    """
    plain = plain_text(output)
    for sentence in sentences(plain)[:HEAD_SENTENCES]:
        if _ABSTAINS.search(sentence):
            return not _GUESSES.search(plain.replace("\n", " "))
    return False


@scorer(name="abstention", metrics=(Metric("abstention", detector=RATES),))
def abstention(output: str) -> bool:
    """Score 1 where the output abstains: right where the context lacks the answer."""
    return abstains(output)


@scorer(name="answered", metrics=(Metric("answered", detector=RATES_OF_ANSWERED),))
def answered(output: str) -> bool:
    """Score 1 where the output is neither empty nor an abstention: right where there is an answer.

    Whether the answer is right is for another scorer to say.
    """
    return any(sign.isalnum() for sign in output) and not abstains(output)
