"""Principles and rules of law that a measure keeps or does not: never weighed against money."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from evalkit.domain.text import listed, one_line
from evalkit.errors import CostError, nearest

__all__ = ["CHARTER", "CHARTER_PRINCIPLES", "LEGAL_GATES", "Answer", "Gate", "gate_findings", "read_gates"]

type Answer = Literal["pass", "fail", "not answered"]
type Kind = Literal["principle", "gate"]

CHARTER = (
    "Charter for a democratic use of video surveillance, European Forum for Urban Security 2010, "
    "https://efus.eu/en/about-us/executive-committee/public/1743/"
)

# The charter's English text says accountability and independent oversight for the fifth and sixth.
CHARTER_PRINCIPLES: Mapping[str, str] = {
    "legality": "Legality",
    "necessity": "Necessity",
    "proportionality": "Proportionality",
    "transparency": "Transparency",
    "responsibility": "Responsibility (accountability)",
    "independent_monitoring": "Independent monitoring (oversight)",
    "citizen_participation": "Citizen participation",
}

LEGAL_GATES: Mapping[str, tuple[str, str]] = {
    "necessity_and_proportionality": (
        "Necessary and proportionate interference",
        "European Convention on Human Rights, article 8(2); Charter of Fundamental Rights of the EU, article 52(1)",
    ),
    "impact_assessment": (
        "Data protection impact assessment",
        "Regulation (EU) 2016/679, article 35; for police Directive (EU) 2016/680, article 27",
    ),
    "biometric_rules": (
        "Rules on biometric identification",
        "Regulation (EU) 2024/1689 (AI Act), articles 5 and 26",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Gate:
    """A principle or a rule of law, and whether the measure keeps it.

    Attributes
    ----------
    key : "legality", "impact_assessment", or the user's own
    kind : "principle" of the charter, or "gate" of the law
    answer : "pass", "fail" or "not answered"; where a rule does not apply the answer is "pass", and the
        evidence says why
    evidence : what the answer rests on; a "pass" needs it
    law : what it is a rule of; for those that evalkit knows, filled in
    label : what people call it; filled in likewise
    """

    key: str
    kind: Kind
    answer: Answer = "not answered"
    evidence: str = ""
    law: str = ""
    label: str = ""

    def __post_init__(self) -> None:
        for name in ("key", "evidence", "law", "label"):
            if not isinstance(getattr(self, name), str):
                raise CostError(f"{name} of {self.kind} {self.key!r} is text; there is {getattr(self, name)!r}")
            object.__setattr__(self, name, one_line(getattr(self, name)))
        if self.answer not in get_args(Answer.__value__):
            known = get_args(Answer.__value__)
            raise CostError(f"no answer {self.answer!r} to {self.key!r}; {nearest(self.answer, known)}")
        if self.answer == "pass" and not self.evidence:
            raise CostError(
                f"{self.key!r} is said to be kept and there is no evidence: say what shows it, such as "
                '{ answer = "pass", evidence = "decision of the council, 12 May 2021" }'
            )
        label, law = self._known()
        object.__setattr__(self, "label", self.label or label)
        object.__setattr__(self, "law", self.law or law)

    def _known(self) -> tuple[str, str]:
        if self.kind == "principle":
            if self.key not in CHARTER_PRINCIPLES:
                raise CostError(f"no principle {self.key!r} in the charter; {nearest(self.key, CHARTER_PRINCIPLES)}")
            return CHARTER_PRINCIPLES[self.key], CHARTER
        if self.key in LEGAL_GATES:
            return LEGAL_GATES[self.key]
        if not self.law:  # so that a misspelt rule is not taken for a new one
            raise CostError(
                f"no rule of law {self.key!r}; {nearest(self.key, LEGAL_GATES)}; for a rule of your own say of which "
                f'law: {self.key} = {{ law = "...", answer = "...", evidence = "..." }}'
            )
        return self.key.replace("_", " ").capitalize(), self.law


def read_gates(kind: Kind, given: Iterable[Gate] = ()) -> tuple[Gate, ...]:
    """Give every known principle or rule in its order, those that nobody answered too, then the user's own."""
    answered = list(given)
    keys = [gate.key for gate in answered]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise CostError(f"{kind} {twice!r} is answered twice; wanted is one answer")
    wrong = next((gate for gate in answered if gate.kind != kind), None)
    if wrong is not None:
        raise CostError(f"{wrong.key!r} is a {wrong.kind} and stands among the {kind}s")
    known = CHARTER_PRINCIPLES if kind == "principle" else LEGAL_GATES
    by_key = {gate.key: gate for gate in answered}
    return (
        *(by_key.get(key) or Gate(key=key, kind=kind) for key in known),
        *(gate for gate in answered if gate.key not in known),
    )


def gate_findings(gates: Iterable[Gate]) -> tuple[str, ...]:
    """Say which principles and rules are not kept, each with its evidence, and which nobody answered.

    No figure of money is read here: none can make up for a gate that is not passed.
    """
    asked = tuple(gates)
    told = []
    failed = [_not_kept(gate) for gate in asked if gate.answer == "fail"]
    if failed:
        told.append(
            f"Not kept: {'; '.join(failed)}. A gate that is not passed stops the measure, whatever its worth in money."
        )
    open_ones = [gate.label for gate in asked if gate.answer == "not answered"]
    if open_ones:
        told.append(
            f"Nobody has answered whether the measure keeps: {listed(open_ones)}. Until this is answered, no "
            "figure of this report says that the measure may be used."
        )
    return tuple(told)


def _not_kept(gate: Gate) -> str:
    rule = "principle of the charter" if gate.kind == "principle" else gate.law
    return f"{gate.label} ({rule})" + (f": {gate.evidence.rstrip('.')}" if gate.evidence else "")
