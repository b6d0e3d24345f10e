"""Whom a TLS handshake may end at: the local CA, and what the registry adds to it.

Mutual TLS lets only chains of trusted certificates pass; who a client is, and whether it is
active, the registry says afterwards by the SHA-256.
"""

import ssl
from pathlib import Path

from cloud_functions.registry.authority import Authority
from cloud_functions.registry.ca_certificates import trusted_pems
from cloud_functions.registry.ports import RegistryStore
from cloud_functions.runtime.doors import contexts


class Trust:
    """Makes server contexts, and lets them trust what is registered later.

    OpenSSL forgets nothing it has loaded: a CA that is taken back is trusted until the next start
    of the cloud, but its certificates are refused by their status.
    """

    def __init__(self, authority: Authority, store: RegistryStore) -> None:
        self._authority = authority
        self._store = store
        self._contexts: list[ssl.SSLContext] = []
        self._loaded: set[str] = set()

    def server_context(self) -> ssl.SSLContext:
        """Mutual TLS with certificates of the local CA and of registered ones."""
        return self._trusting(contexts.mutual_tls(self._authority))

    def any_protocol_context(self) -> ssl.SSLContext:
        """The same where a certificate may be missing, and ALPN says what the client speaks."""
        return self._trusting(contexts.any_protocol(self._authority))

    def _trusting(self, context: ssl.SSLContext) -> ssl.SSLContext:
        # a certificate that was registered without its CA is trusted by itself
        context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
        for pem in trusted_pems(self._store):
            context.load_verify_locations(cadata=pem)
            self._loaded.add(pem)
        self._contexts.append(context)
        return context

    def refresh(self) -> None:
        """Trust what has been registered since."""
        for pem in trusted_pems(self._store):
            if pem not in self._loaded:
                self._loaded.add(pem)
                for context in self._contexts:
                    context.load_verify_locations(cadata=pem)

    def write_bundle(self, path: Path) -> None:
        """The CAs in one file, for a broker that is another process."""
        registered = (ca.pem for ca in self._store.ca_certificates.find() if ca.is_active)
        path.write_text("\n".join([self._authority.ca_path.read_text(), *registered]))
