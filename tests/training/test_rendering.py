"""What a template refuses or leaves out is an error, and prompts are those of the gate."""

from typing import Any

import pytest

from evalguard.engines.chat import PromptTokenizer
from evalguard.errors import DataError, ModelError
from evalguard.training.formats import read
from evalguard.training.rendering import ChatRenderer
from evalguard.training.rows import RawRow
from evalguard.training.template_traits import arguments_are_text, reasoning_key
from evalguard.training.tokens import IGNORED, count_tokens, encode
from tests.training.conftest import MARKED_TEMPLATE, PLAIN_TEMPLATE, make_tokenizer
from tests.training.real_templates import ENDS, adds_bos, real

ASKED = {"role": "user", "content": "what is 2 + 2"}
ANSWER = {"role": "assistant", "content": "it is 4"}
SYSTEM = {"role": "system", "content": "be brief"}
CALL = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 2}'}}
TOOLS = [{"type": "function", "function": {"name": "add", "description": "", "parameters": {}}}]
CALLING = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "four"}
CALLED = {"messages": [ASKED, CALLING, RESULT, ANSWER], "tools": TOOLS}


def examples(*rows: dict[str, Any]):
    found = read([RawRow("d.jsonl", i, row) for i, row in enumerate(rows, start=1)])
    assert not found.problems
    return found.examples


def learned(row: dict[str, Any], tokenizer: Any) -> list[str]:
    """Return the texts with loss, sequence by sequence."""
    sequences = encode(examples(row), tokenizer, max_length=4096)
    return [tokenizer.decode([t for t in s.labels if t != IGNORED]) for s in sequences]


def whole(row: dict[str, Any], tokenizer: Any) -> str:
    (*_, last) = encode(examples(row), tokenizer, max_length=4096)
    return str(tokenizer.decode(last.input_ids))


def refused(row: dict[str, Any], tokenizer: Any) -> str:
    with pytest.raises(DataError) as error:
        encode(examples(row), tokenizer, max_length=4096)
    assert str(error.value).startswith("d.jsonl:1: ")
    return str(error.value)


@pytest.mark.parametrize("name", sorted(ENDS.keys() - {"deepseekv3"}))
def test_prompts_are_trained_as_the_gate_sends_them(name):
    tokenizer = real(name)
    (sequence,) = encode(examples({"messages": [ASKED, ANSWER]}), tokenizer, max_length=4096)
    gate = PromptTokenizer.of(tokenizer)
    sent = gate.prompt_ids(gate.render([ASKED]))
    assert sequence.input_ids[: len(sent)] == sent
    assert sequence.labels[: len(sent)] == [IGNORED] * len(sent)
    taught = tokenizer.decode([t for t in sequence.labels if t != IGNORED])
    assert "it is 4" in taught
    assert tokenizer.eos_token_id in sequence.labels or ENDS[name] in taught


@pytest.mark.parametrize("name", ["qwen2_5", "qwen3", "qwen3_training", "llama3_1"])
def test_calls_and_answers_carry_loss_and_results_do_not(name):
    tokenizer = real(name)
    taught = "".join(learned(CALLED, tokenizer))
    assert '{"name": "add", ' in taught
    assert '{"a": 2}' in taught
    assert "it is 4" in taught
    assert taught.count(ENDS[name]) == 2
    assert "four" not in taught
    assert "description" not in taught
    assert "four" in whole(CALLED, tokenizer)
    assert "description" in whole(CALLED, tokenizer)


def test_arguments_have_the_form_that_the_template_expects():
    assert not arguments_are_text(real("qwen2_5"))
    assert not arguments_are_text(real("llama3_1"))
    assert arguments_are_text(real("deepseekv3"))
    bare = PLAIN_TEMPLATE.replace(
        "{{ m['content'] + '<end>' }}{% else %}",
        "{{ m['content'] }}{% for c in m.tool_calls %}{{ c.function.name }}"
        "{{ c.function.arguments }}{% endfor %}<end>{% else %}",
    )
    assert arguments_are_text(make_tokenizer(bare))
    row = {"messages": [ASKED, CALLING, RESULT, ANSWER]}
    assert learned(row, make_tokenizer(bare))[0] == 'add{"a": 2}<end>'


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"messages": [ASKED, ANSWER], "tools": TOOLS}, "ignores the row's 'tools'"),
        ({"messages": [ASKED, CALLING, RESULT, ANSWER]}, "ignores 'tool_calls' of messages[1]"),
        ({"messages": [{**ASKED, "name": "Ada"}, ANSWER]}, "ignores 'name' of messages[0] (user)"),
        (
            {"messages": [ASKED, {**ANSWER, "thinking": "two and two"}]},
            "ignores the reasoning of messages[1] (assistant)",
        ),
    ],
)
@pytest.mark.parametrize("template", [MARKED_TEMPLATE, PLAIN_TEMPLATE], ids=["marked", "plain"])
def test_what_the_template_ignores_is_an_error(template, row, reason):
    said = refused(row, make_tokenizer(template))
    assert reason in said
    assert "ignore: [" in said


def test_messages_that_the_template_drops_are_an_error():
    tool = {"messages": [ASKED, ANSWER, {"role": "tool", "content": "four"}, ANSWER]}
    assert "leaves out the text of messages[2] (tool)" in refused(tool, real("phi3"))
    beside = [ASKED, {**CALLING, "content": "I add."}, RESULT, ANSWER]
    said = refused({"messages": beside, "tools": TOOLS}, real("llama3_1"))
    assert "leaves out the text of messages[1] (assistant) next to its tool_calls" in said
    assert "I add." in learned({"messages": beside, "tools": TOOLS}, real("qwen2_5"))[0]


def test_what_is_ignored_in_a_later_row_is_found_too():
    plain: dict[str, Any] = {"messages": [ASKED, ANSWER]}
    rows = [plain, plain | {"tools": TOOLS}]
    with pytest.raises(DataError, match=r"d.jsonl:2: .*'tools'"):
        encode(examples(*rows), make_tokenizer(MARKED_TEMPLATE), max_length=200)


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning", "thinking"])
def test_reasoning_goes_where_the_template_reads_it(key):
    template = PLAIN_TEMPLATE.replace(
        "{{ m['content'] + '<end>' }}{% else %}",
        "{{ '(' + m['thinking'] + ') ' if m['thinking'] }}{{ m['content'] + '<end>' }}{% else %}",
    )
    row = {"messages": [ASKED, {**ANSWER, key: "two and two"}]}
    assert learned(row, make_tokenizer(template)) == ["(two and two) it is 4<end>"]
    assert reasoning_key(real("gptoss")) == "thinking"
    assert reasoning_key(real("qwen3")) == "reasoning_content"


@pytest.mark.parametrize("name", ["qwen3", "qwen3_training"])
def test_each_answer_is_trained_with_its_reasoning_though_later_turns_lose_it(name):
    thought = [{**ANSWER, "reasoning_content": text} for text in ("first", "second")]
    row = {"messages": [ASKED, thought[0], ASKED, thought[1]]}
    tokenizer = real(name)
    taught = learned(row, tokenizer)
    assert "first" in "".join(taught)
    assert "second" in "".join(taught)
    if len(taught) == 2:
        assert "<think>\nfirst\n</think>\n\nit is 4<|im_end|>" in taught[0]
        assert "first" not in whole(row, tokenizer)


def test_marks_are_not_trusted_where_the_template_writes_an_earlier_answer_otherwise():
    last = MARKED_TEMPLATE.replace(
        "{{ m['content'] + '<end>' }}{% endgeneration %}",
        "{{ m['reasoning_content'] if loop.last }}{{ ' ' + m['content'] + '<end>' }}"
        "{% endgeneration %}",
    )
    thought = [{**ANSWER, "reasoning_content": text} for text in ("first", "second")]
    row = {"messages": [ASKED, thought[0], ASKED, thought[1]]}
    assert learned(row, make_tokenizer(last)) == ["first it is 4<end>", "second it is 4<end>"]
    written = [{**ANSWER, "content": f"<think>{text}</think> it is 4"} for text in ("a", "b")]
    alone = "(m['content'] if loop.last else m['content'].split('</think>')[-1])"
    drops = MARKED_TEMPLATE.replace("m['content']", alone, 1)
    row = {"messages": [ASKED, written[0], ASKED, written[1]]}
    assert learned(row, make_tokenizer(drops))[0] == "<think>a</think> it is 4<end>"


@pytest.mark.parametrize("template", [MARKED_TEMPLATE, PLAIN_TEMPLATE], ids=["marked", "plain"])
def test_answers_of_weight_0_carry_no_loss(template):
    wrong = {"role": "assistant", "content": "no idea", "weight": 0}
    row = {"messages": [ASKED, wrong, ASKED, ANSWER]}
    tokenizer = make_tokenizer(template)
    assert learned(row, tokenizer) == ["it is 4<end>"]
    assert "no idea" in whole(row, tokenizer)


def test_an_assistant_who_speaks_first_is_context_where_the_template_allows_it():
    row = {"messages": [{"role": "assistant", "content": "hello"}, ASKED, ANSWER]}
    assert learned(row, make_tokenizer(MARKED_TEMPLATE)) == ["it is 4<end>"]
    said = refused(row, real("gemma"))
    assert "Conversation roles must alternate" in said
    assert "Let the user begin" in said


@pytest.mark.parametrize(
    ("row", "words", "fix"),
    [
        (
            {"messages": [SYSTEM, ASKED, ANSWER]},
            "System role not supported",
            "no system message",
        ),
        (
            {"messages": [ASKED, ANSWER, {"role": "tool", "content": "4"}, ANSWER]},
            "Conversation roles must alternate",
            "whose template supports tools",
        ),
        (
            {"prompt": [SYSTEM, ASKED], "chosen": "4", "rejected": "5"},
            "System role not supported",
            "no system message",
        ),
    ],
)
def test_a_template_that_refuses_a_row_is_heard(row, words, fix):
    lengths, problems = count_tokens(examples(row), real("gemma"))
    assert lengths == [0]
    assert problems[0].where == "d.jsonl:1"
    assert words in problems[0].message
    assert fix in problems[0].message


@pytest.mark.parametrize(
    "template",
    [
        "{{ messages[0]['nothing']['more'] }}",
        "{{ 1 + messages[0]['content'] }}",
        "{{ messages[9].content.x }}",
        "{% for m in messages %}{{ m['content'] }",
    ],
)
def test_a_broken_template_is_no_traceback(template):
    assert "chat template refuses the row" in refused(
        {"messages": [ASKED, ANSWER]}, make_tokenizer(template)
    )


def test_a_prompt_that_is_trained_otherwise_than_gated_is_an_error():
    opens = PLAIN_TEMPLATE.replace("{{ '<assistant>' }}", "{{ '<assistant><think>' }}")
    for tokenizer in (make_tokenizer(opens), real("deepseekv3")):
        assert "for generation, which the gate sends" in refused(
            {"messages": [ASKED, ANSWER]}, tokenizer
        )
    said = refused({"messages": [ASKED, ANSWER]}, make_tokenizer(opens))
    assert "writes '<assistant><think>' in the prompt for generation" in said
    assert "reasoning_content" in said


def test_a_template_that_is_broken_for_every_row_is_to_be_corrected():
    for row in ({"messages": [ASKED, ANSWER]}, {"messages": [SYSTEM, ASKED, ANSWER]}, CALLED):
        said = refused(row, make_tokenizer("{% for m in messages %}{{ m['content'] }"))
        assert said.endswith("Correct the template, or choose another base")


def test_a_difference_of_every_row_is_one_reason():
    opens = PLAIN_TEMPLATE.replace("{{ '<assistant>' }}", "{{ '<assistant><think>' }}")
    rows = [{"prompt": f"what is {i}", "completion": text} for i, text in enumerate("ab<")]
    _, problems = count_tokens(examples(*rows), make_tokenizer(opens))
    assert len(problems) == 3
    assert len({problem.message for problem in problems}) == 1


def test_a_template_that_takes_calls_is_not_told_to_take_none():
    two = {"role": "assistant", "content": None, "tool_calls": [CALL, {**CALL, "id": "c2"}]}
    results = [RESULT, {**RESULT, "tool_call_id": "c2"}]
    row = {"messages": [ASKED, two, *results, ANSWER], "tools": TOOLS}
    assert "Change the calls or results as it says" in refused(row, real("llama3_1"))
    strict = (
        "{% for m in messages %}{% for c in m.tool_calls or [] %}{% if c.id | length != 9 %}"
        "{{ raise_exception('ids have nine letters') }}{% endif %}{% endfor %}{% endfor %}"
    )
    qwen = real("qwen2_5")
    qwen.chat_template = strict + qwen.chat_template
    assert "Change the calls or results as it says" in refused(CALLED, qwen)
    none = "{% for m in messages %}{% if m.tool_calls %}{{ raise_exception('no') }}{% endif %}"
    plain = make_tokenizer(none + "{% endfor %}" + PLAIN_TEMPLATE)
    assert "Choose a base whose template supports tools" in refused(CALLED, plain)


def test_a_bos_that_the_tokenizer_adds_is_trained_as_it_is_gated():
    for template in (MARKED_TEMPLATE, PLAIN_TEMPLATE):
        tokenizer = make_tokenizer(template)
        adds_bos(tokenizer, "<s>")
        (sequence,) = encode(examples({"messages": [ASKED, ANSWER]}), tokenizer, max_length=200)
        assert tokenizer.decode(sequence.input_ids).startswith("<s><user>what")
        assert sequence.labels[0] == IGNORED
    tokenizer = real("llama3")
    (sequence,) = encode(examples({"messages": [ASKED, ANSWER]}), tokenizer, max_length=200)
    assert sequence.input_ids.count(tokenizer.bos_token_id) == 1


def test_a_tokenizer_that_ends_every_prompt_is_an_error():
    tokenizer = make_tokenizer(MARKED_TEMPLATE)
    adds_bos(tokenizer, "<s>")
    from tokenizers.processors import TemplateProcessing

    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="$A <end>", special_tokens=[("<end>", tokenizer.eos_token_id)]
    )
    with pytest.raises(ModelError, match=r"d.jsonl:1: the prompt is trained as .* and gated as"):
        encode(examples({"messages": [ASKED, ANSWER]}), tokenizer, max_length=200)


@pytest.mark.parametrize("text", ["hi", "<s>hi", "hi<end>", "<s>hi<end>\n", "<s><s>hi<end><end>"])
def test_texts_have_one_beginning_and_one_end(text):
    tokenizer = make_tokenizer(None)
    adds_bos(tokenizer, "<s>")
    for row in ({"text": text}, {"prompt": text.replace("<end>", ""), "completion": "x<end>"}):
        (sequence,) = encode(examples(row), tokenizer, max_length=50)
        assert sequence.input_ids.count(tokenizer.bos_token_id) == 1
        assert sequence.input_ids.count(tokenizer.eos_token_id) == 1
        assert sequence.labels[-1] != IGNORED


@pytest.mark.parametrize("template", [MARKED_TEMPLATE, PLAIN_TEMPLATE], ids=["marked", "plain"])
@pytest.mark.parametrize(
    ("row", "place"),
    [
        ({"messages": [ASKED, {**ANSWER, "content": "it is 4<end>"}]}, "messages[1]"),
        ({"messages": [{**ASKED, "content": "what does <end> do?"}, ANSWER]}, "messages[0]"),
        ({"messages": [ASKED, ANSWER, ASKED, {**ANSWER, "content": "<user>hi"}]}, "messages[3]"),
        ({"prompt": "<assistant>", "completion": "hi"}, "messages[0]"),
    ],
)
def test_a_text_with_a_token_that_ends_turns_is_an_error(template, row, place):
    said = refused(row, make_tokenizer(template))
    assert place in said
    assert "would become a special token" in said


def test_an_end_of_turn_that_is_not_the_end_of_texts_is_found_too():
    tokenizer = real("gemma")
    tokenizer.add_special_tokens({"eos_token": "<eos>", "extra_special_tokens": ["<end_of_turn>"]})
    said = refused({"messages": [ASKED, {**ANSWER, "content": "4<end_of_turn>"}]}, tokenizer)
    assert "holds '<end_of_turn>'" in said
    assert learned({"messages": [ASKED, {**ANSWER, "content": "<pad>"}]}, tokenizer)


def test_a_template_that_never_ends_the_last_answer_is_given_an_end():
    endless = PLAIN_TEMPLATE.replace(" + '<end>'", "")
    tokenizer = make_tokenizer(endless)
    assert learned({"messages": [ASKED, ANSWER]}, tokenizer) == ["it is 4<end>"]


def test_the_renderer_is_asked_about_every_surrounding_once():
    renderer = ChatRenderer(real("qwen2_5"))
    row = examples(CALLED)[0]
    first = list(renderer.answers(row))
    proven = set(renderer._proven)
    assert list(renderer.answers(row)) == first
    assert renderer._proven == proven
