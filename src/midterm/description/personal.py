"""Headings of personal data: in, a heading; out, whether survey tools keep addresses, names, tokens or places of persons under it."""

from __future__ import annotations

from midterm.description.spelling import normalise

PERSONAL = frozenset(
    {
        "ipaddr",
        "ipaddress",
        "ip",
        "email",
        "emailaddress",
        "mail",
        "recipientemail",
        "recipientfirstname",
        "recipientlastname",
        "firstname",
        "lastname",
        "fullname",
        "name",
        "naam",
        "voornaam",
        "achternaam",
        "token",
        "toegangscode",
        "accesscode",
        "ipadres",
        "emailadres",
        "locationlatitude",
        "locationlongitude",
        "latitude",
        "longitude",
        "gps",
        "phone",
        "telefoon",
        "telefoonnummer",
        "refurl",
        "externalreference",
        "externaldatareference",
    }
)


def is_personal(heading: str) -> bool:
    """Tell whether a heading is one under which survey tools keep addresses, names, tokens or places of persons."""
    return "".join(char for char in normalise(heading) if char.isalnum()) in PERSONAL
