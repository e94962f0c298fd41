"""The report of pooled evidence: whole, readable, hostile text stays text, and words agree with numbers."""

import csv
import io
import math
import re
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

import evalkit as ek
from evalkit.evidence import EffectSize
from evalkit.pooling import Evidence
from evalkit.pooling.place import Place
from evalkit.pooling.sources import Sources
from evalkit.report import evidence_markdown, html
from evalkit.report import evidence_words as words
from evalkit.report.evidence_figures import evidence_figures
from evalkit.report.evidence_page import evidence_page
from evalkit.report.evidence_support import supported
from evalkit.report.evidence_text import render_evidence

VOID = {"meta", "link", "br", "hr", "img", "input", "line", "circle"}
HOSTILE = "<script>alert(1)</script></svg></title>\"'><img src=x onerror=alert(1)> [x](javascript:a) {{ 7*7 }} \x1b[31m"


def effects_of(values, errors, name="study {}", **more):
    """Give effects with names of a pattern."""
    return tuple(
        EffectSize(study=name.format(i), estimate=float(y), error=float(s), scale="log_rate_ratio", **more)
        for i, (y, s) in enumerate(zip(values, errors, strict=True), 1)
    )


def synthesis_of(values, errors, *, pattern="study {}", labels=None, **more):
    """Pool effects under a title."""
    sources = Sources(effects=effects_of(values, errors, pattern, **(labels or {})))
    return Evidence(**{"title": "Lights", "sources": sources, "draws": 400} | more).synthesise()


CASES = {
    "reduces": ([-0.4, -0.3, -0.35, -0.3, -0.4], [0.08] * 5),
    "harms": ([0.4, 0.3, 0.35, 0.3, 0.4], [0.08] * 5),
    "open": ([-0.2, 0.2, -0.1, 0.15, 0.0], [0.15] * 5),
    "two only": ([-0.4, -0.3], [0.1, 0.1]),
    "many": (list(np.linspace(-0.6, 0.1, 14)), list(np.linspace(0.05, 0.3, 14))),
}


@pytest.fixture(scope="module", params=CASES)
def synthesis(request):
    """Give the evidence of every case in turn."""
    return synthesis_of(*CASES[request.param])


class Structure(HTMLParser):
    """Reads what a page is made of."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.crossed, self.texts = [], [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        """Open an element."""
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        """Note an element that closes itself."""
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        """Close an element, or note that another is open."""
        if not self.open or self.open[-1] != tag:
            self.crossed.append(tag)
        else:
            self.open.pop()

    def handle_data(self, data):
        """Keep what is read."""
        self.texts.append(data)


def test_a_page_is_well_formed_stands_alone_and_can_be_read_without_seeing_it(synthesis):
    """Elements close, nothing is loaded or run, headings are in order, ids are there once."""
    page = html.render_evidence(synthesis)
    structure = Structure(page)
    assert structure.crossed == structure.open == []
    assert [tag for tag, _ in structure.tags if tag in {"script", "link", "iframe", "img", "object"}] == []
    levels = [int(tag[1]) for tag, _ in structure.tags if tag in {"h1", "h2", "h3"}]
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    ids = [attributes["id"] for _, attributes in structure.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {attributes["href"][1:] for tag, attributes in structure.tags if tag in {"a", "use"}}
    assert targets <= set(ids)
    assert not re.search(r"\bnan\b|\binf\b", " ".join(structure.texts), re.IGNORECASE)


def test_the_same_evidence_gives_the_same_page():
    """Seeds and data decide, and nothing else."""
    first, again = (synthesis_of(*CASES["reduces"]) for _ in range(2))
    assert html.render_evidence(first) == html.render_evidence(again)


def test_hostile_text_stays_text_in_every_form():
    """Titles, names of studies, outcomes, notes, places and advice are read and never run."""
    labels = {"outcome": HOSTILE, "country": HOSTILE, "notes": (HOSTILE,)}
    place = Place(name=HOSTILE)
    synthesis = synthesis_of(
        *CASES["reduces"], pattern=HOSTILE.replace("{{ 7*7 }}", "{{{{ 7*7 }}}}") + " {}", labels=labels,
        title=HOSTILE, question=HOSTILE, measure=HOSTILE, suggestion=HOSTILE, place=place,
    )  # fmt: skip
    page = html.render_evidence(synthesis)
    structure = Structure(page)
    assert [tag for tag, _ in structure.tags if tag in {"script", "img", "iframe"}] == []
    assert structure.crossed == structure.open == []
    assert all(not name.startswith("on") for _, attributes in structure.tags for name in attributes)
    assert "{{ 7*7 }}" in page
    text = evidence_markdown.render_evidence(synthesis)
    assert re.search(r"(?<!\\)<(script|img)", text) is None
    assert "](javascript:" not in text
    assert "\x1b" not in render_evidence(synthesis, bold=False)
    assert "\x1b" not in page + text


def test_a_name_that_is_a_formula_reaches_no_spreadsheet(tmp_path):
    """Tables for spreadsheets hold text, and not something to be reckoned."""
    synthesis = synthesis_of(*CASES["reduces"], pattern="=HYPERLINK({})")
    synthesis.write(tmp_path)
    for file in (tmp_path / "tables").glob("*.csv"):
        rows = csv.reader(io.StringIO(file.read_text(encoding="utf-8")))
        assert not [cell for row in rows for cell in row if cell.startswith("=")]


def test_the_verb_follows_the_probability(synthesis):
    """Less or more, surely, probably or not at all; nothing where a check failed on which the answer stands."""
    told, body = words.headline(synthesis), synthesis.body
    if not body.is_settled:
        assert "do not settle" in told
        assert "%" not in told
        return
    probability = body.prob_mean_harm
    assert ("probably" in told.split(".")[0]) is (0.025 <= probability < 0.1 or 0.9 < probability <= 0.975)
    assert (" reduced " in told and "cannot tell" not in told) is (probability < 0.1)
    assert (" increased " in told and "cannot tell" not in told) is (probability > 0.9)


def test_the_numbers_of_the_headline_are_those_of_the_fit():
    """Mean, both ranges and the chance of harm, to the digits shown."""
    synthesis = synthesis_of(*CASES["reduces"])
    body = synthesis.body
    told = words.headline(synthesis).replace("\N{NO-BREAK SPACE}", "").replace("−", "-").replace("+", "")
    shown = [float(number) for number in re.findall(r"(-?\d+(?:\.\d+)?)%", told)]
    held, new = body.mean.interval(0.95), body.new_programme.interval(0.95)
    exact = [100 * math.expm1(value) for value in (body.mean.median, held.lower, held.upper, new.lower, new.upper)]
    # 95 stands between the mean and its range
    assert [value for value in shown if value != 95] == pytest.approx(exact, rel=0.05)


def test_every_form_says_the_same_headline(synthesis):
    """Page, text and terminal differ in form only."""
    told = words.headline(synthesis).replace("\N{NO-BREAK SPACE}", " ")
    terminal = " ".join(render_evidence(synthesis, bold=False).replace("\N{NO-BREAK SPACE}", " ").split())
    assert told in terminal
    page = " ".join(
        "".join(Structure(html.render_evidence(synthesis)).texts).replace("\N{NO-BREAK SPACE}", " ").split()
    )
    assert told in page.replace("\N{WORD JOINER}", "")


def test_the_forest_holds_every_study_raw_and_drawn_the_mean_and_one_more(synthesis):
    """What is drawn is what was fitted."""
    body = synthesis.body
    forest = evidence_figures(synthesis)[0]
    assert [row[0] for row in forest.rows][: len(body.studies)] == [each.study for each in body.studies]
    for row, each, drawn in zip(forest.rows, body.studies, body.overall.sites, strict=False):
        assert row[1] == each.estimate
        assert row[4] == drawn.median
        assert min(each.estimate, body.mean.median) - 1e-9 <= row[4] <= max(each.estimate, body.mean.median) + 1e-2
    assert [row[0] for row in forest.rows][len(body.studies) :] == ["Mean of all programmes", "One more programme"]
    assert forest.alt
    assert "<title" in forest.svg


def test_advice_follows_harm_benefit_and_doubt():
    """The rule, on cases that are clear."""
    assert "Do not start" in supported(synthesis_of(*CASES["harms"])).advice
    assert "Start one and evaluate it" in supported(synthesis_of(*CASES["reduces"])).advice
    assert "Gather more evidence" in supported(synthesis_of(*CASES["two only"])).advice
    own = synthesis_of(*CASES["harms"], suggestion="Wait.")
    assert supported(own).advice == "Wait."
    assert supported(own).is_own


def test_a_first_page_names_what_is_not_settled_and_gives_no_mean():
    """Two studies have no mean to quote."""
    synthesis = synthesis_of(*CASES["two only"])
    page = evidence_page(synthesis, evidence_figures(synthesis))
    assert page.facts[0].value == "not settled"
    assert "too few" in page.headline


def test_the_selection_model_is_told_with_its_limits():
    """Fourteen studies of which some show a benefit and some do not."""
    page = html.render_evidence(synthesis_of(*CASES["many"]))
    assert "no better answer" in page
    assert "a slant is no proof that studies are missing" in page


def test_a_study_of_evalkit_that_failed_a_check_is_named_in_the_report():
    """Kept, and said."""
    values, errors = CASES["reduces"]
    marred = effects_of(values[:1], errors[:1], "marred {}", notes=("failed in the study: leads. They rose.",))
    sources = Sources(effects=(*effects_of(values[1:], errors[1:]), *marred))
    synthesis = Evidence(title="x", sources=sources, draws=400).synthesise()
    assert "failed in the study: leads" in html.render_evidence(synthesis)
    assert "marred 1" in render_evidence(synthesis, bold=False)


def test_moderators_have_a_section_a_line_and_a_caution(tmp_path):
    """What effects differ by is described and not explained."""
    rng = np.random.default_rng(1)
    effects = [
        EffectSize(
            study=f"s{i}", estimate=float(-0.1 * i + 0.05 * rng.normal()), error=0.1, scale="log_rate_ratio",
            moderators={"dose": float(i)},
        )
        for i in range(8)
    ]  # fmt: skip
    synthesis = ek.pool(effects, moderators=["dose"])
    page = html.render_evidence(synthesis)
    assert "What effects differ by" in page
    assert "not given these by lot" in page
    assert [each.name for each in evidence_figures(synthesis)] == ["studies", "without-each", "funnel", "moderator"]
    assert len(synthesis.write(tmp_path)) > 6
