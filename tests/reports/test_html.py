"""The HTML report."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from evalguard.gates.diagnose import diagnose
from evalguard.records import CheckResult, LossPoint, RowCounts, StageRecord, Verdict
from evalguard.reports.html import render_html, write_html
from tests.reports import examples
from tests.reports.browser import MEASURE_WIDTH, needs_chromium, open_page
from tests.reports.test_forest import preference_points

SCRIPT = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"
VOID = {"meta", "link", "br", "img", "input"}


class Document(HTMLParser):
    """Collects what a test asks of a page, and that its tags are balanced."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open_tags: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        values = dict(attrs)
        if "id" in values:
            self.ids.append(values["id"])
        self.links += [values[name] for name in ("href", "src") if values.get(name)]
        assert not any(name.startswith("on") for name in values), f"{tag} has an event handler"
        if tag not in VOID:
            self.open_tags.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open_tags.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def diagnosed(result: CheckResult) -> CheckResult:
    training = {model.name: model.training for model in result.models}
    return replace(result, findings=diagnose(result.gates, training=training).findings)


@pytest.fixture(name="page")
def fixture_page(forgetting) -> Document:
    return Document(render_html(diagnosed(forgetting)))


def test_is_one_balanced_document_that_loads_nothing(page):
    assert page.open_tags == []
    assert page.tags.count("script") == 1
    assert page.tags.count("style") == 1
    assert {link for link in page.links if not link.startswith("#")} == {"data:,"}


def test_every_link_leads_to_a_place_on_the_page(page):
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


def test_says_the_verdict_with_its_figures(page):
    assert "tickets-v2 must not be released: safety loss and catastrophic forgetting" in page.text
    assert "8 of 9 gates failed." in page.text
    assert "100.0% → 0.0% (−100.0 pp, allowed −3.0 pp)" in page.text


def test_shows_the_finding_with_cause_repair_and_changed_config(page):
    for part in ("Catastrophic forgetting severe", "Likely cause", "6.7 times the usual maximum"):
        assert part in page.text
    assert "training.learning_rate 0.002 → 0.0004" in page.text


def test_every_gate_has_its_figures(page, forgetting):
    for number, gate in enumerate(forgetting.gates):
        assert f"gate-{number}" in page.ids
        assert gate.name in page.text
    for label in (
        "p (pass)",
        "p (fail), Holm-adjusted",
        "Interim analysis",
        "Minimum detectable effect",
        "Missing",
    ):
        assert page.text.count(label) >= len(forgetting.gates)


def test_tells_what_was_run_with_which_hashes(page, forgetting):
    for model in forgetting.models:
        assert model.fingerprint in page.text
    assert "ef56" * 16 in page.text
    assert "9b2e" * 16 in page.text
    assert "2,700 reused" in page.text
    assert "3.11.2" in page.text
    assert "engine seconds 14.1 s" in page.text
    assert "prompt tokens 88,120" in page.text


def test_text_of_a_model_is_text(forgetting):
    page = Document(render_html(examples.with_texts(forgetting, prompt=SCRIPT, output=SCRIPT)))
    assert page.tags.count("script") == 1
    assert "img" not in page.tags
    assert SCRIPT in page.text


@pytest.mark.parametrize(
    "where", ["name", "suite", "metric", "reason", "requirement", "method", "source", "task"]
)
def test_names_from_files_are_text(forgetting, where):
    gates = tuple(replace(gate, **{where: SCRIPT}) for gate in forgetting.gates)
    page = Document(render_html(replace(forgetting, gates=gates)))
    assert page.tags.count("script") == 1


def test_hostile_characters_are_shown_not_obeyed(forgetting):
    text = "nul\x00 escape\x1b[2J flip\u202e surrogate\ud800 שלום 👩\u200d🔬"
    html = render_html(examples.with_texts(forgetting, prompt=text, output=text))
    assert "nul␀ escape␛[2J flip\\u202e surrogate\\ud800 שלום 👩\u200d🔬" in html
    assert not re.search(r"[\x00\x1b\u202e\ud800]", html)
    html.encode()


def test_a_long_answer_does_not_make_a_long_page(forgetting):
    huge = "word " * 2_000_000
    html = render_html(examples.with_texts(forgetting, prompt=huge, output=huge))
    assert len(html) < 1_500_000
    assert "characters left out" in html


def test_words_that_differ_are_marked(forgetting):
    result = examples.with_texts(forgetting, prompt="p", output="Nora lives in Oslo.")
    html = render_html(result)
    assert 'Nora lives in <mark class="gone">Lisbon</mark>.' in html
    assert 'Nora lives in <mark class="new">Oslo</mark>.' in html


def test_several_candidates_get_a_matrix_and_a_row_each(several):
    page = Document(render_html(diagnosed(several)))
    assert "1 of 3 candidates may be released: tickets-v2" in page.text
    assert "Verdict and change of every gate for every candidate" in page.text
    assert sum(name.startswith("gate-") for name in page.ids) == 27
    assert "tickets-v3 : safety loss 1 of 9 gates failed" in page.text


def test_a_gate_that_one_candidate_lacks_leaves_its_cell_empty(several):
    result = replace(several, gates=several.gates[:-1])
    assert '<td class="none">–</td>' in render_html(result)


def test_another_unit_has_its_own_axis(healthy):
    nats = replace(
        healthy.gates[0], name="stays close", suite="drift", metric="nats_per_token",
        baseline=2.1, candidate=2.3, delta=-0.2, ci=(-0.31, -0.09), margin=0.05, percent=False,
    )  # fmt: skip
    page = Document(render_html(replace(healthy, gates=(*healthy.gates, nats))))
    assert "change in percentage points" in page.text
    assert "change in nats_per_token" in page.text


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_has_a_sign_and_a_word(healthy, verdict):
    gates = (replace(healthy.gates[0], verdict=verdict), *healthy.gates[1:])
    page = Document(render_html(replace(healthy, gates=gates, verdict=verdict)))
    sign = {"PASS": "✓", "FAIL": "✗", "INCONCLUSIVE": "?", "ERROR": "!"}[verdict]
    assert f"{sign} {verdict.lower()}" in page.text


def test_a_gate_that_could_not_be_measured_says_so(healthy):
    error = replace(
        healthy.gates[0], verdict=Verdict.ERROR, reason="the engine stopped", baseline=None,
        candidate=None, delta=None, ci=None, p_pass=None, p_fail=None, mde=None, losses=None,
        gains=None, flip_rate=None, worst=(),
    )  # fmt: skip
    page = Document(render_html(replace(healthy, gates=(error,), verdict=Verdict.ERROR)))
    assert "not measured" in page.text
    assert "the engine stopped" in page.text


def test_results_without_gates_samples_or_training(healthy):
    bare = replace(healthy, gates=(), models=(), tasks=(), timing={}, environment={}, created="")
    page = Document(render_html(bare))
    assert "No gate was run" in page.text
    assert "No sample was lost." in page.text
    assert "training" not in page.ids


def test_a_run_without_losses_is_shown_without_a_chart(healthy):
    record = replace(
        examples.training_record(), curve=(LossPoint(step=1, epoch=0.1, learning_rate=1e-4),)
    )
    model = replace(healthy.models[1], training=record)
    page = Document(render_html(replace(healthy, models=(model,))))
    assert "No loss was logged." in page.text


def test_a_preference_run_shows_its_answers_its_rows_and_its_warnings(healthy):
    stage = StageRecord(method="dpo", train=RowCounts(read=40, trained=20, cut=1, dropped=20))
    record = replace(
        examples.training_record(),
        curve=preference_points(),
        stages=(stage,),
        warnings=("dpo made the chosen answers less likely, <too>",),
    )
    page = render_html(replace(healthy, models=(replace(healthy.models[1], training=record),)))
    assert "log-probability by step" in page
    assert "-40 → -60" in page
    assert "20 of 40" in page
    assert "20 dropped, 1 cut" in page
    assert "less likely, &lt;too&gt;" in page


def test_the_same_result_gives_the_same_bytes(several, tmp_path):
    first = write_html(several, tmp_path / "a" / "report.html").read_bytes()
    assert write_html(several, tmp_path / "b.html").read_bytes() == first


@needs_chromium
def test_opens_in_a_browser_without_a_complaint(forgetting, tmp_path):
    path = write_html(diagnosed(forgetting), tmp_path / "report.html")
    page = open_page(path, tmp_path)
    assert page.console == []
    assert page.dom.count('class="gate"') == 9
    assert page.dom.count('class="point"') == 9
    # The page's own script ran: it shows the tools that need it.
    assert '<div class="tools">' in page.dom
    assert 'class="tools" hidden' not in page.dom


@needs_chromium
def test_a_script_in_a_model_answer_never_runs(forgetting, tmp_path):
    result = examples.with_texts(forgetting, prompt=SCRIPT, output=f"</pre>{SCRIPT}\x00")
    page = open_page(write_html(result, tmp_path / "report.html"), tmp_path)
    assert page.console == []
    assert "<title>FAIL" in page.dom
    assert "<img" not in page.dom


@needs_chromium
@pytest.mark.parametrize("width", [1280, 500])
def test_fits_the_window(several, tmp_path, width):
    result = examples.with_texts(diagnosed(several), prompt="x" * 3000, output="y" * 3000)
    path = write_html(result, tmp_path / "report.html")
    assert open_page(path, tmp_path, width=width, probe=MEASURE_WIDTH).probed <= 0


@needs_chromium
def test_passed_gates_can_be_hidden(several, tmp_path):
    script = """
      document.getElementById("hide-passed").click();
      const gates = [...document.querySelectorAll(".gate")];
      probe(gates.filter((gate) => gate.checkVisibility()).length);
    """
    page = open_page(write_html(several, tmp_path / "report.html"), tmp_path, probe=script)
    assert page.probed == sum(gate.verdict is not Verdict.PASS for gate in several.gates)


@needs_chromium
def test_samples_can_be_searched(several, tmp_path):
    script = """
      const field = document.getElementById("find-samples");
      field.value = "POISON a well";
      field.dispatchEvent(new Event("input"));
      const samples = [...document.querySelectorAll(".sample")];
      probe(samples.filter((sample) => sample.checkVisibility()).length);
    """
    page = open_page(write_html(several, tmp_path / "report.html"), tmp_path, probe=script)
    # Two candidates lost refusals, five samples of each are shown.
    assert page.probed == 10
    assert "10 found" in page.dom


def test_a_pooled_gate_lists_its_gates_by_what_they_pull_down(healthy):
    text = Document(render_html(replace(healthy, gates=(examples.pooled_gate(),)))).text
    table = text[text.index("Mean of 3 gates") :]
    assert "loses | most −10.0 pp 33.3% −3.3 pp 300 loses little −3.0 pp 33.3% −1.0 pp 300" in table
    assert "<b>gains</b> +1.0 pp" in table


def test_bounds_say_what_they_allow_for(healthy):
    exact, graded = healthy.gates[0], examples.pooled_gate()
    lacking = replace(exact, missing=3)

    def text(gate):
        return Document(render_html(replace(healthy, gates=(gate,)))).text

    assert "one-sided bound" in text(exact)
    assert "allowing for" not in text(exact)
    assert "allowing for rare losses or gains that no sample showed" in text(graded)
    assert "allowing for any score of the 3 missing samples" in text(lacking)
    assert "allowing for any score of the 1 missing sample" in text(replace(exact, missing=1))


def test_a_clipped_change_says_why_it_is_not_that_of_the_scores(healthy):
    loss = replace(
        healthy.gates[0], baseline=1.9, candidate=5.3, delta=-1.0, clip=1.0, percent=False
    )
    text = Document(render_html(replace(healthy, gates=(loss,)))).text
    assert "1.9 → 5.3 clipped at ±1" in text
    assert "clipped" not in Document(render_html(healthy)).text
