"""What every link promises when it is closed early: to end soon, and to leave nothing behind."""

import gc
import socket
import time
from collections.abc import Iterator

import pytest

from device_sim.link.port import LinkOptions
from tests.device_sim.link.shell import Shell, names


@pytest.fixture
def silent_url() -> Iterator[str]:
    """A listener whose connections come about and hear nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield f"mqtt://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("for_s", [0.0, 0.01, 0.05, 0.5])
def test_links_that_are_closed_while_connecting_end_soon_and_quietly(
    speaker, silent_url, caplog, for_s
) -> None:
    kind, version = speaker
    shell = Shell(kind, names(12), LinkOptions([silent_url], version=version))
    shell.exchange()
    shell.go_on(for_s)

    began_s = time.monotonic()
    shell.links.close()
    took_s = time.monotonic() - began_s
    del shell.links
    time.sleep(0.1)  # threads that were still connecting
    gc.collect()  # what was left open would complain here

    assert took_s < 2
    assert caplog.text == ""
