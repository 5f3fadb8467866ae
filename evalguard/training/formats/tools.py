"""Tools, the calls of an answer, and the results that follow them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from evalguard.errors import DataError
from evalguard.tasks.rows import Struct
from evalguard.training.formats.cells import blank, structure

Tool = Mapping[str, Any]


def tools_of(value: Any, column: str) -> tuple[Tool, ...]:
    """Return the functions of a column as chat templates take them.

    Args:
        value: A list of functions or of ``{type, function}``, or its JSON; empty for none.
        column: Its name, for messages.

    Raises:
        DataError: If it holds something else.

    Example:
        >>> tools_of('[{"name": "f", "parameters": {}}]', "functions")
        ({'type': 'function', 'function': {'name': 'f', 'parameters': {}}},)
    """
    if blank(value, "tools"):
        return ()
    found = _described(value, column)
    tools = found if isinstance(found, list) else [found]
    return tuple(
        _tool(_described(one, f"{column}[{i}]"), f"{column}[{i}]") for i, one in enumerate(tools)
    )


def _described(value: Any, where: str) -> Any:
    """Return functions or calls, which may be JSON text.

    Raises:
        DataError: If they are another text, such as the name of one.
    """
    if isinstance(value, str) and value.strip()[:1] not in ("{", "[", '"'):
        raise DataError(
            f"{where} is {value[:60]!r}, a text. Write it as an object, with the function's name "
            "and parameters"
        )
    return structure(value, where)


def _tool(value: Any, where: str) -> Tool:
    function = value.get("function", value) if isinstance(value, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise DataError(f"{where} is not a function with a 'name'")
    parameters = function.get("parameters")
    properties = parameters.get("properties") if isinstance(parameters, dict) else None
    nulls = [key for key, one in (properties or {}).items() if one is None]
    if nulls:
        raise DataError(
            f"{where}: parameter '{nulls[0]}' is null. Tables give every function the keys of "
            "all; store the tools as JSON text"
        )
    if hole := _hole(value):
        raise DataError(
            f"{where}: '{hole}' is null. Tables give every function the keys of all; store the "
            "tools as JSON text"
        )
    return value if "function" in value else {"type": "function", "function": value}


def _hole(value: Any) -> str:
    """Return a key that is null in an object of a table, at any depth; empty for none."""
    if isinstance(value, Struct):
        return next(key for key, one in value.items() if one is None)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next(filter(None, map(_hole, inner)), "")


def calls_of(value: Any, where: str) -> list[dict[str, Any]]:
    """Return the calls of an answer, their arguments as objects.

    Args:
        value: ``tool_calls``, one ``function_call``, or the JSON of either.
        where: Its place in the row, for messages.

    Raises:
        DataError: If a call has no name, or arguments that are no object.
    """
    found = _described(value, where)
    calls = found if isinstance(found, list) else [found]
    return [_call(_described(one, f"{where}[{i}]"), f"{where}[{i}]") for i, one in enumerate(calls)]


def _call(value: Any, where: str) -> dict[str, Any]:
    function = structure(value.get("function", value), where) if isinstance(value, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise DataError(f"{where} is not a call with a 'name' and 'arguments'")
    given = function.get("arguments", function.get("parameters"))
    arguments = {} if blank(given, "arguments") else structure(given, f"{where}.arguments")
    if not isinstance(arguments, dict):
        raise DataError(
            f"{where}.arguments is not an object: {json.dumps(given, default=str)[:80]}"
        )
    if hole := _hole(arguments):
        raise DataError(
            f"{where}.arguments: '{hole}' is null. Tables give every call the arguments of all; "
            "store the arguments as JSON text"
        )
    call = {"name": function["name"], "arguments": arguments}
    identity = {"id": value["id"]} if not blank(value.get("id")) else {}
    return {**identity, "type": "function", "function": call}


def check_called(messages: Sequence[Mapping[str, Any]], tools: Sequence[Tool]) -> None:
    """Check that answers call only functions that the model was given.

    Raises:
        DataError: If there are tools, and a call names none of them.
    """
    known = [tool["function"]["name"] for tool in tools]
    called = [call["function"]["name"] for m in messages for call in m.get("tool_calls", ())]
    strange = [name for name in called if name not in known]
    if known and strange:
        raise DataError(
            f"an answer calls '{strange[0]}', which is not one of the tools: {', '.join(known)}. "
            "Correct the name, or add the tool"
        )


def answered_in_order(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return messages with the results of each answer in the order of its calls.

    Most templates write results one after the other without their ids, so the order has to tell
    them apart.

    Raises:
        DataError: If a result names a call that the answer before it does not make.
    """
    ordered: list[dict[str, Any]] = []
    place = 0
    while place < len(messages):
        calling = messages[place]
        ordered.append(calling)
        place += 1
        results = []
        while place < len(messages) and messages[place]["role"] == "tool":
            results.append(messages[place])
            place += 1
        calls = calling.get("tool_calls", [])
        if results and len(results) < len(calls):
            raise DataError(
                f"an answer makes {len(calls)} calls, and {len(results)} of them have a result; "
                "add what is missing, or remove the calls"
            )
        ordered += _matched(results, calls) if calls else results
    return ordered


def _some(ids: Sequence[Any]) -> bool:
    return any(ids) and not all(ids)


def _matched(
    results: Sequence[dict[str, Any]], calls: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    ids = [call.get("id") for call in calls]
    answered = [result.get("tool_call_id") for result in results]
    if len(calls) > 1 and (_some(ids) or _some(answered) or (any(answered) and not all(ids))):
        raise DataError(
            "some calls of an answer or their results have no id, so that results cannot be told "
            "apart; give all of them ids, or none"
        )
    if len(calls) > 1 and len(set(ids)) < len(ids) and all(ids):
        raise DataError("two calls of an answer have the same id; give each a unique id")
    if all(ids) and all("tool_call_id" in result for result in results):
        strange = [r["tool_call_id"] for r in results if r["tool_call_id"] not in ids]
        if strange:
            raise DataError(f"a tool result answers '{strange[0]}', which no call before it has")
        results = sorted(results, key=lambda result: ids.index(result["tool_call_id"]))
        called = [calls[ids.index(result["tool_call_id"])] for result in results]
    else:
        called = list(calls)
    for result, call in zip(results, called, strict=False):
        name = call["function"]["name"]
        if result.get("name", name) != name:
            raise DataError(f"the tool result of '{result['name']}' answers a call of '{name}'")
    return list(results)
