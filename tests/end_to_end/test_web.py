"""What a browser sees, and MQTT over WebSocket."""

import json
import subprocess
import sys
import time

import paho.mqtt.client as mqtt
import pytest
from playwright.sync_api import sync_playwright

QUIET = [
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-quic"),
]


@pytest.fixture
def home(start_cloud):
    """A cloud with one robot, and the slip under it."""
    cloud = start_cloud("--broker", "builtin", "--free-ports")
    command = [sys.executable, "-m", "robofleet", "robots", "--count", "1", "--speed", "20"]
    robots = subprocess.Popen(
        [*command, "--data", str(cloud.data)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    path = cloud.data / "robots.json"
    deadline = time.monotonic() + 20
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    yield cloud.endpoints["http"], json.loads(path.read_text())[0]
    robots.terminate()
    robots.wait(timeout=10)


@pytest.mark.browser
def test_an_owner_signs_up_pairs_taps_and_sees_the_robot_drive(home) -> None:
    http, slip = home
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=QUIET)
        page = browser.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(http)
        page.fill("input[name=email]", "grace@example.com")
        page.fill("input[name=password]", "long-enough-1")
        page.click("text=Make an account")
        page.click("summary:has-text('Add a robot')")
        page.fill("input[name=serial]", slip["thing"])
        page.fill("input[name=code]", slip["claimCode"])
        page.click("button:has-text('Add robot')")
        page.click("button:has-text('Clean'):not([disabled])", timeout=15_000)
        page.wait_for_selector("dd:has-text('Cleaning')", timeout=15_000)
        page.wait_for_selector("svg.plan circle.robot", timeout=15_000)
        place = page.get_attribute("svg.plan g", "transform")
        page.wait_for_function(
            "before => document.querySelector('svg.plan g')?.getAttribute('transform') !== before",
            arg=place,
            timeout=15_000,
        )
        page.click("button:has-text('Pause')")
        page.wait_for_selector("dd:has-text('Paused')", timeout=15_000)
        browser.close()
    assert complaints == []


@pytest.mark.browser
def test_what_is_typed_and_pressed_survives_a_redrawing(home) -> None:
    http, slip = home
    redraw = """import('/store.js').then(
        (store) => { store.changed(); return new Promise(requestAnimationFrame); })"""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=QUIET)
        page = browser.new_page()
        page.goto(http)
        page.fill("input[name=email]", "hopper@example.com")
        page.evaluate(redraw)
        page.fill("input[name=password]", "long-enough-1")
        page.click("text=Make an account")
        page.click("summary:has-text('Add a robot')")
        page.fill("input[name=serial]", slip["thing"])
        page.evaluate(redraw)
        page.fill("input[name=code]", slip["claimCode"])
        page.hover("button:has-text('Add robot')")
        page.mouse.down()
        page.evaluate(redraw)
        page.mouse.up()
        page.wait_for_selector("button:has-text('Clean'):not([disabled])", timeout=15_000)
        browser.close()


@pytest.mark.browser
def test_a_wrong_password_is_said_on_the_page(home) -> None:
    http, _ = home
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=QUIET)
        page = browser.new_page()
        page.goto(http)
        page.fill("input[name=email]", "nobody@example.com")
        page.fill("input[name=password]", "wrong-password")
        page.click("button[type=submit]")
        page.wait_for_selector("#status:has-text('Incorrect username or password.')")
        browser.close()


def test_paho_speaks_mqtt_over_websocket(start_cloud) -> None:
    cloud = start_cloud("--broker", "builtin", "--free-ports")
    host, port = cloud.endpoints["http"].removeprefix("http://").split(":")
    got: list[bytes] = []
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, "ws", transport="websockets")
    client.ws_set_options(path="/mqtt")
    client.on_message = lambda _c, _u, message: got.append(message.payload)
    client.on_connect = lambda c, *_: c.subscribe("$aws/things/ws/shadow/update/accepted", 1)
    client.on_subscribe = lambda c, *_: c.publish(
        "$aws/things/ws/shadow/update", b'{"state":{"reported":{"a":1}}}', 1
    )
    client.connect(host, int(port))
    client.loop_start()
    deadline = time.monotonic() + 10
    while not got and time.monotonic() < deadline:
        time.sleep(0.02)
    client.disconnect()
    client.loop_stop()

    assert json.loads(got[0])["state"] == {"reported": {"a": 1}}
