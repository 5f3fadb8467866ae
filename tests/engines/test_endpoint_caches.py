"""Prompts that a server keeps, and for whom it takes them again (S4)."""

from collections import OrderedDict

import pytest

from evalguard.engines.base import BASE, EngineSettings
from evalguard.engines.endpoint.caches import takes_over
from evalguard.engines.endpoint.engine import EndpointEngine
from evalguard.engines.endpoint.replies import cached_tokens
from evalguard.errors import EngineError, TrustError
from tests.engines.servers import replying_server


class Keeping:
    """A server that keeps prompts, by the model or not, and counts its words."""

    def __init__(self, *, by_model=False, template=0, room=1000, slots=2):
        self.by_model, self.template, self.room, self.slots = by_model, template, room, slots
        self.kept = OrderedDict()
        self.last = []
        self.asked = 0

    def model(self, name):
        def ask(prompts):
            return [self._ask(name, prompt) for prompt in prompts]

        return ask

    def _ask(self, model, prompt):
        self.asked += 1
        key = (model, prompt) if self.by_model else prompt
        apart = prompt in self.last[-self.slots :] and (model, prompt) not in self.kept
        found = 12 if key in self.kept and not apart else 0
        self.last.append(prompt)
        self.kept[key] = self.kept[model, prompt] = True
        while len(self.kept) > 2 * self.room:
            self.kept.popitem(last=False)
        return found + self.template


class TestTakesOver:
    @pytest.mark.parametrize("template", [0, 40])
    @pytest.mark.parametrize("slots", [1, 4, 16])
    def test_prompts_found_for_another_model(self, slots, template):
        server = Keeping(slots=slots, template=template)
        assert takes_over(server.model("base"), server.model("v2")) == 12 + template

    def test_few_prompts_have_room(self):
        server = Keeping(room=8, slots=1)
        assert takes_over(server.model("base"), server.model("v2")) == 12

    @pytest.mark.parametrize("template", [0, 40])
    def test_each_model_finds_its_own(self, template):
        server = Keeping(by_model=True, template=template)
        assert takes_over(server.model("base"), server.model("v2")) == 0

    def test_a_server_that_keeps_nothing_is_asked_little(self):
        server = Keeping(room=0)
        assert takes_over(server.model("base"), server.model("v2")) == 0
        assert server.asked == 4

    def test_a_few_requests_that_are_sent_twice_are_no_sign(self):
        base = Keeping(by_model=True)

        def twice(prompts):
            return [12 if place < 3 < len(prompts) else 0 for place in range(len(prompts))]

        assert takes_over(base.model("base"), twice) == 0


@pytest.mark.parametrize(
    ("data", "tokens"),
    [
        ({"usage": {"prompt_tokens_details": {"cached_tokens": 14}}}, 14),
        ({"usage": {"input_tokens_details": {"cached_tokens": 3}}}, 3),
        ({"usage": {"prompt_cache_hit_tokens": 64}}, 64),
        ({"usage": {"cache_read_input_tokens": 7, "prompt_tokens_details": None}}, 7),
        ({"usage": {"prompt_tokens_details": {"cached_tokens": 0}}, "timings": {"cache_n": 9}}, 9),
        ({"usage": {"prompt_tokens_details": {"cached_tokens": None}}}, 0),
        ({"usage": {"prompt_tokens_details": {"cached_tokens": True}}}, 0),
        ({"usage": None}, 0),
        ([], 0),
        (EngineError("status 400"), 0),
    ],
)
def test_what_servers_say_of_their_cache(data, tokens):
    assert cached_tokens(data) == tokens


@pytest.fixture
def open_one(base):
    """Open the base of a server whose adapters are named by the requests."""
    engines = []

    def reply(path, body):
        if body is None:
            return 200, {"data": [{"id": "base", "meta": {"n_ctx": 512}}]}
        scales = [one["scale"] for one in body.get("lora", ())]
        return 200, {"choices": [{"index": 0, "text": f"{scales}", "finish_reason": "stop"}]}

    with replying_server(reply) as url:

        def opened(lora):
            options = {"base_url": url, "model": "base", "tokenized_requests": False}
            body = {} if lora is None else {"lora": lora}
            settings = EngineSettings(model=str(base), options=options | {"extra_body": body})
            engines.append(EndpointEngine(settings))
            return engines[-1]

        yield opened
        for engine in engines:
            engine.close()


def test_adapters_are_named_by_both_models_or_by_none(open_one):
    one, two = open_one([{"id": 0, "scale": 0}]), open_one([{"id": 0, "scale": 1}])
    silent = open_one(None)
    assert two.check_differs(BASE, one, "v2") > 0
    for base, other in ((silent, two), (two, silent)):
        with pytest.raises(TrustError, match=r"selects its adapters .* 'lora: \[{id: 0"):
            other.check_differs(BASE, base, "v2")
