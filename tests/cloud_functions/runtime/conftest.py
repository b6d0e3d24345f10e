"""Certificates that are not ours."""

import pytest
import trustme


@pytest.fixture(scope="session")
def foreign_pem():
    ca = trustme.CA()

    def make(name: str) -> str:
        return ca.issue_cert(common_name=name).cert_chain_pems[0].bytes().decode()

    return make
