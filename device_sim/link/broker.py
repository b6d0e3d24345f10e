"""A broker's address as it is written: `mqtt://host:port`, `mqtts://user:password@host`."""

from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import unquote, urlsplit

from device_sim.link.port import LinkRefused

_DEFAULT_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class Broker:
    """Where a broker listens."""

    host: str
    port: int
    is_tls: bool
    login: tuple[str, str] | None = None
    """User name and password, where the address names them."""

    @property
    def url(self) -> str:
        """Its address, without what is secret."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.is_tls else 'mqtt'}://{host}:{self.port}"

    @classmethod
    def parse(cls, url: str) -> Self:
        """The broker of an address.  Raises LinkRefused."""
        try:
            said = urlsplit(url)
            port, host = said.port, said.hostname
        except ValueError as error:
            raise LinkRefused(f"{url!r} is no broker's address: {error}") from None
        if said.scheme not in _DEFAULT_PORTS or not host:
            raise LinkRefused(
                f"{url!r} is no broker's address: mqtt://HOST[:PORT] or mqtts://HOST[:PORT]"
            )
        if said.path not in {"", "/"} or said.query or said.fragment:
            raise LinkRefused(f"{url!r} is no broker's address: nothing follows the port")
        login = None
        if said.username is not None:
            login = (unquote(said.username), unquote(said.password or ""))
        return cls(host, port or _DEFAULT_PORTS[said.scheme], said.scheme == "mqtts", login)
