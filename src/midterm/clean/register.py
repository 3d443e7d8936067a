"""The register of alliances and partners: in, names as typed; out, their ids, or the rule that sets the row aside."""

from __future__ import annotations

from dataclasses import dataclass

from midterm.clean.names import Names
from midterm.description import Evaluation
from midterm.description.spelling import normalise


@dataclass(frozen=True)
class Place:
    """Where a row belongs, or the ``rule`` and ``reason`` why that is not known."""

    alliance: str = ""
    organisation: str = ""
    rule: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Register:
    """The names that the evaluation declares; an alliance without declared partners takes them from the data as found."""

    alliances: Names
    organisations: Names
    partners: dict[str, tuple[str, ...]]
    unit: str

    @classmethod
    def of(cls, evaluation: Evaluation) -> Register:
        """Build the register from the evaluation's description."""
        file = evaluation.file
        return cls(
            Names.of((alliance.id, (alliance.name, *alliance.aliases)) for alliance in file.alliances),
            Names.of((entry.id, (entry.name, *entry.aliases)) for entry in file.organisations),
            {alliance.id: alliance.organisations for alliance in file.alliances},
            file.unit.singular.en,
        )

    def alliance(self, text: str) -> Place:
        """Place a row by its alliance alone."""
        found = self.alliances.match(text)
        if found is None:
            hint = self.alliances.hint(text)
            return Place(rule="unknown_alliance", reason=f"this {self.unit} is not known ({hint}); correct it or declare it in evaluation.yml")
        return Place(found)

    def partner(self, alliance_text: str, organisation_text: str) -> Place:
        """Place a row by its alliance and organisation, which must be a partner in it."""
        place = self.alliance(alliance_text)
        if place.rule:
            return place
        partners = self.partners[place.alliance]
        found = self.organisations.match(organisation_text)
        if found is None and not partners:
            found = normalise(organisation_text) or None
        if found is None:
            hint = self.organisations.hint(organisation_text) if partners else "the cell is empty"
            return Place(rule="unknown_organisation", reason=f"this organisation is not known ({hint}); correct it or declare it in evaluation.yml")
        if partners and found not in partners:
            reason = f"this organisation is no partner in this {self.unit}; correct the row or the register in evaluation.yml"
            return Place(rule="organisation_not_in_alliance", reason=reason)
        return Place(place.alliance, found)
