"""Prompts of rows: templates, chats, and messages that name suite, file, row and fix."""

import pytest

from evalguard.errors import DataError
from evalguard.tasks.prompts import PromptRows


def rows(tmp_path, text, **options):
    data = tmp_path / "rows.jsonl"
    data.write_text(text, encoding="utf-8")
    return PromptRows("suite 'qa', task 'rows'", data, **options)


def render(messages):
    return "".join(f"<{m['role']}>{m['content']}" for m in messages) + "<assistant>"


def test_a_prompt_goes_through_the_chat_template_and_is_shown_without_it(tmp_path):
    [one] = rows(tmp_path, '{"q": "Why?"}', prompt="Q: {{ q }}", system="Be brief.").prompts(render)
    assert one.text == "<system>Be brief.<user>Q: Why?<assistant>"
    [bare] = rows(tmp_path, '{"q": "Why?"}', prompt="Q: {{ q }}").prompts(render)
    assert bare.shown == "Q: Why?"


def test_without_a_chat_template_messages_are_joined(tmp_path):
    [one] = rows(tmp_path, '{"q": "Why?"}', prompt="{{ q }}", system="Be brief.").prompts(None)
    assert one.text == "Be brief.\n\nWhy?"


def test_rows_may_hold_whole_chats(tmp_path):
    chat = '[{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]'
    [one] = rows(tmp_path, f'{{"chat": {chat}}}', messages="chat").prompts(render)
    assert one.text == "<user>a<assistant>b<assistant>"


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ('{"q": "Why?"}\n{"r": 1}', {"prompt": "{{ q }}"}, r"rows\.jsonl:2: no column 'q'"),
        ('{"question": 1}', {"prompt": "{{ qestion }}"}, "Did you mean 'question'"),
        ('{"q": 1}', {"messages": "chat"}, r"rows\.jsonl:1: no column 'chat'"),
        ('{"chat": "hi"}', {"messages": "chat"}, "not a list of messages; write"),
        ('{"q": 1}', {"prompt": "{{ q / 0 }}"}, r"rows\.jsonl:1: the template .* failed: div"),
        ('{"q": 1}', {"prompt": "{{ q + 'a' }}"}, r"rows\.jsonl:1: the template .* failed"),
        ("", {"prompt": "x"}, "is empty"),
        ('{"id": 1}\n{"id": 1}', {"prompt": "x"}, r"rows\.jsonl:2: .*id '1' is that of row 1 too"),
        ('{"q": ', {"prompt": "x"}, r"rows\.jsonl:1: not JSON"),
    ],
)
def test_what_is_wrong_is_told_with_suite_and_row(tmp_path, text, options, message):
    with pytest.raises(DataError, match=message) as caught:
        rows(tmp_path, text, **options).prompts(None)
    assert str(caught.value).startswith("suite 'qa', task 'rows': ")


def test_only_the_first_rows_are_taken(tmp_path):
    assert len(rows(tmp_path, '{"q": 1}\n{"q": 2}\n', prompt="{{ q }}", limit=1).prompts(None)) == 1


def test_templates_cannot_reach_into_python(tmp_path):
    with pytest.raises(DataError, match="is unsafe"):
        rows(tmp_path, '{"q": 1}', prompt="{{ q.__class__.__mro__ }}").prompts(None)
