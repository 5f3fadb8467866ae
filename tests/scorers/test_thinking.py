"""A model's thinking is separated from its answer."""

import pytest

from evalguard.scorers.thinking import Split, Thinking
from evalguard.scorers.thinking_marks import KNOWN_MARKS, custom_marks, is_mark, template_marks

THINKING = Thinking()


def of_template(template: str, tail: str = "", *, served: bool = False) -> Thinking:
    own, opened = template_marks(template, tail)
    return Thinking(own=own, opened=opened, served=served)


R1 = of_template("{{ '<think>\\n' }} {{ content.split('</think>')[-1] }}", "<|Assistant|><think>\n")
QWEN = of_template("{{ content.split('</think>')[-1] }}", "<|im_start|>assistant\n")
HARMONY = of_template("<|channel|>analysis<|message|>", "<|start|>assistant")


@pytest.mark.parametrize(
    "output",
    [
        "<think>12?</think>11",
        "<think>\n12?\n</think>\n\n11",
        " \n\ufeff<think>12?</think>11",
        "<THINK>12?</THINK>11",
        '<think effort="low">12?</think >11',
        "<thinking>12?</thinking>11",
        "<thought>12?</thought>11",
        "<reasoning>12?</reasoning>11",
        "<scratchpad>12?</scratchpad>11",
        "<seed:think>12?</seed:think>11",
        "<|think|>12?<|/think|>11",
        "[THINK]12?[/THINK]11",
        "◁think▷12?◁/think▷11",
        "<|begin_of_thought|>12?<|end_of_thought|>\n<|begin_of_solution|>\n11\n<|end_of_solution|>",
        "<|START_THINKING|>12?<|END_THINKING|><|START_RESPONSE|>11<|END_RESPONSE|>",
        "<|inner_prefix|>12?<|inner_suffix|>11",
        "<|channel>thought\n12?<channel|>11",
        "<unused94>thought\n12?<unused95>11",
        "<think>12?</think><response>11</response>",
        "<|channel|>analysis<|message|>12?<|end|>"
        "<|start|>assistant<|channel|>final<|message|>11<|return|>",
        "<|channel|>analysis<|message|>12?<|channel|>final<|message|>11",
        "analysis12?assistantfinal11",
        "Here is my thought process:\n\n12?\n\nHere is my response:\n\n11",
        "Thinking...\n12?\n...done thinking.\n\n11",
        "<reflection>12?</reflection>11",
        "<reasoning_content>12?</reasoning_content>11",
        "<reasoning-steps>12?</reasoning-steps>\n11",
        "Here are my reasoning steps:\n12?\n[BEGIN FINAL RESPONSE]\n11\n[END FINAL RESPONSE]",
        "Here are my reasoning steps:\n12?\n[BEGIN FINAL RESPONSE]\n11",
        "<analysis>12?</analysis>\n11",
        "<cot>12?</cot>\n11",
        "<internal_monologue>12?</internal_monologue>11",
        "<chain_of_thought>12?</chain_of_thought>11",
        "＜think＞12?＜/think＞11",
        "assistant\n<think>12?</think>11",
        "<|im_start|>assistant\n<think>\n12?\n</think>11",
        "<|assistant|>\n<think>12?</think>11",
        "<|start_header_id|>assistant<|end_header_id|>\n\n<think>12?</think>11",
        "<start_of_turn>model\n<thought>12?</thought>11",
        "**Assistant:** <think>12?</think>11",
        "<｜Assistant｜><think>\n12?</think>11",
        "<｜begin▁of▁sentence｜><think>\n12?\n</think>\n11",
        "<｜begin▁of▁sentence｜><｜Assistant｜><think>12?</think>11",
        "<|begin_of_text|><think>12?</think>11",
        "<bos><think>12?</think>11",
        "<|startoftext|>[THINK]12?[/THINK]11",
        "[BOS]<thinking>12?</thinking>11",
        "&lt;think&gt;12?&lt;/think&gt;11",
        "&#60;thinking&#62;12?&#x3c;/thinking&#x3E;11",
        "&amp;lt;reasoning&amp;gt;12?&amp;lt;/reasoning&amp;gt;11",
        "\\u003cthink\\u003e12?\\u003c/think\\u003e11",
        "<think>12?</think>\n\n11\n</think>",  # a surplus end
        "<think>12?</think>11</think>\n</think>\n",
        "[THINK]12?[/THINK]\n11\n[/THINK]",
        "<|assistant|>\n<think>12?</think>11</think>",
        "```think\n12?\n```\n11",
        "```thinking\n12?\n```\n\n11",
        "````reasoning\n12?\n````\n11",
        "<details>\n<summary>Thinking</summary>\n12?\n</details>\n\n11",
        "<details><summary>思考过程</summary>12?</details>11",
        '<details type="reasoning" done="true">\n<summary>3 s</summary>\n12?\n</details>\n11',
        "<details>\n12?\n</details>\n11",
        "<|channel|>analysis<|message|>12?<|end|><|start|>assistant<|channel|>final "
        "<|constrain|>json<|message|>11<|return|>",
        "<|think_start|>12?<|think_end|>11",
        "<|begin_of_think|>12?<|end_of_think|>11",
        "<rationale>12?</rationale>11",
        "<antthinking>12?</antthinking>11",
        "<thought_process>12?</thought_process>\n11",
        "<longcat_think>\n12?\n</longcat_think>\n11",
        "<think_fast>12?</think_fast>11",
        "<思考>\n12?\n</思考>\n11",
        "<추론>12?</추론>11",
        "<réflexion>12?</réflexion>\n11",
        "<|begin|>assistant<|think|>12?<|end|>\n<|begin|>assistant<|content|>11<|end|>",
        "<|think|>12?<|end|><|begin|>assistant<|content|>11",
        "<!-- thinking 12? -->\n11",
        "11\n<think>\n12?\n</think>",  # behind the answer
        "11\n\n[THINK]12?[/THINK]\n",
        "12?\n</think>\n\n11",  # the prompt held the start
        "12?</think>\n\n11",
        "12?</think>11",
    ],
)
def test_thinking_is_set_aside(output):
    split = THINKING.split(output)
    assert split.answer.strip() == "11"
    assert split.thinking == "12?"
    assert not split.unclosed


@pytest.mark.parametrize(
    ("output", "thinking", "answer"),
    [
        ("<think>a</think>\n<think>b</think>\n11", "a\n\nb", "11"),
        ("<think>a</think>1\n<think>b</think>1", "a\n\nb", "1\n1"),
        ("<think>a</think>1<think>b</think>2", "a\n\nb", "1\n2"),
        ("<think>a</think>Oslo.<think>b</think>Or Bergen.", "a\n\nb", "Oslo.\nOr Bergen."),
        ("<think>a</think>11, as <think>b</think> said", "a", "11, as <think>b</think> said"),
        ("<think>a</think>List<think>11", "a", "List<think>11"),
        ("<think>a <think>b</think> c</think> 11", "a <think>b\n\nc", "11"),
        (
            "<think>a<think>b<think>c</think>d</think>e</think>11",
            "a<think>b<think>c\n\nd\n\ne",
            "11",
        ),
        ("a\n</think>\nb\n</think>\n11", "a\n\nb", "11"),
        ("<think>They ask for <think> tags.</think>11", "They ask for <think> tags.", "11"),
        ("<think>Is it `</think>`? No.</think>11", "Is it `</think>`? No.", "11"),
        ("<think></think>11", "", "11"),
        ("<think>```py\nx = 1</think>11", "```py\nx = 1", "11"),
        ("<think>11</think>", "11", ""),
    ],
)
def test_several_blocks(output, thinking, answer):
    assert THINKING.split(output) == Split(answer, thinking)


@pytest.mark.parametrize(
    "output",
    [
        "11",
        "",
        "  11\n",
        "The `<think>` tag opens a block and `</think>` ends it.",
        "Here are my reasoning steps:\n1. 5 + 6 = 11\nAnswer: 11",
        "`<think>` is no HTML.",
        "```html\n<think>\n12\n</think>\n```",
        "Write </think> to end it.",
        "It ends at '</think>'and no earlier.",
        "It is called </think>.",
        "The end is </think>",
        "Use <think> for thoughts.\nAnd </think> ends them, always.",
        "First:\n<think>\nyour thoughts\n</think>\nThen the answer.",
        "It ends like this:\n<think>\nyour thoughts\n</think>",
        "Put them in tags.\n<think>\nyour thoughts\n</think>\nThen the answer.",
        "The sign for 推理 is common.",
        "<thinker>11</thinker>",
        "<|end|>",
        "analysis of the data: 11",
        "Here is my thought process: 5 and 6 are 11.",
        "```python\nthink = 11\n```",
        "Use a fence:\n```think\n12\n```",
        "<details><summary>Answer</summary>11</details>",
        "<details><summary>Click to see it</summary>\n11\n</details>\nBye",
        "<details>11</details>",
        "Pages fold text with\n<details>\n<summary>Thinking</summary>12</details>",
        "analysisResult = 11",
        "re.sub(r'<think>.*?</think>', '', text)",
        "Thinking... it is 11.",
        "[thinking about it] 11",
        "Model <think> tags open a block.",
        "assistant\n11",
        "&lt;b&gt;11&lt;/b&gt;",
    ],
)
def test_an_answer_that_only_names_marks_stays_whole(output):
    assert THINKING.split(output) == Split(output)


@pytest.mark.parametrize(
    ("thinking", "output"),
    [
        (THINKING, "<think>\n10 and 1 are 11. Let me check"),
        (THINKING, "<think>"),
        (THINKING, "<think>a</think>\n<think>11, but wait"),
        (THINKING, "[THINK]11"),
        (THINKING, "assistant\n<think>\nThe answer is 51"),
        (THINKING, "<|im_start|>assistant\n<think>51"),
        (THINKING, "&lt;think&gt;51"),
        (THINKING, "<reflection>51"),
        (THINKING, "<think>11</thinking>"),
        (THINKING, "<|channel|>analysis<|message|>11"),
        (THINKING, "<|channel|>commentary to=f <|constrain|>json<|message|>{11"),
        (THINKING, "analysisWe need 11"),
        (THINKING, "```think\n11"),
        (THINKING, "<details><summary>Reasoning</summary>\n11"),
        (THINKING, "<rationale>11"),
        (THINKING, "<think>a</think>" * 1000),
        (R1, "10 and 1 are 11. Let me check"),
        (R1, ""),
        (R1, "<think>\nOkay, 11"),
        (QWEN, "Sure.\n<think>\nis it 11"),
        (HARMONY, "analysisThe user asks for 11"),
    ],
)
def test_thinking_that_never_ends_has_no_answer(thinking, output):
    split = thinking.split(output)
    assert split.unclosed
    assert split.answer == ""


@pytest.mark.parametrize(
    ("output", "answer"),
    [
        ("12\n</think>", ""),  # the only end
        ("12\n</think>\n13\n</think>", ""),  # none of them has a start
        ("<think>a</think>\n12\n</think>\n11", "11"),  # more follows
        ("<think>a</think>\n<think>12</think>", ""),
        ("<think>a<think>b</think>12\n</think>", ""),
        ("<think>12</think>\n</think>", ""),
    ],
)
def test_a_surplus_end_never_makes_thinking_the_answer(output, answer):
    assert THINKING.split(output).answer.strip() == answer


def test_many_blocks_take_no_time_to_give_up():
    nested = "<think>" * 20_000 + "</think>" * 20_000
    assert THINKING.split(nested).thinking


@pytest.mark.parametrize(
    ("thinking", "output", "answer"),
    [
        (R1, "12?\n</think>\n\n11", "11"),
        (R1, "12?</think>11", "11"),
        (R1, "assistant\n<think>12?</think>11", "11"),
        (R1, "12?</think>11\n</think>", "11"),
        (R1, "<think>\n12?</think>11", "11"),
        (R1, "Is `</think>` meant? 12?</think>The `</think>` tag.", "The `</think>` tag."),
        (QWEN, "Sure:\n<think>\n12\n</think>\n11", "Sure:\n\n11"),
        (QWEN, "12?</think>11", "11"),
        (QWEN, "11", "11"),
        (HARMONY, "<|channel|>final<|message|>11<|return|>", "11"),
    ],
)
def test_the_marks_of_the_template_are_the_models_own(thinking, output, answer):
    split = thinking.split(output)
    assert split.answer.strip() == answer
    assert not split.unclosed


def test_a_server_may_have_taken_the_thinking_away():
    served = of_template("<think></think>", "<|Assistant|><think>\n", served=True)
    assert served.split("11") == Split("11")
    assert served.split("12?</think>11") == Split("11", "12?")
    assert served.split("10 and 1 are 11. Let", at_limit=True).unclosed


@pytest.mark.parametrize(
    ("prompt", "opens"),
    [
        ("<|user|>1+1<|assistant|><think>\n", True),
        ("<|assistant|><think>", True),
        ("What is <think>", False),
        ("Explain `<think>`", False),
        ("<|assistant|><think>\n\n</think>\n\n", False),
    ],
)
def test_a_prompt_may_hold_the_start(prompt, opens):
    assert THINKING.split("11", prompt=prompt).unclosed is opens
    assert (THINKING.split("12 </think> 11", prompt=prompt).answer == "11") is opens


def test_marks_of_the_project_file_join_the_known_ones():
    given = custom_marks("((", "))")
    thinking = Thinking(marks=(given, *KNOWN_MARKS), own=(given,))
    assert thinking.split("((12?))11") == Split("11", "12?")
    assert thinking.split("((12?").unclosed
    assert thinking.split("<think>12?</think>11").answer == "11"
    opened = custom_marks(None, "END")
    always = Thinking(marks=(opened,), own=(opened,), opened=opened)
    assert always.split("12? END 11") == Split("11", "12?")
    assert always.split("11").unclosed


def test_off_leaves_all_text():
    output = "<think>12?</think>11"
    assert Thinking(marks=()).split(output) == Split(output)


@pytest.mark.parametrize(
    ("template", "tail", "n_own", "opens"),
    [
        ("{{ content }}", "<|assistant|>", 0, False),
        ("'<think>' '</think>'", "<|im_start|>assistant\n", 1, False),
        ("'<think>' '</think>'", "<|im_start|>assistant\n<think>\n", 1, True),
        ("'<think>' '</think>'", "<|im_start|>assistant\n<think>\n\n</think>\n\n", 1, False),
        ("'<think>' '</think>'", "<think>\nOkay, ", 1, True),
        ("content.split('</think>')", "", 1, False),
        ("[THINK] [/THINK]", "", 1, False),
    ],
)
def test_a_template_shows_its_marks(template, tail, n_own, opens):
    own, opened = template_marks(template, tail)
    assert len(own) == n_own
    assert (opened is not None) is opens


def test_what_splits_otherwise_has_another_definition():
    found = [
        Thinking().definition,
        Thinking(marks=()).definition,
        R1.definition,
        QWEN.definition,
        Thinking(served=True).definition,
    ]
    assert all(found.count(one) == 1 for one in found)


def test_special_tokens_that_mark_thinking():
    assert all(map(is_mark, ["[THINK]", "[/THINK]", "<seed:think>", "<|END_THINKING|>"]))
    assert not any(map(is_mark, ["</s>", "<|end|>", "<|channel|>", "<pad>", "<|im_end|>"]))
