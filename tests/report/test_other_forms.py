import csv
import io
import math
import re

import pytest

from evalkit.report import markdown, text
from evalkit.report.figures import all_figures
from evalkit.report.tables import all_tables, safe_cell

INJECTIONS = [
    "[x](javascript:alert(1))",
    "![x](http://a.b/c.png)",
    "<script>alert(1)</script>",
    "| a | b",
    "`code`",
    "# heading",
    "- item",
    "1. item",
    "> quote",
    "&lt;b&gt;",
    "https://evil.example",
    "www.evil.example",
    "a@b.c",
    "line\n\n# heading",
    "---",
    "~~gone~~",
    "<!-- -->",
]


@pytest.mark.parametrize("hostile", INJECTIONS)
def test_hostile_text_is_text_in_markdown(cases, hostile):
    """No heading, link, tag, cell or code comes from a title or a suggestion."""
    honest = markdown.render(cases["survey"](title="A title", suggestion="A suggestion"))
    attacked = markdown.render(cases["survey"](title=f"A {hostile}", suggestion=hostile))

    def built(page):
        lines = page.splitlines()
        return {
            "headings": sum(line.startswith("#") for line in lines),
            "items": sum(bool(re.match(r"(-|\d+\.) ", line)) for line in lines),
            "quotes": sum(line.startswith(">") for line in lines),
            "rows": sum(line.startswith("|") for line in lines),
            "bars": len(re.findall(r"(?<!\\)\|", page)),
            "links": len(re.findall(r"(?<!\\)\]\(", page)),
            "tags": len(re.findall(r"(?<!\\)<", page)),
            "code": len(re.findall(r"(?<!\\)`", page)),
            "addresses": len(re.findall(r"(?i)(https?:|www\.|javascript:)", page)),
        }

    assert built(attacked) == built(honest)


@pytest.mark.parametrize("number", ["0.05946", "−2,052", "1.2 million", "-1.5", "+5.2", "12"])
def test_numbers_stay_numbers_in_markdown(number):
    """A number is not taken apart to keep it from becoming a list, which it could not."""
    assert markdown.escape(number) == number


@pytest.mark.parametrize("item", ["1. item", "12) item", "1.", "- item", "+ item", "---"])
def test_a_list_cannot_begin_in_markdown(item):
    """What would begin a list or a rule does not."""
    assert markdown.escape(item) != item


def test_markdown_tables_have_as_many_cells_as_heads(evaluation):
    """Each run of lines with bars is a whole table."""
    page = markdown.render(evaluation)
    for block in re.split(r"\n\n+", page):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) <= 1


def test_markdown_says_what_the_page_says(cases):
    """Headline, advice and every section are in both forms."""
    from evalkit.report.html import render as page
    from evalkit.report.sections import technical_sections

    evaluation = cases["benefit with money"]()
    plain = markdown.render(evaluation)
    for section in technical_sections(evaluation, all_figures(evaluation)):
        assert f"### {section.title}" in plain
        assert section.title in page(evaluation)


def test_the_terminal_gets_eighty_columns_of_plain_text(evaluation):
    """No line is too long, nothing is bold unless asked, and the answer comes first."""
    shown = text.render(evaluation, bold=False)
    assert max(len(line) for line in shown.splitlines()) <= 80
    assert "\x1b" not in shown
    assert shown.endswith("\n")
    for part in ("Effect", "Next door", "Money", "Certainty", "Supports"):
        assert f"\n{part} " in shown


def test_bold_adds_only_bold(evaluation):
    """Taking the marks away leaves the same text."""
    bold = text.render(evaluation, bold=True)
    assert "\x1b[1m" in bold
    assert re.sub(r"\x1b\[[01]m", "", bold) == text.render(evaluation, bold=False)


def test_a_title_cannot_steer_a_terminal(cases):
    """Control characters of a title are dropped."""
    assert "\x1b" not in text.render(cases["benefit"](title="A \x1b[31mred\x07 title"), bold=False)


def test_the_terminal_shows_the_counts_as_they_were_given(cases):
    """The eight integers stand above what was made of them."""
    shown = text.render(cases["displaced"](), bold=False)
    for row in (
        "treated                207       110",
        "comparison             308       318",
        "nearby                 178       231",
    ):
        assert row in shown


@pytest.mark.parametrize("cell", ["=HYPERLINK(1)", "+1", "-1", "@a", "\tx", "\rx", " =1"])
def test_text_does_not_become_a_formula(cell):
    """A spreadsheet reads text as text."""
    assert safe_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", [-1.5, 0, None, True, "a = b", "", "Estate"])
def test_numbers_and_plain_text_stay_as_they_are(cell):
    """Only what a spreadsheet would run is changed."""
    assert safe_cell(cell) is cell


def test_export_tables_are_whole(evaluation):
    """Names are unique, rows fit their heads, and every number is finite."""
    tables = all_tables(evaluation)
    assert len({table.name for table in tables}) == len(tables)
    for table in tables:
        assert all(len(row) == len(table.columns) for row in table.rows), table.name
        numbers = [cell for row in table.rows for cell in row if isinstance(cell, float)]
        assert all(math.isfinite(number) for number in numbers), table.name
        out = io.StringIO()
        csv.writer(out).writerows(table.rows)


def test_money_is_exported_by_bearer_crime_and_year(cases):
    """What the page shows can be counted again."""
    names = {table.name for table in all_tables(cases["benefit with money"]())}
    assert {"effects", "prevented-by-period", "by-bearer", "by-crime", "by-year", "assumptions", "checks"} <= names
    assert "by-year-extrapolation" in names
