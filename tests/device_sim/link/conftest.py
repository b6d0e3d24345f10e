"""The brokers and the links of the contract."""

import pytest

from device_sim.link.port import LinkOptions
from tests.device_sim.link.brokers import Mosquitto, make_broker
from tests.device_sim.link.shell import SOON, SPEAKERS, Shell

BROKERS = ["builtin", pytest.param("mosquitto", marks=pytest.mark.mosquitto)]


@pytest.fixture(scope="module", params=BROKERS)
def broker(request, tmp_path_factory):
    """One that serves a whole file."""
    running = make_broker(request.param, tmp_path_factory.mktemp(request.param)).start()
    yield running
    running.stop()


@pytest.fixture(params=BROKERS)
def own_broker(request, tmp_path):
    """One that may be stopped and started."""
    running = make_broker(request.param, tmp_path / "broker").start()
    yield running
    running.stop()


@pytest.fixture
def start_mosquitto(tmp_path):
    started: list[Mosquitto] = []

    def start(*lines: str, scheme: str = "mqtt") -> Mosquitto:
        folder = tmp_path / f"mosquitto-{len(started)}"
        started.append(Mosquitto(folder, *lines, scheme=scheme).start())
        return started[-1]

    yield start
    for each in started:
        each.stop()


@pytest.fixture(params=SPEAKERS, ids=[f"{kind}-{version.name}" for kind, version in SPEAKERS])
def speaker(request):
    """A kind of link and the version it is to speak."""
    return request.param


@pytest.fixture
def make_shell():
    """Robots of a kind of link; all hang up at the end."""
    made: list[Shell] = []

    def make(kind, things, *urls, **more) -> Shell:
        options = LinkOptions(urls, **{"backoff": SOON, **more})
        made.append(Shell(kind, things, options))
        return made[-1]

    yield make
    for each in made:
        each.links.close()


@pytest.fixture
def watch():
    """Somebody else at a broker, gone at the end."""
    watchers = []

    def start(broker, *filters):
        watchers.append(broker.watch(*filters))
        return watchers[-1]

    yield start
    for each in watchers:
        each.close()
