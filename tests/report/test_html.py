import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from evalkit.domain import Check
from evalkit.report import html
from evalkit.report.drawing import PALETTE
from evalkit.report.figures import all_figures

VOID = {"meta", "link", "br", "hr", "img", "input", "line", "circle"}
HOSTILE = "<script>alert(1)</script></svg></title>\"'><img src=x onerror=alert(1)> $x^2$ {{ 7*7 }}"


class Structure(HTMLParser):
    """Reads what a page is made of."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.crossed = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        """Open an element."""
        self.tags.append((tag, dict(attributes), tuple(name for name, _ in self.open)))
        if tag not in VOID:
            self.open.append((tag, len(self.tags)))

    def handle_startendtag(self, tag, attributes):
        """Note an element that closes itself."""
        self.tags.append((tag, dict(attributes), tuple(name for name, _ in self.open)))

    def handle_endtag(self, tag):
        """Close an element, or note that another is open."""
        if not self.open or self.open[-1][0] != tag:
            self.crossed.append(tag)
        else:
            self.open.pop()

    def of(self, *wanted):
        """Give tag and attributes of every element of some kinds."""
        return [(tag, attributes) for tag, attributes, _ in self.tags if tag in wanted]


@pytest.fixture
def page(evaluation):
    """Give the page of every case in turn."""
    return html.render(evaluation)


def test_a_page_is_well_formed_and_stands_alone(page):
    """Every element closes where it should, and nothing is loaded from anywhere or run."""
    structure = Structure(page)
    assert structure.crossed == []
    assert structure.open == []
    assert structure.of("script", "link", "iframe", "img", "object") == []
    addresses = [
        value for _, attributes, _ in structure.tags for name, value in attributes.items() if name in {"href", "src"}
    ]
    assert [address for address in addresses if not address.startswith("#")] == []
    assert "@import" not in page
    assert re.search(r"url\((?!#)", page) is None


def test_a_page_can_be_read_without_seeing_it(page):
    """One h1, headings in order, a language, a skip link, names for pictures, heads for tables, ids once."""
    structure = Structure(page)
    assert structure.of("html")[0][1]["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in structure.of("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    ids = [attributes["id"] for _, attributes, _ in structure.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [attributes["href"][1:] for _, attributes in structure.of("a", "use")]
    assert set(targets) <= set(ids)
    assert structure.of("a")[0][1]["class"] == "skip"
    for _, attributes in structure.of("svg"):
        assert attributes["role"] == "img"
        assert set(attributes["aria-labelledby"].split()) <= set(ids)
    assert len(structure.of("table")) == len(structure.of("caption")) > 0
    assert all(attributes.get("scope") in {"col", "row"} for _, attributes in structure.of("th"))
    scrolled = [attributes for _, attributes in structure.of("div") if "scroll" in attributes.get("class", "")]
    assert all(attributes["tabindex"] == "0" and attributes["aria-label"] for attributes in scrolled)


def test_every_picture_is_valid_svg_with_a_name_and_a_description(evaluation):
    """A picture stands alone as a file, too."""
    for figure in all_figures(evaluation):
        for svg in (figure.svg, figure.narrow):
            root = ET.fromstring(svg)
            kinds = [child.tag.split("}")[1] for child in root][:2]
            assert kinds == ["title", "desc"]
            assert root[1].text == figure.alt
        assert figure.alt.count("\n") == 0
        assert all(len(row) == len(figure.columns) for row in figure.rows)


def test_the_same_evaluation_gives_the_same_bytes(cases):
    """Nothing on a page depends on when or how often it is made."""
    assert html.render(cases["benefit with money"]()) == html.render(cases["benefit with money"]())


def contrast(one, other="#ffffff"):
    """Give the ratio of WCAG 2.1."""

    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colour", PALETTE.values())
@pytest.mark.parametrize("ground", ["#ffffff", "#f5f4ef", "#e8eef8"])
def test_text_can_be_read(colour, ground):
    """Every colour of text has a contrast of 4.5 on white and on the two washes it stands on, rust on white only."""
    if colour != PALETTE["rust"] or ground == "#ffffff":
        assert contrast(colour, ground) >= 4.5


def test_the_style_uses_the_measured_colours(page):
    """No colour is on a page that was not measured."""
    style = page[page.index("<style>") : page.index("</style>")]
    known = {*PALETTE.values(), "#f5f4ef", "#d9d9d6", "#e8eef8", "#fff", "#ffffff"}
    assert set(re.findall(r"#[0-9a-f]{3,6}\b", style)) <= known


def test_hostile_text_stays_text(cases, make):
    """A title, a name, a check, a refusal cannot become part of the page."""
    honest = cases["benefit with money"]()
    effects = {name: dict(named) for name, named in honest.effects.items()}
    effect = effects["crime"]["did-poisson"]
    effects["crime"] = {
        HOSTILE: replace(effect, checks=(Check(name=HOSTILE, passed=False, detail=HOSTILE),), assumption=HOSTILE),
        "did-ols": effects["crime"]["did-ols"],
    }
    measure = replace(honest.study.intervention, name=HOSTILE, place=HOSTILE, partners=(HOSTILE,), dose=HOSTILE)
    designs = {name: replace(design, intervention=measure) for name, design in honest.study.designs.items()}
    evaluation = make["evaluate"](
        effects,
        designs,
        title=HOSTILE,
        question=HOSTILE,
        suggestion=HOSTILE,
        appraisal=honest.appraisal,
        warnings=(HOSTILE,),
    )
    page = html.render(evaluation)
    structure = Structure(page)
    assert structure.of("script", "img") == []
    assert structure.crossed == []
    assert "<script" not in page
    assert "49" not in re.sub(r"<svg.*?</svg>", "", page[page.index("<h1>") : page.index("</h1>")])
    for figure in all_figures(evaluation):
        ET.fromstring(figure.svg)


def test_a_line_never_ends_between_a_sign_and_its_number(page):
    """Minus signs, symbols, percent signs and options of a command stay with what they belong to."""
    body = re.sub(r"<(svg|style|title)\b.*?</\1>|<[^>]*>", "\n", page, flags=re.DOTALL)
    assert re.search(r"−[$£€\d]", body) is None
    assert re.search(r"\d %", body) is None
    assert re.search(r"<span>--seed \d+</span> <span>--draws \d+</span>", page)
