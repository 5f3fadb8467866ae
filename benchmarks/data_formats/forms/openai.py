"""Chat files of OpenAI's fine-tuning interface, and of those that follow it."""

from __future__ import annotations

from typing import Any

from benchmarks.data_formats.files import jsonl
from benchmarks.data_formats.forms.registry import Made, form, made
from benchmarks.data_formats.forms.texts import QA, WEATHER, called, chat
from benchmarks.data_formats.meant import (
    Talk,
    answer,
    refused,
    silent,
    system,
    talk,
    tool,
    trained,
    user,
)

GUIDE = "OpenAI, supervised fine-tuning"
REFERENCE = "OpenAI, API reference of fine-tuning, chat format"
ALL = ("embedded", "chatml", "llama", "gemma", "mistral")

_SIMPLE = [talk(user(q), answer(a)) for q, a in QA]


@form("openai", GUIDE, bases=ALL)
def messages(base: str) -> Made:
    """Holds one exchange a row."""
    return made(jsonl(*({"messages": chat(q, a)} for q, a in QA)), trained(*_SIMPLE))


@form("openai", GUIDE, bases=ALL)
def two_exchanges(base: str) -> Made:
    """Holds two exchanges a row, both of which are learnt."""
    (q, a), (q2, a2), *_ = QA
    rows = [{"messages": [*chat(q, a), *chat(q2, a2)]}]
    return made(jsonl(*rows), trained(talk(user(q), answer(a), user(q2), answer(a2))))


@form("openai", GUIDE, bases=("embedded", "chatml", "llama", "mistral"))
def system_turn(base: str) -> Made:
    """Begins with a system message."""
    rows = [{"messages": [{"role": "system", "content": "Be brief."}, *chat(q, a)]} for q, a in QA]
    meant = [talk(system("Be brief."), user(q), answer(a)) for q, a in QA]
    return made(jsonl(*rows), trained(*meant))


def _weighted(*weights: Any) -> list[dict[str, Any]]:
    rows = []
    for (q, a), weight in zip(QA, weights, strict=False):
        first = {"role": "assistant", "content": "No idea.", "weight": weight}
        last = {"role": "assistant", "content": a, "weight": 1}
        messages = [{"role": "user", "content": q}, first, {"role": "user", "content": "Again."}]
        rows.append({"messages": [*messages, last]})
    return rows


@form("openai", GUIDE + ": weight", bases=ALL)
def weight_0(base: str) -> Made:
    """Gives an answer the weight 0, so it is read and not learnt."""
    meant = [talk(user(q), silent("No idea."), user("Again."), answer(a)) for q, a in QA]
    return made(jsonl(*_weighted(0, 0, 0, 0)), trained(*meant))


@form("openai", GUIDE + ": weight")
def weight_1() -> Made:
    """Gives every answer the weight 1, which changes nothing."""
    meant = [talk(user(q), answer("No idea."), user("Again."), answer(a)) for q, a in QA]
    return made(jsonl(*_weighted(1, 1, 1, 1)), trained(*meant))


@form("openai", GUIDE + ": weight")
def weight_of_some_rows() -> Made:
    """Gives weights in some rows only."""
    weighted = _weighted(0, 0)
    q, a = QA[2]
    meant = [talk(user(q), silent("No idea."), user("Again."), answer(a)) for q, a in QA[:2]]
    return made(
        jsonl(*weighted, {"messages": chat(q, a)}), trained(*meant, talk(user(q), answer(a)))
    )


@form("openai", REFERENCE)
def weight_of_a_half() -> Made:
    """Gives an answer the weight 0.5, which the format does not have."""
    return made(jsonl(*_weighted(0, 0.5)), refused("weight", row=2))


@form("openai", GUIDE + ": weight")
def weight_0_throughout() -> Made:
    """Has a row whose every answer has the weight 0, which teaches nothing."""
    (q, a), (q2, a2), *_ = QA
    nothing = {"messages": [{"role": "user", "content": q}, {**chat(q, a)[1], "weight": 0}]}
    return made(
        jsonl(nothing, {"messages": chat(q2, a2)}),
        trained(talk(user(q2), answer(a2)), said=(("1 row", "1 of 2", "row 1", ":1"),)),
        refused("weight", row=1),
    )


@form("openai", GUIDE + ": weight")
def weight_0_in_all_rows() -> Made:
    """Gives every answer of the file the weight 0: there is nothing to learn."""
    rows = [
        {"messages": [{"role": "user", "content": q}, {**chat(q, a)[1], "weight": 0}]}
        for q, a in QA
    ]
    return made(jsonl(*rows), refused("weight"))


def _tool_row(q: str, city: str, *, text: bool = True, name: str = "call_1") -> dict[str, Any]:
    return {
        "messages": [
            {"role": "user", "content": q},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [called(city, name=name, text=text)],
            },
            {"role": "tool", "tool_call_id": name, "content": "mild"},
            {"role": "assistant", "content": f"It is mild in {city}."},
        ],
        "tools": [WEATHER],
    }


@form("openai", GUIDE + ": tool calls", bases=("chatml", "mistral"))
def tool_calls(base: str) -> Made:
    """Calls a tool, with null content and arguments as JSON text."""
    name = "abcdef123"  # Mistral's have nine characters
    cities = ("Lima", "Cairo")
    rows = [_tool_row(f"How is {city}?", city, name=name) for city in cities]
    meant = [
        talk(
            user(f"How is {city}?"),
            answer("", tool_calls=[called(city, name=name)]),
            tool("mild", tool_call_id=name),
            answer(f"It is mild in {city}."),
            tools=[WEATHER],
        )
        for city in cities
    ]
    return made(jsonl(*rows), trained(*meant), training={"max_length": 2048})


@form("openai", GUIDE + ": tool calls", bases=("chatml", "llama"))
def tool_calls_with_any_id(base: str) -> Made:
    """Names its calls as OpenAI does."""
    rows = [_tool_row("How is Lima?", "Lima", name="call_aZ3xYq0")]
    call = answer("", tool_calls=[called("Lima", name="call_aZ3xYq0")])
    result = tool("mild", tool_call_id="call_aZ3xYq0")
    meant = talk(user("How is Lima?"), call, result, answer("It is mild in Lima."), tools=[WEATHER])
    return made(jsonl(*rows), trained(meant), training={"max_length": 2048})


@form("templates", "Mistral, chat template", bases=("mistral", "gemma"))
def tool_calls_that_the_template_refuses(base: str) -> Made:
    """Calls a tool in a way that the template refuses."""
    return made(jsonl(_tool_row("How is Lima?", "Lima", name="call_aZ3xYq0")), refused(row=1))


@form("templates", "OpenAI, function calling", bases=("embedded", "untemplated"))
def tool_calls_without_a_place(base: str) -> Made:
    """Calls a tool, which the template has no place for."""
    row = 1 if base == "embedded" else None  # without a template, no row can be rendered
    return made(jsonl(_tool_row("How is Lima?", "Lima")), refused(("tool", "template"), row=row))


@form("openai", "OpenAI, function calling", bases=("chatml",))
def text_and_call() -> Made:
    """Has a text beside the call, the tool's name in its answer, and a setting of the API."""
    row = _tool_row("How is Lima?", "Lima")
    row["messages"][1]["content"] = "I look it up."
    row["messages"][2]["name"] = "get_weather"
    row["parallel_tool_calls"] = False
    meant = talk(
        user("How is Lima?"),
        answer("I look it up.", tool_calls=[called("Lima")]),
        tool("mild", tool_call_id="call_1", name="get_weather"),
        answer("It is mild in Lima."),
        tools=[WEATHER],
    )
    return made(
        jsonl(row),
        trained(meant, ignored={"parallel_tool_calls": 1}),
        training={"max_length": 2048},
    )


@form("templates", "Llama 3.1, chat template", bases=("llama",))
def text_that_the_template_drops() -> Made:
    """Has a text beside the call, which the template leaves out."""
    row = _tool_row("How is Lima?", "Lima")
    row["messages"][1]["content"] = "I look it up."
    return made(jsonl(row), refused(("content", "text"), row=1), training={"max_length": 2048})


def _parallel() -> dict[str, Any]:
    row = _tool_row("How are Lima and Cairo?", "Lima")
    row["messages"][1]["tool_calls"].append(called("Cairo", name="call_2", text=True))
    row["messages"].insert(3, {"role": "tool", "tool_call_id": "call_2", "content": "hot"})
    row["messages"][-1]["content"] = "Mild and hot."
    return row


@form("openai", GUIDE + ": parallel tool calls", bases=("chatml",))
def parallel_calls() -> Made:
    """Calls two tools in one turn."""
    meant = talk(
        user("How are Lima and Cairo?"),
        answer("", tool_calls=[called("Lima"), called("Cairo", name="call_2")]),
        tool("mild", tool_call_id="call_1"),
        tool("hot", tool_call_id="call_2"),
        answer("Mild and hot."),
        tools=[WEATHER],
    )
    return made(jsonl(_parallel()), trained(meant), training={"max_length": 2048})


@form("templates", "Llama 3.1, chat template", bases=("llama",))
def parallel_calls_refused() -> Made:
    """Calls two tools in one turn, which the template refuses."""
    return made(
        jsonl(_parallel()), refused(("single", "one call"), row=1), training={"max_length": 2048}
    )


@form("openai", REFERENCE + " (functions, deprecated)", bases=("chatml",))
def functions() -> Made:
    """Calls a function in the older form."""
    arguments = '{"city": "Lima"}'
    messages = [
        {"role": "user", "content": "How is Lima?"},
        {
            "role": "assistant",
            "content": None,
            "function_call": {"name": "get_weather", "arguments": arguments},
        },
        {"role": "function", "name": "get_weather", "content": "mild"},
        {"role": "assistant", "content": "It is mild."},
    ]
    call = {"type": "function", "function": called("Lima")["function"]}
    meant = talk(
        user("How is Lima?"),
        answer("", tool_calls=[call]),
        tool("mild", name="get_weather"),
        answer("It is mild."),
        tools=[WEATHER],
    )
    row = {"messages": messages, "functions": [WEATHER["function"]]}
    return made(jsonl(row), trained(meant), training={"max_length": 2048})


@form("openai", REFERENCE, bases=("chatml",))
def tools_without_a_call() -> Made:
    """Offers a tool that the answer does not need."""
    rows = [{"messages": chat(q, a), "tools": [WEATHER]} for q, a in QA]
    meant = [talk(user(q), answer(a), tools=[WEATHER]) for q, a in QA]
    return made(jsonl(*rows), trained(*meant), training={"max_length": 2048})


@form("templates", "cases T1")
def tools_without_a_place() -> Made:
    """Offers a tool, which the template has no place for."""
    rows = [{"messages": chat(q, a), "tools": [WEATHER]} for q, a in QA]
    return made(jsonl(*rows), refused("tools"))


@form("openai", REFERENCE, bases=("embedded", "chatml", "llama"))
def developer(base: str) -> Made:
    """Has a developer message, which other models know as system."""
    rows = [
        {"messages": [{"role": "developer", "content": "Be brief."}, *chat(q, a)]} for q, a in QA
    ]
    meant = [talk(system("Be brief."), user(q), answer(a)) for q, a in QA]
    return made(jsonl(*rows), trained(*meant))


def _parts(text: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": text}]


@form("openai", REFERENCE)
def parts() -> Made:
    """Holds every text as a list of one part."""
    rows = [
        {
            "messages": [
                {"role": "user", "content": _parts(q)},
                {"role": "assistant", "content": _parts(a)},
            ]
        }
        for q, a in QA
    ]
    return made(jsonl(*rows), trained(*_SIMPLE))


@form("openai", "OpenAI, vision fine-tuning")
def image_part() -> Made:
    """Shows a picture in one row, which a model of texts cannot see."""
    picture = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    (q, a), (q2, a2), *_ = QA
    seen = [{"role": "user", "content": [*_parts(q2), picture]}, chat(q2, a2)[1]]
    return made(jsonl({"messages": chat(q, a)}, {"messages": seen}), refused("image", row=2))


@form("openai", "OpenAI, structured outputs")
def refusal() -> Made:
    """Refuses in a separate field, beside null content."""
    (q, a), (q2, _), *_ = QA
    no = {"role": "assistant", "content": None, "refusal": "I cannot say that."}
    rows: list[dict[str, Any]] = [
        {"messages": chat(q, a)},
        {"messages": [{"role": "user", "content": q2}, no]},
    ]
    return made(
        jsonl(*rows),
        trained(talk(user(q), answer(a)), talk(user(q2), answer("I cannot say that."))),
        refused(("refusal", "content"), row=2),
    )


@form("openai", REFERENCE)
def name() -> Made:
    """Names who speaks, which the template does not show."""
    messages = [{"role": "user", "name": "Ann", "content": QA[0][0]}, chat(*QA[0])[1]]
    return made(jsonl({"messages": messages}), refused("name", row=1))


@form("openai", REFERENCE)
def no_answer() -> Made:
    """Has a row that ends with the question, as files for reinforcement do."""
    rows = [{"messages": chat(*QA[0])}, {"messages": chat(*QA[1])[:1]}]
    return made(jsonl(*rows), refused(("assistant", "answer"), row=2))


@form("openai", REFERENCE)
def question_at_the_end() -> Made:
    """Ends with a question that nobody answers."""
    (q, a), (q2, a2), *_ = QA
    rows = [{"messages": [*chat(q, a), chat(q2, a2)[0]]}, {"messages": chat(q2, a2)}]
    return made(
        jsonl(*rows),
        trained(talk(user(q), answer(a)), talk(user(q2), answer(a2))),
        refused(("assistant", "answer"), row=1),
    )


@form("openai", "OpenAI cookbook, chat fine-tuning data checks")
def empty_answer() -> Made:
    """Has an answer without a text."""
    rows = [{"messages": chat(*QA[0])}, {"messages": chat(QA[1][0], "")}]
    return made(jsonl(*rows), refused(("empty", "content", "answer"), row=2))


@form("openai", REFERENCE)
def unknown_role() -> Made:
    """Has a role that nobody knows."""
    odd = [{"role": "narrator", "content": "Once."}, *chat(*QA[1])]
    return made(jsonl({"messages": chat(*QA[0])}, {"messages": odd}), refused("narrator", row=2))


@form("openai", "Azure OpenAI, fine-tuning")
def metadata() -> Made:
    """Has columns that describe a row."""
    rows = [
        {"id": number, "messages": chat(q, a), "source": "crm", "metadata": {"lang": "en"}}
        for number, (q, a) in enumerate(QA)
    ]
    return made(jsonl(*rows), trained(*_SIMPLE, ignored={"id": 4, "source": 4, "metadata": 4}))


@form("openai", "Anthropic and OpenAI exports")
def key_of_a_message() -> Made:
    """Has keys in its messages that describe them."""
    rows = [
        {"messages": [{**message, "created_at": 1732} for message in chat(q, a)]} for q, a in QA
    ]
    return made(jsonl(*rows), trained(*_SIMPLE, ignored={"created_at": None}))


def _called(*, loss: bool = True, result: str = "mild") -> Talk:
    call = (answer if loss else silent)("", tool_calls=[called("Lima")])
    told = tool(result, tool_call_id="call_1")
    return talk(user("How is Lima?"), call, told, answer("It is mild in Lima."), tools=[WEATHER])


@form("openai", REFERENCE, bases=("chatml",))
def arguments_as_objects() -> Made:
    """Has the arguments of its calls as objects."""
    row = _tool_row("How is Lima?", "Lima", text=False)
    return made(jsonl(row), trained(_called()), training={"max_length": 2048})


@form("openai", REFERENCE, bases=("chatml",))
def broken_arguments() -> Made:
    """Has arguments that are no JSON."""
    row = _tool_row("How is Lima?", "Lima")
    row["messages"][1]["tool_calls"][0]["function"]["arguments"] = '{"city": "Lima"'
    return made(jsonl(row), refused("arguments", row=1))


@form("openai", REFERENCE, bases=("chatml",))
def unknown_call() -> Made:
    """Has a result of a call that nobody made."""
    row = _tool_row("How is Lima?", "Lima")
    row["messages"][2]["tool_call_id"] = "call_2"
    return made(jsonl(row), refused("call_2", row=1))


@form("openai", GUIDE + ": weight", bases=("chatml",))
def weight_0_of_a_call() -> Made:
    """Gives a call the weight 0."""
    row = _tool_row("How is Lima?", "Lima")
    row["messages"][1]["weight"] = 0
    return made(jsonl(row), trained(_called(loss=False)), training={"max_length": 2048})


@form("openai", REFERENCE, bases=("chatml",))
def result_as_object() -> Made:
    """Has the result of a tool as an object instead of a text."""
    row = _tool_row("How is Lima?", "Lima")
    row["messages"][2]["content"] = {"sky": "mild"}
    return made(
        jsonl(row),
        trained(_called(result='{"sky": "mild"}')),
        refused("content", row=1),
        training={"max_length": 2048},
    )


@form("openai", REFERENCE, bases=("chatml",))
def null_keys() -> Made:
    """Has null in every key that it does not use."""
    unused = {"name": None, "weight": None, "tool_calls": None, "refusal": None, "audio": None}
    rows = [{"messages": [{**turn, **unused} for turn in chat(q, a)]} for q, a in QA]
    return made(jsonl(*rows), trained(*_SIMPLE))
