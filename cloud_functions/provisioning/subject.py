"""What a certificate's subject says, as a template's own parameters (AWS reference, section 5)."""

from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

_NAMES: Final = {
    "Country": NameOID.COUNTRY_NAME,
    "Organization": NameOID.ORGANIZATION_NAME,
    "OrganizationalUnit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "DistinguishedNameQualifier": NameOID.DN_QUALIFIER,
    "StateName": NameOID.STATE_OR_PROVINCE_NAME,
    "CommonName": NameOID.COMMON_NAME,
    "SerialNumber": NameOID.SERIAL_NUMBER,
}


def subject_parameters(pem: str) -> dict[str, str]:
    """The subject's fields by the short names of `AWS::IoT::Certificate::...`, as far as it has.

    A subject without a serial number has the certificate's own, in hex.
    """
    certificate = x509.load_pem_x509_certificate(pem.encode())
    found = {"SerialNumber": f"{certificate.serial_number:x}"}
    for name, oid in _NAMES.items():
        attributes = certificate.subject.get_attributes_for_oid(oid)
        if attributes:
            found[name] = str(attributes[0].value)
    return found
