"""Chat messages in a column: texts and text parts, and nothing lost in silence."""

import pytest

from evalguard.tasks.chats import chat_of


def user(content):
    return [{"role": "user", "content": content}]


def test_text_parts_are_joined_by_line_breaks():
    parts = [{"type": "text", "text": "a"}, {"text": "b"}, "c"]
    assert chat_of(user(parts)) == user("a\nb\nc")
    assert chat_of(user("a")) == user("a")
    assert chat_of([{"role": "user", "content": "a", "name": "Ada", "tool_calls": None}]) == user(
        "a"
    )


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "is not a list of messages"),
        ("hi", "is not a list of messages"),
        (["hi"], "is not a list of messages"),
        ([], "holds no message"),
        ([{"content": "a"}], r"\[0\]\.role is missing or null"),
        ([{"role": 3, "content": "a"}], r"\[0\]\.role is 3"),
        ([{"role": "user"}], r"\[0\]\.content is missing or null"),
        (user(None), r"\[0\]\.content is missing or null; write a text"),
        (user([]), r"\[0\]\.content is an empty list"),
        (user({"text": "a"}), r"\[0\]\.content is a list or an object"),
        (user(7), r"\[0\]\.content is 7"),
        (user([{"type": "image_url", "image_url": {}}]), r"\[0\]\.content\[0\] is of type 'image_"),
        (user([{"type": "text", "text": None}]), "only parts with a text"),
        (user([None]), r"content\[0\] is missing or null"),
        (
            [{"role": "assistant", "content": "", "tool_calls": [{"id": 1}]}],
            r"\[0\]\.tool_calls cannot be put into a prompt",
        ),
        ([{"role": "user", "content": "a", "images": ["a.png"]}], r"\[0\]\.images cannot be put"),
        ([{"role": "user", "content": "a", "video": "a.mp4"}], r"\[0\]\.video cannot be put"),
    ],
)
def test_what_would_be_lost_or_written_in_pythons_form_is_refused(value, reason):
    with pytest.raises(ValueError, match=reason):
        chat_of(value)
