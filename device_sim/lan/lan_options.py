"""The options of `robofleet robots` about the home network, and what they mean together."""

from pathlib import Path
from typing import Annotated

import typer

from cloud_functions.contract.home_network import TLS_PORT, UDP_PORT
from device_sim.lan.at_home import LanOptions
from device_sim.lan.errors import HomeError

LAN_TLS_PORT = TLS_PORT
LAN_UDP_PORT = UDP_PORT
Lan = Annotated[
    bool, typer.Option("--lan", help="Serve the home network: discovery and local MQTT.")
]
LanAddress = Annotated[
    str | None,
    typer.Option("--lan-address", help="Of the first robot; else each has a loopback address."),
]
LanPort = Annotated[int, typer.Option("--lan-port", min=1, max=65535, help="TLS, at home.")]
LanUdpPort = Annotated[
    int, typer.Option("--lan-udp-port", min=1, max=65535, help="Discovery, at home.")
]
LanSingleKeys = Annotated[
    bool,
    typer.Option("--lan-single-keys", help="Take half a pair of settings; a real i7 does not."),
]
Family = Annotated[
    str | None, typer.Option("--family", help="Make all robots of this family, such as 900 or i7.")
]
Charge = Annotated[
    int | None, typer.Option("--battery", min=0, max=100, help="Percent they begin with.")
]


def lan_options(
    data: Path,
    address: str | None,
    tls_port: int,
    udp_port: int,
    *,
    is_on: bool,
    single_keys: bool,
) -> LanOptions | None:
    """Where robots are at home, None without `--lan`.  Raises HomeError."""
    if is_on:
        return LanOptions(data, address, tls_port, udp_port, pairs_only=not single_keys)
    if address is not None:
        raise HomeError("--lan-address needs --lan")
    return None
