r"""Where an output announces its answer: ``\boxed{…}``, tags, ``#### …``, "Answer: …".

Nothing is searched for beyond that: an announcement says which text is the answer, and the last
one counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

import regex

from evalguard.scorers import answer_words as known
from evalguard.scorers.agreement import agreed
from evalguard.scorers.attribution import (
    anothers,
    counterfactual,
    dismissed,
    sentence_before,
    slighted,
)
from evalguard.scorers.latex import boxes
from evalguard.scorers.lazy_patterns import lazy_re, lazy_regex
from evalguard.scorers.negation import NEGATION, SUPPOSED, asked, denied_at_once

MAX_NOUNS = 300
"""Nouns for an answer, or boxes, that are examined, the last ones, to bound the work."""

MAX_LINK_CHARS = 30
"""The most that stands between a noun for the answer and a number that it announces."""

CLOSING_CHARS = 40
"""The end of a text in which its closing verb is looked for."""

MAX_BLOCK_CHARS = 20_000
"""Length of a block below "Answer:" that is read."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """A text that an output names as its answer.

    Attributes:
        start: Where the announcement begins.
        end: Where what it names ends.
        text: What it names.
        firm: Whether its form leaves no doubt; a phrase in running prose may mean something else.
        bare: Whether only a space separates the noun and the answer ("Option B").
        tag: Whether a tag encloses it.
    """

    start: int
    end: int
    text: str
    firm: bool = True
    bare: bool = False
    tag: bool = False


_GLUED = lazy_regex(r"[\p{Han}\p{Hiragana}\p{Hangul}\p{Thai}]")
_SPELLED = {
    spelled
    for noun in chain(*known.NOUNS.values(), known.CHOOSING)
    for spelled in (noun, noun.upper(), noun.capitalize(), noun.title())
}
# Spelled out, as ignoring case costs a second on the longest outputs.
_NOUN = lazy_re("|".join(map(re.escape, sorted(_SPELLED, key=len, reverse=True))))
_BEFORE_NOUN = lazy_regex(r"[\p{L}\p{M}\p{N}_<|/\\]")
_AFTER_NOUN = lazy_regex(r"[\p{L}\p{M}\p{N}_>]")
_Match = regex.Match[str]
_HEAD = lazy_regex(
    r"(?P<markup>[ \t]*(?:[*_#>•~\-\[【]+[ \t]*){0,3}+)"
    r"(?P<words>[^\n.:：;=!?。！？।|<>{}\"\\`]{0,60})",
    regex.V1,
)
_WORDS = r"[^\n.:：;=!?。！？।|<>{}\"\\`]"
_COLON = lazy_regex(
    rf"(?P<words>{_WORDS}{{0,30}}?)[*_]{{0,3}}[ \t]*"
    r"(?P<colon>[:：﹕](?!(?<=\d.)\d)|[=】\]]|(?<=\s)[–—-](?=\s)|[–—](?=\s))"
    r"[*_ \t]{0,5}",
    regex.V1,
)
_LINK = lazy_regex(
    rf"{_WORDS}{{0,40}}?"
    r"(?:(?<=\s|[*_])(?:\L<free>)(?=[\s:：*_$\\(（\[【\"“'‘`<])|(?:\L<glued>))"
    r"[ \t]*(?P<colon>[:：])?[ \t]*(?:(?:\L<fillers>)[ ,]+)?",
    regex.I | regex.V1,
    fillers=known.FILLERS,
    free=[link for links in known.LINKS.values() for link in links if not _GLUED.match(link)],
    glued=[link for links in known.LINKS.values() for link in links if _GLUED.match(link)],
)
_BARE = lazy_re(r"[ \t*_]{0,9}((?:[^\n.!?。！？।۔;；]|[.,](?=\d)){1,80}+)(?=[\n.!?。！？।۔;；]|$)")
_REASON = lazy_regex(
    r"\s*[,，]\s*(?:\L<reasons>).*$", regex.I | regex.V1 | regex.S, reasons=known.REASONS
)
_REASON_BEHIND = lazy_regex(
    r"(?:(?:(?:(?<=[\"”»’」*_`'])|,)\s*(?:\L<reasons>)|\s(?:because|weil|parce qu(?:e|['’])|porque"
    r"|perché|потому что|karena|çünkü|क्योंकि|لأن))(?!\p{L})|[，、]?\s?因[为為]).*$",
    regex.I | regex.S | regex.V1,
    reasons=known.REASONS,
)
"""The reason behind an answer: '"Oslo" as it is the capital', "Oslo because …"."""

_CLOSING = lazy_regex(
    r"[\s*_]*(?:\L<closings>)[\s.。।۔!！*_]*$",
    regex.V1,
    closings=[one for closings in known.CLOSINGS.values() for one in closings],
)
_REJECTING = lazy_regex(
    r"(?<![\p{L}\p{M}])(?:\L<words>)(?![\p{L}\p{M}])|(?:\L<glued>)",
    regex.I | regex.V1,
    words=[one for one in known.REJECTING if not _GLUED.match(one)],
    glued=[one for one in known.REJECTING if _GLUED.match(one)],
)
_DOUBTING = lazy_regex(
    r"(?<!\b(?:no|any|a|beyond|without|little) )\bdoubt(?:s|ed|ful)?\b|\b(?:disagree|reject"
    r"|den(?:y|ie)"
    r"|disput|refut|disprov|(?:im|not )probab|implausib|inconceivab|unclear|contradict|contest)\w*"
    r"|\b(?:rules? out|ruled out|eliminat\w+)\b",
    regex.I,
)
_ARTICLES = frozenset({"", "a", "an", "the", "la", "le", "el", "il", "o", "die", "der", "das"})
_EACH = lazy_regex(
    r"(?<!\p{L})(?:each|every|all|both|these|those|jede\w*|cada|chaque|ogni)\W*$", regex.I
)
"""In front of a noun that stands for several: "each option: …"."""

_NO = lazy_regex(r"(?<!\p{L})no(?!\p{L})", regex.I)
_CONDITION = lazy_regex(r"[^.!?\n]{0,80}?\b(?:if|unless)\b[^.!?\n]{0,80}\bnot\b", regex.I)
_INSTRUCTED = lazy_regex(
    r"(?<!\b(?:i|we|i['’]ll|i['’]d|to|my|our|the)(?: \p{L}+){0,2} )"
    r"\b(?:respond|reply|answer|say|write|type|output|return|print|end|finish|conclude|format"
    r"|antworte\p{L}{0,2}|schreib\p{L}{0,3}|respond[ae]n?|escrib\p{L}{1,2}|réponde?z?|réponds"
    r"|écri\p{L}{1,4}|rispond[ia]|scrivi|escrev\p{L}{1,2}|ответь\p{L}{0,2}|напиши\p{L}{0,2}|回答|回复"
    r"|回覆|输出|写|答え)"
    r"\b[^.!?。\n]{0,60}(?<=[\s(:])[\"“„«'‘「][^\"”“»’」\n]{0,30}\Z"
    r"|\byou (?:would|should|could|can|may|might|must) (?:then |just |simply )?(?:write|say|answer"
    r"|respond|reply|output|put)\b[^.!?\n]{0,30}\Z",
    regex.I,
)
"""What asks for an answer's words, in front of them: 'respond with "The answer is B"'."""

_CLAUSE_END = lazy_regex(r"[.,;:!?。，；：！？।۔]")
_QUOTE = lazy_re(r">[ \t]+(?=\S)")
_HEADING = lazy_re(r"[ \t*_#]*(?:\n|$)")
_HASHES = lazy_re(r"^[ \t]*####(?!#)[ \t]*([^\n]*)", re.M)
_NUMBERISH = lazy_re(r"[*_ ]*(?:[-+−$€£¥\\]|\d(?!\d{0,2}[.)] )|[^\W\d_]\W*$)")
_SPEAKER = lazy_re(
    r"^[ \t*_>]{0,6}(?:A[*_]{0,3}[ \t]*[:：=]|Ans[*_]{0,3}[ \t]*[.:：=])[*_ \t]{0,4}([^\n]*)",
    re.I | re.M,
)
"""An answer behind "A:", "Ans:" or "Ans."."""
_TOKEN_BOX = lazy_re(r"<\|begin_of_box\|>([^<]{1,2000})<\|end_of_box\|>")
"""The box that GLM's models draw around an answer."""

_TAG = lazy_re(
    rf"(?:<(?P<close>/)?\|?(?:{'|'.join(known.TAGS)})\|?>"
    rf"|\[(?P<square>/)?(?:{'|'.join(known.TAGS)})\])",
    re.I,
)


@lru_cache(maxsize=16)  # every scorer of a task asks for the same output
def announcements(output: str) -> tuple[Announcement, ...]:
    """Return what an output announces as its answer, in order."""
    found = [*_boxed(output), *_tagged(output), *_hashed(output), *_named(output)]
    return tuple(sorted(found, key=lambda one: one.start))


def without_closing(text: str) -> str:
    """Return a text without the verb that closes its sentence ("Bです", "B है", "B입니다")."""
    return text[:-CLOSING_CHARS] + _CLOSING.sub("", text[-CLOSING_CHARS:])


def without_reason(text: str) -> str:
    """Return an answer without the reason behind it ('"Oslo" as …', "Oslo because …")."""
    return _REASON_BEHIND.sub("", text)


def _boxed(output: str) -> Iterator[Announcement]:
    r"""Yield what is in boxes; one that is denied only where all are: "not \boxed{4}"."""
    found = list(boxes(output))[-MAX_NOUNS:] if "\\" in output else []
    denied = [denied_at_once(output, start, end) is not None for start, end, _ in found]
    for (start, end, text), no in zip(found, denied, strict=True):
        if not no or all(denied):
            yield Announcement(start, end, f"not {text}" if no else text)
    for match in _TOKEN_BOX.finditer(output):
        yield Announcement(match.start(), match.end(), match[1].strip())


def _tagged(output: str) -> Iterator[Announcement]:
    """Yield the content of each tag; one that is not closed was cut at a stop sequence."""
    opened: re.Match[str] | None = None
    for match in _TAG.finditer(output):
        if match["close"] or match["square"]:
            if opened is not None:
                text = output[opened.end() : match.start()].strip()
                yield Announcement(opened.start(), match.end(), text, tag=True)
            opened = None
        else:
            opened = match
    if opened is not None:
        text = output[opened.end() :].strip()
        yield Announcement(opened.start(), len(output), text, tag=True)


def _hashed(output: str) -> Iterator[Announcement]:
    """Yield what follows ``####``, unless that is the heading of a section."""
    for match in _HASHES.finditer(output):
        if _NUMBERISH.match(match[1]) or not output[match.end() : match.end() + 200].strip():
            yield Announcement(match.start(), match.end(), match[1].strip())


def _named(output: str) -> Iterator[Announcement]:
    """Yield what follows a noun for the answer; prose ends at the next such noun."""
    for match in _SPEAKER.finditer(output):
        yield Announcement(match.start(), match.end(), match[1], firm=False)
    nouns = [match for match in _NOUN.finditer(output) if _stands_alone(match)][-MAX_NOUNS:]
    for index, noun in enumerate(nouns):
        following = nouns[index + 1].start() if index + 1 < len(nouns) else len(output)
        if (one := _of_noun(output, noun.start(), noun.end(), following)) is not None:
            yield one


def _stands_alone(match: re.Match[str]) -> bool:
    """Return whether a noun is a word of its own, no part of a word, tag or path."""
    text, start, end = match.string, match.start(), match.end()
    return _GLUED.match(match[0]) is not None or not (
        (start and _BEFORE_NOUN.match(text[start - 1])) or _AFTER_NOUN.match(text, end)
    )


def _of_noun(output: str, start: int, end: int, following: int) -> Announcement | None:
    """Return what the noun at a place announces."""
    line = output.rfind("\n", max(0, start - 80), start) + 1
    before = output[max(line, start - 80) : start]
    chooses = output[start:end].lower() in known.CHOOSING
    if not _is_meant(output, start, end, before):
        return None
    head = _HEAD.fullmatch(before) if line or start < 80 else None
    colon, link = (None, None) if chooses else _joint(output, end)
    if (
        head is not None
        and not chooses
        and (opens := _opening(output, end, head, colon or link)) is not None
    ):
        firm = colon is None or len(colon["words"].split()) <= 3
        return Announcement(start, *_rest(output, opens), firm=firm)
    if link is not None or (colon is not None and _CLAUSE_END.search(before)):
        joint = link or colon
        assert joint is not None
        # "答案不是C", "la respuesta no es C": the negation stays in what is read.
        opens = end if NEGATION.search(joint[0]) or _NO.search(joint[0]) else joint.end()
        stop, text = _line(output, opens, following)
        unsure = asked(text) or _CONDITION.search(text) or dismissed(text, 0)
        unsure = unsure or slighted(output[end : joint.end()])
        unsure = unsure or counterfactual(output, joint.end(), joint.end())
        return None if unsure else Announcement(start, stop, text, firm=False)
    bare = _BARE.match(output, end)
    if bare is None or output[bare.end() : bare.end() + 1] in ("?", "？", "؟"):
        return None
    answer = _REASON.sub("", bare[1])
    closed = _CLOSING.search(answer) is not None
    return Announcement(start, bare.end(), without_closing(answer), firm=False, bare=not closed)


def _is_meant(output: str, start: int, end: int, before: str) -> bool:
    """Return whether a noun is no tag's name, and its answer neither wrong nor another's."""
    if output[start - 1 : start] == "[" and _TAG.match(output, start - 1):
        return False
    clause = _CLAUSE_END.split(before)[-1]
    noun = output[start:end]
    if _REJECTING.search(clause) or slighted(clause, noun) or _INSTRUCTED.search(before):
        return False
    shared = agreed(output, end)
    if SUPPOSED.search(clause) and not shared:
        return False
    if _DOUBTING.search(clause) or _EACH.search(clause):
        return False
    chooses = noun.lower() in (*known.CHOOSING, "answer")
    return shared or not anothers(sentence_before(output, start), chooses=chooses)


def told_by_another(text: str, start: int) -> bool:
    """Return whether the sentence before a place announces an answer that is not the writer's.

    Example:
        >>> told_by_another("According to my friend, the answer is 4", 38)
        True
    """
    before = sentence_before(text, start)
    return any(
        anothers(before)
        or counterfactual(text, start, start)
        or slighted(before[: noun.start()], noun[0])
        for noun in _NOUN.finditer(before)
        if _stands_alone(noun)
        and noun[0].lower() not in known.CHOOSING
        and len(before) - noun.end() <= MAX_LINK_CHARS
    )


def _joint(output: str, end: int) -> tuple[_Match | None, _Match | None]:
    """Return the colon or the linking word behind a noun, whichever comes first."""
    colon, link = _COLON.match(output, end), _LINK.match(output, end)
    if colon is not None and colon["colon"] == "=" and any(map(str.isdecimal, colon["words"])):
        colon = None  # "in each class 4 * 2 = 8": a calculation, not the noun's answer
    if link is not None and (colon is None or link.end() <= colon.end()):
        return None, link
    return colon, None


def _opening(output: str, end: int, head: _Match, joint: _Match | None) -> int | None:
    """Return where the answer begins if a line is opened by a noun and a colon, or a heading."""
    if joint is not None:
        return joint.end() if joint["colon"] else None
    return end if head["markup"].strip() and _HEADING.match(output, end) else None


def _line(output: str, start: int, following: int) -> tuple[int, str]:
    """Return the rest of a line, at most up to the next noun for an answer."""
    stop = output.find("\n", start)
    stop = len(output) if stop < 0 else stop
    if start < following < stop and output[start:following].strip(" *_").lower() not in _ARTICLES:
        stop = following
    return stop, output[start:stop].strip()


def _rest(output: str, start: int) -> tuple[int, str]:
    """Return the rest of a line; where it is empty, the block that comes next."""
    stop = output.find("\n", start)
    stop = len(output) if stop < 0 else stop
    if output[start:stop].strip(" \t*_#"):
        return stop, output[start:stop].strip()
    block = _QUOTE.sub("", output[stop : stop + MAX_BLOCK_CHARS].lstrip(), count=1)
    if not block.startswith(("```", "~~~")):
        block = re.split(r"\n[ \t]*\n", block, maxsplit=1)[0].strip()
    return min(len(output), stop + len(block)), block
