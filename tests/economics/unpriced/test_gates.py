import pytest

from evalkit.economics.unpriced import CHARTER_PRINCIPLES, Gate, Intrusion
from evalkit.errors import CostError


def test_all_seven_principles_and_three_gates_stand_there_answered_or_not():
    """A principle that nobody thought of is shown as not answered, and not left out."""
    found = Intrusion(exposed_residents=1)
    assert [gate.key for gate in found.principles] == [
        "legality", "necessity", "proportionality", "transparency", "responsibility", "independent_monitoring",
        "citizen_participation",
    ]  # fmt: skip
    assert [gate.key for gate in found.gates] == [
        "necessity_and_proportionality",
        "impact_assessment",
        "biometric_rules",
    ]
    assert {gate.answer for gate in (*found.principles, *found.gates)} == {"not answered"}
    (finding,) = found.findings
    assert all(label in finding for label in CHARTER_PRINCIPLES.values())


def test_a_gate_that_is_not_passed_is_the_first_finding_and_says_that_money_does_not_make_up_for_it():
    """Gates are not traded against money: the finding is the same whatever the net benefit."""
    failed = Gate(key="biometric_rules", kind="gate", answer="fail", evidence="Faces are matched live.")
    first, second = Intrusion(exposed_residents=1, gates=(failed,)).findings
    assert "Rules on biometric identification" in first
    assert "Faces are matched live" in first
    assert "2024/1689" in first
    assert "whatever its worth in money" in first
    assert "Rules on biometric identification" not in second


def test_where_everything_is_kept_there_is_no_finding():
    """Ten answers with their evidence leave nothing to warn of."""
    kept = [Gate(key=key, kind="principle", answer="pass", evidence="report 7") for key in CHARTER_PRINCIPLES]
    law = [
        Gate(key=key, kind="gate", answer="pass", evidence="file 3")
        for key in ("necessity_and_proportionality", "impact_assessment", "biometric_rules")
    ]
    assert Intrusion(exposed_residents=1, principles=tuple(kept), gates=tuple(law)).findings == ()


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ({"key": "legality", "kind": "principle", "answer": "pass"}, "no evidence"),
        ({"key": "legalty", "kind": "principle"}, "did you mean 'legality'"),
        ({"key": "impact_asessment", "kind": "gate"}, "did you mean 'impact_assessment'"),
        ({"key": "legality", "kind": "principle", "answer": "yes"}, "'not answered'"),
        ({"key": "legality", "kind": "principle", "answer": "pass", "evidence": 3}, "is text"),
        ({"key": "legality", "kind": "principle", "answer": "pass", "evidence": " "}, "no evidence"),
    ],
)
def test_an_answer_without_evidence_or_to_no_known_rule_is_refused(gate, said):
    """A pass rests on something, and a misspelt rule is not a new one."""
    with pytest.raises(CostError, match=said):
        Gate(**gate)


def test_a_rule_of_ones_own_names_its_law():
    """Other countries have other laws; they stand after those that are known."""
    own = Gate(key="video_law", kind="gate", law="Cantonal video law", answer="fail")
    found = Intrusion(exposed_residents=1, gates=(own,))
    assert found.gates[-1] is own
    assert "Video law (Cantonal video law)" in found.findings[0]


def test_one_rule_has_one_answer():
    """Two answers to one question are refused, not ranked."""
    twice = (Gate(key="legality", kind="principle"), Gate(key="legality", kind="principle", answer="fail"))
    with pytest.raises(CostError, match="answered twice"):
        Intrusion(exposed_residents=1, principles=twice)
