"""What a row says under names that no format reads, and that would be lost or trained on.

Names are compared without case and punctuation, so that ``systemPrompt`` is ``system_prompt``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from evalguard.training.formats.layout import MEANT, REASONING, SPEAKERS


@lru_cache(maxsize=4096)
def plain_name(name: str) -> str:
    """Return a name without case, blanks, punctuation and invisible characters.

    Example:
        >>> plain_name("Complex_CoT"), plain_name(" systemPrompt")
        ('complexcot', 'systemprompt')
    """
    return "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum())


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text that lists them."""
    return frozenset(text.split())


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")


@lru_cache(maxsize=4096)
def name_words(name: str) -> tuple[str, ...]:
    """Return the words of a name.

    Example:
        >>> name_words("kbArticle"), name_words("option_a"), name_words("meta.isTest2")
        (('kb', 'article'), ('option', 'a'), ('meta', 'is', 'test', '2'))
    """
    return tuple(one.casefold() for one in _WORD.findall(unicodedata.normalize("NFKC", name)))


_SYSTEM = (
    *("instructions", "system_instruction", "system_instructions", "system_text", "system_msg"),
    *("sys", "sys_prompt", "system_prompt_text", "preamble", "developer_prompt"),
    *("developer_message", "role_prompt", "task_description", "guidelines"),
)
_BEFORE = (
    *("chat_history", "conversation_history", "dialogue_history", "dialog_history"),
    *("previous_messages", "previous_turns", "prior_messages", "prior_turns", "turns", "dialog"),
    *("dialogue", "transcript", "demonstrations", "few_shot", "few_shot_examples"),
)
_DOCUMENTS = (
    *("passages", "document", "source_text", "docs", "ctx", "ctxs", "chunks", "knowledge"),
    *("evidence", "background"),
    *("retrieved_context", "retrieved_contexts", "retrieved_documents", "retrieved_docs"),
    *("retrieved_passages", "retrieved_chunks", "context_documents", "search_results"),
)
_THOUGHT = (
    *("rationale", "rationales", "cot", "complex_cot", "chain_of_thought", "thought", "thoughts"),
    *("think", "scratchpad", "reasoning_trace", "reasoning_text", "reasoning_steps"),
    *("reasoning_details", "thinking_trajectory", "thinking_trajectories"),
)
_AROUND = ("prefix", "middle", "suffix")
"""What is around a gap that an answer fills."""

_PARTS = (*MEANT, *_SYSTEM, *_BEFORE, *_AROUND)
_REASONED = frozenset(map(plain_name, (*REASONING, *_THOUGHT)))
_READ_FROM = frozenset(map(plain_name, ("context", "contexts", "documents", *_DOCUMENTS)))
_BELONGING = frozenset(map(plain_name, (*_PARTS, *_DOCUMENTS, *_THOUGHT)))

_MATERIAL = words_of(
    "article articles passage passages document documents doc docs snippet snippets chunk chunks"
    " excerpt excerpts paragraph paragraphs schema ddl transcript knowledge kb evidence facts"
    " persona scenario background premise context contexts prompt instruction instructions starter"
    " steps policy manual handbook definition body table tables code abstract"
)
"""Words in names of what a question needs, or an answer is made from."""

_DESCRIBING = words_of(
    "id ids uuid key url urls uri link links path file filename name names title titles type kind"
    " lang language source sources date time version count counts num number total length len size"
    " tokens token chars score scores rating hash index idx rank category topic tag tags template"
    " original raw seed initial author model license status format quality note notes comment"
    " comments style strategy method mode level group family domain cutoff"
)
"""Words in names of what only describes a row."""

_REMARKS = words_of(
    "note notes comment comments remark remarks feedback reason reasons explanation critique review"
    " judge judgement judgment log logs trace stdout stderr debug license metadata meta original"
    " raw html embedding description annotation annotations rationale error errors"
    " rendered formatted"
)
"""Words in names of long texts that are about a row, and no part of it."""

_MAKING = words_of(
    "labelling labeling generation generating generator judging grading grader scoring rating"
    " evaluation eval annotation annotator distilabel synthesis rewriting paraphrasing judge reward"
    " critique"
)
"""Words in names of what a row was made or judged with: it was asked of another model."""

_LONG = 200
"""Characters of a text that is more than a remark."""

_TAG = re.compile(r"\s*[\w./:@+,#-]+(?:\s+[\w./:@+,#-]+)?\s*")
"""A word or two, without the marks of code."""

_ANSWER = (
    "(?:answer|response|output|completion|solution|reply|text|messages?|conversations?|dialogue)"
)
_OTHER_ANSWER = re.compile(
    f"(?:corrected|edited|revised|improved|rewritten|fixed|gold|golden|reference|expected|ideal"
    f"|best|better|final|human|alternative|target|generated|chosen|rejected|correct|incorrect"
    f"|wrong){_ANSWER}s?|{_ANSWER}[0-9ab]"
    f"|{_ANSWER}(?:corrected|edited|revised|improved|rewritten|fixed|gold|golden|ideal"
    "|responses?|suggestions?)"
    "|corrected|groundtruth|expected|ideal|gold|golden|targets?|attempts?|generations"
)
"""Another answer than the one that is read: the reference, or what people made of it."""

_CALLS = re.compile(
    "(?:available|allowed)(?:tool|function|api)s?"
    "|(?:tool|function|api)s?(?:call|use|result|response|output|definition|schema|spec)(?:s|ed)?"
    "|(?:tool|function)scalled"
)
"""Calls, their results, and what may be called."""

_PICTURED = re.compile(
    "(?:images?|img|audios?|videos?|pictures?|photos?)"
    "(?:path|file|filename|url|uri|bytes|base64|data)?s?|pixelvalues|attachments?"
)


def belongs(column: str, *, answers: bool = True) -> bool:
    """Return whether a column is a part of the question, of the answer, or of what precedes them.

    Args:
        column: Its name.
        answers: Whether another answer counts: beside two answers, it is only where they are from.

    Example:
        >>> [belongs(name) for name in ("Context", "passages", "expected_output", "category")]
        [True, True, True, False]
    """
    name = plain_name(column)
    if not answers and name in ("rationale", "rationales"):
        return False  # why one of the two is preferred
    if name in _BELONGING or _CALLS.fullmatch(name) or _PICTURED.fullmatch(name):
        return True
    return answers and names_answers(column)


_NOTHING = re.compile(
    r"(?:none|nil|null|undefined|nan|n/?a|no|never|not applicable|no error|ok|okay|success"
    r"|-+|–|—|\?|0+(?:[-:. ]0+)*)\.?",
    re.I,
)
"""Texts that people write where there is nothing to say."""

_NOUNS = words_of(
    "knowledge background evidence document docs ctx ctxs chunks dialog dialogue transcript"
    " turns prefix middle suffix thought think cot guidelines preamble demonstrations"
)
"""Names that are also those of a property: one word or two under them are a tag."""

_ORDINAL = re.compile(r"(?:\d+(?:st|nd|rd|th)?(?:\s*(?:of|/)\s*\d+)?|first|second|third|last)\.?")

_TAGGED = words_of(
    "intent difficulty task_category input_quality quality_explanation llama_guard_2 quality"
    " instruct_reward"
)
"""Columns of Magpie's taggers, who also write which knowledge a question needs."""


_WHO = words_of(
    "annotator worker user reviewer rater labeller labeler editor speaker model temperature top"
    " confidence probability reward difficulty quality toxic flagged safe split intent"
)
"""Words in names of who made a row, with what, and what they found it to be."""


def says_none(value: Any) -> bool:
    """Return whether a value is what people write where there is nothing to say.

    Example:
        >>> [says_none(one) for one in ("None", "n/a", "no error", "-", "E-404")]
        [True, True, True, True, False]
    """
    return isinstance(value, str) and _NOTHING.fullmatch(value.strip()) is not None


def is_property(column: str, value: Any, beside: Iterable[str] = ()) -> bool:
    """Return whether a column with the name of a part of the row holds a property of it.

    Args:
        column: Its name.
        value: What it says.
        beside: The columns of the row.

    Example:
        >>> is_property("knowledge", "biology"), is_property("attempt", "2 of 3")
        (True, True)
        >>> is_property("knowledge", "Oslo is the capital."), is_property("attempt", "Oslo")
        (False, False)
    """
    name = plain_name(column)
    if name == "knowledge" and len(_TAGGED.intersection(beside)) > 1:
        return True
    if not isinstance(value, str) or column in MEANT:
        return False
    text = value.strip()
    if name in ("attempt", "attempts"):
        return says_none(value) or _ORDINAL.fullmatch(text.casefold()) is not None
    if names_answers(column):
        return name == "corrected" and text.casefold() in ("true", "false", "yes", "no")
    if says_none(value) or text.isdecimal():
        return True
    return name in _NOUNS and _TAG.fullmatch(value) is not None and text[-1:] not in (".", "!", "?")


def names_answers(column: str) -> bool:
    """Return whether a column holds other answers than the one that is read, by its name.

    Example:
        >>> names_answers("generations"), names_answers("choices")
        (True, False)
    """
    return _OTHER_ANSWER.fullmatch(plain_name(column)) is not None


def is_about(column: str) -> bool:
    """Return whether a name says that a column describes its row, or remarks on it.

    Example:
        >>> is_about("model_name"), is_about("sentence")
        (True, False)
    """
    return bool({*name_words(column)} & (_DESCRIBING | _REMARKS | _MAKING | _WHO))


def is_material(column: str, value: Any) -> bool:
    """Return whether a column holds a text that a question needs, or an answer is made from.

    A word in its name says so, where the value is more than a tag; or the text is long, and
    nothing in its name says that it is a remark.

    Example:
        >>> is_material("kb_article", "Press the reset button for ten seconds.")
        True
        >>> is_material("schema", "public"), is_material("article_url", "https://a.b/c d e f")
        (False, False)
    """
    words = {*name_words(column)}
    if words & _MAKING:
        return False
    if not words & _MATERIAL or words & _DESCRIBING:
        return _is_long_prose(value) and not words & (_REMARKS | _DESCRIBING)
    if isinstance(value, str):
        return _TAG.fullmatch(value) is None
    return isinstance(value, list | dict) and bool(value)


def _is_long_prose(value: Any) -> bool:
    """Return whether a value is a long text, and neither JSON nor a code without blanks."""
    if not isinstance(value, str) or len(value) < _LONG or value.lstrip().startswith(("{", "[")):
        return False
    return " " in value.strip() or not value.isascii()


def chosen_column(columns: Iterable[str], answer: str) -> str | None:
    """Return the column of a choice that an answer names; ``None`` where it names none.

    Choices are columns that differ in a letter or a number, such as ``A`` and ``option_b``.

    Example:
        >>> chosen_column(["id", "option_a", "option_b"], "b")
        'option_b'
        >>> chosen_column(["id", "option_a", "option_b"], "Oslo") is None
        True
    """
    series: dict[tuple[str, ...], dict[str, str]] = {}
    for column in columns:
        *stem, last = name_words(column) or ("",)
        if len(last) == 1:
            series.setdefault(tuple(stem), {})[last] = column
    named = answer.strip().strip("().:").casefold()
    return next((one[named] for one in series.values() if len(one) > 1 and named in one), None)


_LABELS = words_of(
    "sentiment intent intents emotion emotions entity entities span spans polarity stance slots"
    " relations triples ner highlights keyphrases"
)
_LABELLING = re.compile("(?:gold|class|true)?labels?(?:text|names?|ids?)?|class(?:es|names?)?")


def labels_text(column: str, value: Any) -> bool:
    """Return whether a column beside a text is what a model is to make of it; a fraction is not.

    Example:
        >>> labels_text("intent", "cancel"), labels_text("sentiment", 0.3)
        (True, False)
    """
    if isinstance(value, float) or (name_words(column) and {*name_words(column)} & _DESCRIBED):
        return False
    named = {*name_words(column)} & _LABELS
    return bool(named) or _LABELLING.fullmatch(plain_name(column)) is not None


_DESCRIBED = _DESCRIBING - {"name", "names", "id", "ids", "type"}


def belongs_to_message(key: str) -> bool:
    """Return whether a key of a message holds reasoning, documents, calls or media."""
    name = plain_name(key)
    return (
        name in _REASONED
        or name in _READ_FROM
        or bool(_CALLS.fullmatch(name) or _PICTURED.fullmatch(name))
    )


_PARTIES = words_of("user assistant agent customer client bot operator prompter human")
_IS_PARTY = re.compile("(?:is|from|by)(?:user|assistant|agent|customer|client|bot|operator)")
_IN_TALK = re.compile("(?:parent|conversation|dialog(?:ue)?|chat|channel)(?:id|index)")
_TURNS = re.compile("(?:turn|utterance)(?:id|idx|index|number|no|num)?")


def names_speaker(column: str, value: Any, *, beside: Iterable[str] = ()) -> bool:
    """Return whether a column beside a text says who speaks, or in which turn.

    Args:
        column: Its name.
        value: What it says.
        beside: The columns of the row: ids of a conversation make its author a speaker.

    Example:
        >>> names_speaker("speaker", "Ann"), names_speaker("is_agent", False)
        (True, True)
        >>> names_speaker("author", "Jane Austen"), names_speaker("author", "assistant")
        (False, True)
        >>> names_speaker("author", "Ann", beside=["author", "parent_id"])
        True
    """
    name = plain_name(column)
    if value in ("", [], {}) or (isinstance(value, str) and not value.strip()):
        return False
    if name in ("from", "sender", "author"):  # of a letter or an article, too
        party = not isinstance(value, str) or value.strip().casefold() in _PARTIES
        return party or any(_IN_TALK.fullmatch(plain_name(one)) for one in beside)
    return name in SPEAKERS or bool(_IS_PARTY.fullmatch(name) or _TURNS.fullmatch(name))


_STANDS_FOR_NOTHING: Mapping[str, re.Pattern[str]] = {
    "a text is an error of a spreadsheet, such as #N/A": re.compile(
        r"#(?:N/A|NAME\?|REF!|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!)"
    ),
    "a text is '[deleted]' or '[removed]'": re.compile(r"\[(?:deleted|removed)\]", re.I),
    "a text is written as Python's bytes, b'…'": re.compile(r"b'[^']*'|b\"[^\"]*\""),
    'a text is a formula of a spreadsheet, ="…"': re.compile(r'="[^"]*"'),
}

_MARKS = re.compile(
    r"<\|(?:im_start|im_end|im_sep|eot_id|eom_id|start_header_id|end_header_id|begin_of_text"
    r"|end_of_text|endoftext|end_of_turn|user|assistant|system|end|eot|begin_of_solution)\|>"
    r"|<(?:start|end)_of_turn>|\[/?INST\]|<</?SYS>>|\A\s*<s>|</s>\s*\Z|<｜(?:User|Assistant)｜>"
    r"|^### (?:Human|Assistant|User|Instruction|Response):",
    re.M,
)
"""Marks of turns, as chat templates write them; most are no tokens of another model."""


def oddities(text: str) -> set[str]:
    """Return what is odd about a text that is trained on, in the same words for every text.

    Example:
        >>> oddities("It left today.</s>")
        {"a text holds '</s>', a turn marker of a chat template"}
        >>> oddities("It left today.")
        set()
    """
    found = {why for why, whole in _STANDS_FOR_NOTHING.items() if whole.fullmatch(text.strip())}
    if mark := _MARKS.search(text):
        found.add(f"a text holds '{mark.group().strip()}', a turn marker of a chat template")
    return found
