"""What a server says, in the forms that servers say it in (S1, S5, S7)."""

from typing import Any

import pytest

from evalguard.engines.endpoint.likelihoods import read_likelihood
from evalguard.engines.endpoint.replies import UNCLOSED, read_text
from evalguard.engines.endpoint.requests import Form, Generation, UnansweredError

ASKED = Generation("Q", 8, ("\n", "END"), False, {})


def said(content: Any, finish: str | None = "stop", tokens: Any = 3, **message: Any) -> Any:
    usage = {} if tokens is None else {"usage": {"completion_tokens": tokens}}
    choice = {"index": 0, "message": {"content": content, **message}, "finish_reason": finish}
    return {"choices": [choice], **usage}


def filtered(data: Any, *, taken: bool = True) -> Any:
    results = {"hate": {"filtered": False, "severity": "safe"}, "violence": {"filtered": taken}}
    data["choices"][0]["content_filter_results"] = results
    return data


def beside(data: Any, **fields: Any) -> Any:
    return {**data, **fields}


def inside(data: Any, **fields: Any) -> Any:
    return {**data, "choices": [{**data["choices"][0], **fields}]}


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (said("42"), "42"),
        (filtered(said("42"), taken=False), "42"),
        (said(""), ""),  # the model said nothing, which is an answer, and a wrong one
        (said("42", finish=None), "42"),
        (said("42", finish="eos"), "42"),
        (said("42", finish="end_turn"), "42"),
        (said("1 2 3 4 5 6 7 8", "length", tokens=8), "1 2 3 4 5 6 7 8"),
        (said("1 2 3 4 5 6 7 8 " * 2, "length", tokens=None), "1 2 3 4 5 6 7 8 " * 2),
        (said("4\nQuestion: 5", "length", tokens=3), "4"),  # the stop string came first
        (said("4 END and more"), "4 "),
        (said([{"type": "text", "text": "4"}, {"type": "output_text", "text": "2"}]), "42"),
        (said([{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "42"}]), "42"),
        (said({"type": "text", "text": "42"}), "42"),
        (said(None, refusal="I can't help with that."), "I can't help with that."),
        (said([{"type": "refusal", "refusal": "No."}]), "No."),
        (said("42", reasoning_content="6 × 7"), "42"),
        (beside(said("42", truncated=False, filtered=False), blocked="no"), "42"),
        (beside(said("42"), **{"amazon-bedrock-guardrailAction": "NONE"}), "42"),
        (beside(said("42"), promptFeedback={"safetyRatings": []}), "42"),
        (said("42", reasoning_details=[{"type": "reasoning.encrypted"}]), "42"),
        (beside(said(""), usage={"completion_tokens_details": {"reasoning_tokens": 0}}), ""),
        (said("42", "tool_calls", tool_calls=[]), "42"),  # no call: there is nothing but the text
        (said("42", tool_calls=[], function_call=None), "42"),
        (said("42<|im_end|>"), "42"),
        (said("42<|eot_id|>\n"), "42"),
        (said("42<|im_end|>\n<|im_start|>user\nAnd 1 + 1?", "length", tokens=8), "42"),
        (said("42</s>"), "42"),
        (said("<s>old</s>"), "<s>old</s>"),
        (said("<|im_end|> ends a turn"), "<|im_end|> ends a turn"),
        (said("<|channel|>final<|end|><|start|>user"), "<|channel|>final<|end|><|start|>user"),
        (said("1 2 3 4 5 6 7 8", "length", tokens="8"), "1 2 3 4 5 6 7 8"),
        (said("1 2 3 4 5 6 7 8", "length", tokens=8.0), "1 2 3 4 5 6 7 8"),
        ({"choices": [{"text": "42", "finish_reason": "stop"}]}, "42"),
        ({"choices": [{"index": 1, "text": "b"}, {"index": 0, "text": "a"}]}, "a"),
        (inside(said("42"), native_finish_reason="end_turn"), "42"),
        (inside(said("42"), native_finish_reason="STOP", stop_reason=151645), "42"),
        (inside(said("42"), stop_reason="other words"), "42"),
        (inside(said("42"), safety_ratings=[{"category": "hate", "blocked": False}]), "42"),
        (beside(said("42"), status="completed", incomplete_details=None), "42"),
        (beside(said("42"), status=200, incomplete_details={}), "42"),
        (
            beside(
                said("1 2 3 4 5 6 7 8", "length", tokens=8),
                status="incomplete",
                incomplete_details={"reason": "max_output_tokens"},
            ),
            "1 2 3 4 5 6 7 8",
        ),
        (beside(said("4\nQuestion: 5", "stop"), status="incomplete"), "4"),
        (said("", "length", tokens=8, reasoning="Let me see"), f"{UNCLOSED}Let me see"),
        (said(None, "length", tokens=8, reasoning_content="Hm"), f"{UNCLOSED}Hm"),
    ],
)
def test_answers_are_read_in_every_form(data, text):
    assert read_text(data, ASKED) == text


def test_tokens_are_counted_where_the_server_does_not():
    data = said("1 2 3 4 5 6 7 8", "length", tokens=None)
    assert read_text(data, ASKED, lambda text: len(text.split())) == "1 2 3 4 5 6 7 8"
    with pytest.raises(UnansweredError, match="cut the answer short"):
        read_text(data, ASKED, lambda text: 5)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (beside(said("Sorry."), **{"amazon-bedrock-guardrailAction": "INTERVENED"}), "filtered"),
        (inside(said("Sorry."), guardrail_action="BLOCKED"), "filtered"),
        (beside(said("Sorry."), blocked=True), "filtered"),
        (inside(said("Sorry."), filtered=True), "filtered"),
        (said("Sorry.", blocked=True), "filtered"),
        (beside(said("4", tokens=1), truncated=True), "cut the answer short after 1 of 8"),
        (inside(said("4", tokens=1), truncated=True), "cut the answer short after 1 of 8"),
        (said("4", tokens=1, truncated=True), "cut the answer short after 1 of 8"),
        (beside(said("Sorry."), promptFeedback={"blockReason": "SAFETY"}), "filtered"),
        (said("", reasoning_details=[{"type": "reasoning.encrypted"}]), "gave no text"),
        (beside(said(""), usage={"completion_tokens_details": {"reasoning_tokens": 5}}), "no text"),
        (
            beside(
                said("", "length"),
                usage={"completion_tokens": 3, "output_tokens_details": {"reasoning_tokens": 3}},
            ),
            "while the model was reasoning",
        ),
        (said("", "content_filter"), "filtered the answer .finish_reason 'content_filter'"),
        (said("The answer is", "content_filter"), "filtered"),
        (said("half", "SAFETY"), "filtered"),
        (said("4", "length", tokens=1), "cut the answer short after 1 of 8 tokens"),
        (said("4", "length", tokens=None), "cut the answer short"),
        (said("a text of 8 tokens?", "length", tokens=None), "cut the answer short"),
        (said("", "length", tokens=2, reasoning="Let me"), "while the model was reasoning"),
        (said(None), "gave no text"),
        (said("", reasoning_content="It is 42."), "gave no text"),  # the answer is in there
        (said("", None, reasoning="It is 42."), "gave no text"),
        (said([{"type": "thinking", "thinking": "42"}, {"type": "text", "text": ""}]), "no text"),
        (filtered(said("")), "filtered"),
        (filtered(said("The ans", "length", tokens=8)), "filtered"),
        (said(None, "tool_calls", tool_calls=[{"function": {"name": "f"}}]), "called a tool"),
        (said("42", "tool_calls", tool_calls=[{"id": "1"}]), "a tool call in addition to its text"),
        (said("No.", "stop", tool_calls=[{"function": {"name": "send_all"}}]), "send_all"),
        (said("No.", "stop", function_call={"name": "send_all"}), "send_all"),
        ({"choices": [{"text": "No.", "tool_calls": [{"id": "send_all"}]}]}, "send_all"),
        (inside(said("4", tokens=1), native_finish_reason="MAX_TOKENS"), "max_tokens"),
        (inside(said("4", tokens=1), finish_details={"type": "max_tokens"}), "max_tokens"),
        (inside(said("4"), stop_reason="SAFETY"), "filtered"),
        (said("4", "FinishReason.SAFETY"), "filtered"),
        (said("4", "FINISH_REASON_RECITATION"), "filtered"),
        (inside(said("4"), native_finish_reason="MALFORMED_FUNCTION_CALL"), "ended early"),
        (beside(said("4"), status="incomplete"), "ended early .finish_reason 'incomplete'"),
        (
            beside(said("4", tokens=1), incomplete_details={"reason": "max_output_tokens"}),
            "cut the answer short after 1 of 8 tokens .finish_reason 'max_output_tokens'",
        ),
        (said("4", status="in_progress"), "ended early .finish_reason 'in_progress'"),
        (inside(said("4"), safety_ratings=[{"category": "hate", "blocked": True}]), "filtered"),
        (
            inside(said("4"), content_filter_results={"lists": {"details": [{"filtered": True}]}}),
            "filtered",
        ),
        (said("", "abort"), "ended early .finish_reason 'abort'"),
        (said([{"type": "image_url"}]), "unknown format"),
        (said(42), "unknown format"),
        ({"choices": []}, "list of choices is empty"),
        ({"choices": {"0": {}}}, "unknown format"),
        ({"choices": [{"text": "4"}, {"text": "2"}]}, "several choices have the lowest index"),
        ({"choices": [{"index": 1, "text": "4"}, {"index": 1, "text": "2"}]}, "several choices"),
        (said("4", "length", tokens="1"), "cut the answer short after 1 of 8 tokens"),
        (said([20, 18]), "unknown format"),
        ({"choices": ["42"]}, "unknown format"),
        ([{"text": "42"}], "unknown format"),
        ({"output": "42"}, "unknown format"),
        ({"choices": [{"error": {"message": "upstream died"}}]}, "upstream died"),
        ({"choices": [{"text": "4", "message": {"content": "2"}}]}, "two texts"),
        ({"choices": [{"index": 0, "delta": {"content": "42"}}]}, "gave no text"),
        ({"choices": [{"index": 0, "message": "42"}]}, "gave no text"),
    ],
)
def test_what_is_no_answer_says_so_in_the_servers_words(data, words):
    with pytest.raises(UnansweredError, match=words):
        read_text(data, ASKED)


def test_log_probabilities_do_not_make_each_cause_another():
    data = inside(said(None), logprobs={"token_logprobs": [-0.25]})
    with pytest.raises(UnansweredError, match="gave no text") as raised:
        read_text(data, ASKED)
    assert "0.25" not in str(raised.value)


TOKENS = [5, 6, 7]


def echoed(**changed: Any) -> dict[str, Any]:
    found = {
        "tokens": ["a", "b", "c", "d"],
        "token_logprobs": [None, -1.0, -2.0, -0.5],
        "top_logprobs": [None, {"b": -1.0}, {"x": -0.1, "c": -2.0}, {"d": -0.5}],
    }
    return {"logprobs": {**found, **changed}}


def spelled(token: int) -> tuple[str, ...]:
    return {5: ("a",), 6: ("b",), 7: ("c",)}[token]


def test_echoed_log_probabilities_are_those_of_the_last_tokens():
    assert read_likelihood(echoed(), TOKENS, 1, spelled) == (-3.0, False)
    assert read_likelihood(echoed(), [*TOKENS[:2], 7], 2, spelled) == (-2.0, False)
    alone = {key: value[:3] for key, value in echoed()["logprobs"].items()}
    assert read_likelihood({"logprobs": alone}, TOKENS, 1, spelled) == (-3.0, False)


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"logprobs": None}, "returns no prompt log-probabilities"),
        ({"logprobs": {"content": []}}, "returns no prompt log-probabilities"),
        (echoed(token_logprobs=[-0.5]), "lists 1 log-probabilities for the 3 tokens"),
        (echoed(token_logprobs=[None] * 6), "lists 6 log-probabilities"),
        (echoed(token_logprobs=[-1.0, -1.0, -2.0, -0.5]), "added a token of its own"),
        (echoed(tokens=["<s>", "a", "b", "c"]), "token 1 of the prompt is '<s>'"),
        (echoed(tokens=["a", "b", "z", "d"]), "token 3 of the prompt is 'z'.*tokenizer"),
        (echoed(tokens=None), "does not list its tokens"),
        (echoed(token_logprobs=[None, None, -2.0, -1.0]), "not every log-probability"),
        (echoed(token_logprobs=[None, 0.7, -2.0, -1.0]), "not every log-probability"),
        (echoed(token_logprobs=[None, "-1", -2.0, -1.0]), "not every log-probability"),
        (echoed(token_logprobs=[None, -9999.0, -2.0, -1.0]), "not every log-probability"),
        (echoed(token_logprobs=[None, float("-inf"), -2.0, -1.0]), "not every log-probability"),
        (echoed(top_logprobs=None), "most likely token"),
        (echoed(top_logprobs=[None, None, None, None]), "likeliest token is missing"),
    ],
)
def test_log_probabilities_of_other_tokens_are_refused(choice, words):
    with pytest.raises(UnansweredError, match=words):
        read_likelihood(choice, TOKENS, 1, spelled)


@pytest.mark.parametrize(
    ("words", "sent", "form"),
    [
        (
            "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens'.",
            {"max_tokens": 4},
            {"max_completion_tokens": 4},
        ),
        ("body -> seed: Extra inputs are not permitted", {"seed": 1}, {}),
        ("Unsupported parameter: 'stop'", {"stop": ["\n"]}, {}),
        ("Unknown field: stop", {"stop": ["\n"]}, {}),
    ],
)
def test_a_form_is_learned_from_a_refusal(words, sent, form):
    learned = Form()
    assert learned.adapt(words, sent)
    assert learned.write(sent) == form
    assert not learned.adapt(words, learned.write(sent))


def test_what_would_change_the_answer_is_never_dropped():
    assert not Form().adapt("Unsupported value: 'temperature'", {"temperature": 0, "model": "m"})
    assert not Form().adapt("seed: the database is down", {"seed": 1})
