"""The section on who gains, where there is nothing to tell."""

from evalkit.report.figures import all_figures
from evalkit.report.sections_incidence import incidence_sections


def test_without_incidence_there_is_no_section_and_no_picture(cases):
    """An appraisal that holds no incidence has no section; a report never makes one up."""
    evaluation = cases["benefit with money"]()
    assert evaluation.appraisal.incidence is None
    assert incidence_sections(evaluation, {}) == ()
    assert "areas" not in [figure.name for figure in all_figures(evaluation)]
