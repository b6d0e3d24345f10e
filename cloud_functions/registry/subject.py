"""The fields of a certificate that policies may ask for (AWS reference, section 6.2)."""

from collections.abc import Mapping, Sequence
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

_FIELDS: Final[Mapping[str, x509.ObjectIdentifier]] = {
    "CommonName": NameOID.COMMON_NAME,
    "Country": NameOID.COUNTRY_NAME,
    "DistinguishedNameQualifier": NameOID.DN_QUALIFIER,
    "GenerationQualifier": NameOID.GENERATION_QUALIFIER,
    "GivenName": NameOID.GIVEN_NAME,
    "Initials": NameOID.INITIALS,
    "Organization": NameOID.ORGANIZATION_NAME,
    "OrganizationalUnit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "Pseudonym": NameOID.PSEUDONYM,
    "SerialNumber": NameOID.SERIAL_NUMBER,
    "State": NameOID.STATE_OR_PROVINCE_NAME,
    "Surname": NameOID.SURNAME,
    "Title": NameOID.TITLE,
}


def certificate_fields(pem: str) -> Mapping[str, Sequence[str]]:
    """Every value of every field by its policy variable; empty for what is no certificate."""
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        return {}
    found: dict[str, Sequence[str]] = {
        "iot:Certificate.SerialNumber": (f"{certificate.serial_number:x}",)
    }
    for side, name in (("Subject", certificate.subject), ("Issuer", certificate.issuer)):
        for field, identifier in _FIELDS.items():
            values = [str(each.value) for each in name.get_attributes_for_oid(identifier)]
            if values:
                found[f"iot:Certificate.{side}.{field}"] = values
    found.update(_alternative_names(certificate))
    return found


def _alternative_names(certificate: x509.Certificate) -> Mapping[str, Sequence[str]]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return {}
    prefix = "iot:Certificate.Subject.AlternativeName."
    found = {
        "DNSName": names.get_values_for_type(x509.DNSName),
        "RFC822Name": names.get_values_for_type(x509.RFC822Name),
        "UniformResourceIdentifier": names.get_values_for_type(x509.UniformResourceIdentifier),
        "IPAddress": [str(each) for each in names.get_values_for_type(x509.IPAddress)],
    }
    return {prefix + name: values for name, values in found.items() if values}
