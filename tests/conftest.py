"""What every suite shares: how property tests run, and the parts only some machines have."""

import shutil

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "house", deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")

MOSQUITTO_MISSING = "needs Mosquitto: apt-get install mosquitto mosquitto-clients"
BROWSER_MISSING = "needs a browser: apt-get install chromium"


def pytest_collection_modifyitems(items) -> None:
    has_mosquitto = shutil.which("mosquitto") and shutil.which("mosquitto_sub")
    for item in items:
        if item.get_closest_marker("mosquitto") and not has_mosquitto:
            item.add_marker(pytest.mark.skip(reason=MOSQUITTO_MISSING))
        if item.get_closest_marker("browser") and not shutil.which("chromium"):
            item.add_marker(pytest.mark.skip(reason=BROWSER_MISSING))
