"""Mosquitto's configuration (design, decision 8)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

_ALL_MESSAGES: Final = 2_147_483_647
"""As many as there may be.  0 would say the same, but with 0 Mosquitto 2.0.11 hangs up on a client
one packet after a QoS 1 PUBLISH that was denied."""


@dataclass(frozen=True, slots=True)
class MosquittoFiles:
    """What Mosquitto reads and writes."""

    folder: Path
    ca: Path
    certificate: Path
    key: Path

    @property
    def configuration(self) -> Path:
        """mosquitto.conf."""
        return self.folder / "mosquitto.conf"

    @property
    def access(self) -> Path:
        """The access list of the mutual-TLS port."""
        return self.folder / "acl"

    @property
    def revoked(self) -> Path:
        """The certificates that are refused at the handshake."""
        return self.folder / "revoked.pem"

    @property
    def cloud_certificate(self) -> Path:
        """The certificate by which the cloud itself connects when the plain port is closed."""
        return self.folder / "cloud.pem"

    @property
    def cloud_key(self) -> Path:
        """Its key."""
        return self.folder / "cloud.key"


def configuration(
    files: MosquittoFiles,
    host: str,
    mqtt_port: int | None,
    mqtts_port: int,
    *,
    with_revocations: bool = True,
) -> str:
    """The configuration's text; `mqtt_port` None leaves the plain port closed.

    With revocations OpenSSL wants a list of every CA: without the local one's alone it lets no
    certificate of another CA in.

    Mosquitto's defaults drop a slow subscriber's messages silently: the two maxima are lifted.
    Started by root it would become another user, who cannot read the key: `user` keeps it.
    Presence is read from the log, so it must be told at `notice`, with seconds before each line.
    """
    plain = f"""
listener {mqtt_port} {host}
allow_anonymous true
set_tcp_nodelay true
"""
    revocations = f"crlfile {files.revoked.resolve()}\n" if with_revocations else ""
    return f"""\
user root
per_listener_settings true
persistence true
persistence_location {files.folder.resolve()}/
autosave_interval 1
max_queued_messages {_ALL_MESSAGES}
max_inflight_messages 0
connection_messages true
log_timestamp true
log_dest stderr
log_type error
log_type warning
log_type notice
{plain if mqtt_port is not None else ""}
listener {mqtts_port} {host}
cafile {files.ca.resolve()}
certfile {files.certificate.resolve()}
keyfile {files.key.resolve()}
{revocations}require_certificate true
use_identity_as_username true
acl_file {files.access.resolve()}
set_tcp_nodelay true
"""
