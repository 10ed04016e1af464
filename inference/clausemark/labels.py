"""The label schemes: the one place where labels are defined.

The names and their order are part of every model folder and of every output; a scheme is never
edited, only followed by a new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from clausemark.errors import RecordError

__all__ = ["OPP115", "SCHEMES", "Label", "Scheme"]


@dataclass(frozen=True, slots=True)
class Label:
    """One category of clause: a stable id, the name users see, a one-sentence definition."""

    id: str
    name: str
    definition: str


@dataclass(frozen=True, slots=True)
class Scheme:
    """An ordered set of labels; a model's output columns follow this order."""

    id: str
    title: str
    labels: tuple[Label, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The label names, in the order of the scores' columns."""
        return tuple(label.name for label in self.labels)

    def index(self, name: str) -> int:
        """Return the column of the label called `name`; raise RecordError if there is none."""
        try:
            return self.names.index(name)
        except ValueError:
            known = ", ".join(self.names)
            raise RecordError(
                f"unknown label {name!r} in scheme {self.id}.", hint=f"Known labels: {known}."
            ) from None


#: OPP-115's ten categories (Wilson et al., ACL 2016), "Other" split by its "Other Type" as in
#: PrivacyGLUE (Shankar et al., 2023), which makes twelve.
OPP115: Final = Scheme(
    id="opp-115",
    title="OPP-115, 12 categories",
    labels=(
        Label(
            "first_party",
            "First Party Collection/Use",
            "How, what and why the service itself collects or uses information about people.",
        ),
        Label(
            "third_party",
            "Third Party Sharing/Collection",
            "How information is shared with, sold to or collected by somebody else.",
        ),
        Label(
            "choice",
            "User Choice/Control",
            "Choices and controls that people have: opting in or out, consent, settings.",
        ),
        Label(
            "access",
            "User Access, Edit and Deletion",
            "Whether and how people can see, correct, export or delete their information.",
        ),
        Label(
            "retention",
            "Data Retention",
            "How long information is kept, and what decides that.",
        ),
        Label(
            "security",
            "Data Security",
            "How information is protected, and the limits of that protection.",
        ),
        Label(
            "change",
            "Policy Change",
            "Whether and how people are told that the policy has changed.",
        ),
        Label(
            "do_not_track",
            "Do Not Track",
            "Whether and how Do Not Track and similar browser signals are honoured.",
        ),
        Label(
            "audiences",
            "International and Specific Audiences",
            "Practices for a group or place: children, Californians, Europeans, transfers abroad.",
        ),
        Label(
            "introductory",
            "Introductory/Generic",
            "Introductions, scope, definitions and general statements about privacy.",
        ),
        Label(
            "contact",
            "Privacy contact information",
            "Whom to contact about privacy, and how.",
        ),
        Label(
            "not_covered",
            "Practice not covered",
            "A practice that no other category covers, such as links, liability or disputes.",
        ),
    ),
)

SCHEMES: Final[dict[str, Scheme]] = {OPP115.id: OPP115}
