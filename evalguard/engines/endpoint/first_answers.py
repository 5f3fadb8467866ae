"""What a server is asked first, to see that it answers at all and keeps to a limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lm_eval.api.instance import Instance

from evalguard.engines.base import BASE, PROBE_TEXTS, generation
from evalguard.engines.endpoint.client import Client
from evalguard.engines.endpoint.counts import prompt_tokens
from evalguard.engines.endpoint.decoding import next_step
from evalguard.engines.endpoint.encoder import Encoder
from evalguard.engines.endpoint.posts import Posted, Writer
from evalguard.engines.endpoint.reader import Reader
from evalguard.engines.endpoint.replies import counted
from evalguard.engines.endpoint.requests import LimitError, UnansweredError
from evalguard.errors import EngineError

FIRST = (
    (PROBE_TEXTS[0], 4),
    ("Write the numbers from 1 to 200, separated by commas.", 4),
    ("Write one sentence about the sea.", 16),
    ("Good morning!", 1),
)
"""Prompts and the tokens that are asked for; the second asks for many more. The limits differ so
that counts which are always the same are seen not to count."""

LEAST_LIMIT = 4
"""Tokens from which the limit must be kept to; a gateway may add some to the shortest answer."""


Failure = Callable[[Exception], EngineError]
"""Returns an error that says which server and model it is of."""


def check_answers(
    served: str, client: Client, writer: Writer, reader: Reader, failure: Failure
) -> None:
    """Check that a server answers, keeps to ``max_tokens``, and repeats no prompts.

    What it does not answer says nothing of other prompts, unless it answers none at all.

    Args:
        served: Name of the base on the server.
        client: Sends requests.
        writer: Writes them.
        reader: Reads the responses.
        failure: Words of an error.

    Raises:
        EngineError: If it does not.
    """
    requests = [generation(text, tokens=tokens) for text, tokens in FIRST]
    posts = [writer.posts(served, one)[0] for one in requests]
    heard, failures = list[tuple[int, Any]](), list[EngineError]()
    try:
        for place, data in client.post_all([post.body for post in posts]):
            if isinstance(data, EngineError):
                failures.append(data)
            else:
                heard.append((place, data))
    except EngineError as error:
        failures = [error]
    if not heard:
        raise failure(_nothing_answered(failures))
    reader.learn([(posts[place], data) for place, data in heard])
    for place, data in heard:
        try:
            _check_first(reader, requests[place], posts[place], data)
        except UnansweredError as error:
            if isinstance(error, LimitError) and FIRST[place][1] >= LEAST_LIMIT:
                raise failure(error) from None
        except EngineError as error:
            raise failure(error) from None


def adds_first(
    served: str, client: Client, writer: Writer, encoder: Encoder, failure: Failure
) -> bool:
    """Return whether a server puts a first token before texts that begin with it already.

    Args:
        served: Name of the base on the server.
        client: Sends requests.
        writer: Writes them.
        encoder: Turns prompts into tokens.
        failure: Words of an error.

    Raises:
        EngineError: If that cannot be told: two models would get different prompts.
    """
    texts = [f"{encoder.first}{text}" for text, _ in FIRST]
    posts = [writer.posts(served, generation(text, tokens=1))[0] for text in texts]
    replies = dict(client.post_all([post.body for post in posts]))
    heard = {at: data for at, data in replies.items() if not isinstance(data, EngineError)}
    if not heard:
        raise failure(replies[0])
    place, data = next(iter(heard.items()))
    return prompt_tokens(data) == encoder.count(texts[place]) + 1


def _check_first(reader: Reader, request: Instance, post: Posted, data: Any) -> None:
    assert post.generation is not None
    said = counted(data, post.generation).text
    if said.lstrip().startswith(str(request.args[0])):
        raise EngineError("its answers begin with the prompt. Serve it without 'return_full_text'")
    reader.read(BASE, request, post, data)


def _nothing_answered(failures: Sequence[EngineError]) -> EngineError:
    """Return one error for a server that answered none of the first prompts.

    Args:
        failures: What came of each.
    """
    first = str(failures[0])
    several = f" (the same for all {len(failures)} first prompts)" if len(failures) > 1 else ""
    differ = len({str(one) for one in failures}) > 1
    words = f"{first.rstrip('.')}{'' if differ else several}"
    return EngineError(f"{words}. {next_step(first)}".strip())
