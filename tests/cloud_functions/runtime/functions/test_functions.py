"""Functions in real execution environments."""

import asyncio
import os
import signal
from pathlib import Path

import orjson
import pytest

from cloud_functions.errors import NotFound
from cloud_functions.runtime.functions.functions import Functions
from cloud_functions.runtime.functions.invocation import TooManyRequests
from cloud_functions.runtime.functions.retry import RetryPolicy, pause_before
from cloud_functions.runtime.template.declaration import Function

CODE = """
import os, sys, time

COUNT = 0

def count(event, context):
    global COUNT
    COUNT += 1
    print("counting", event["n"])
    return {"count": COUNT, "pid": os.getpid(), "function": context.function_name}

def sleep(event, context):
    time.sleep(event["s"])
    return os.getpid()

def crash(event, context):
    os._exit(3)

def fail(event, context):
    raise ValueError("no bin")

def flaky(event, context):
    from pathlib import Path
    path = Path(event["file"])
    path.write_text(path.read_text() + "x" if path.exists() else "x")
    if len(path.read_text()) < event["succeed_at"]:
        raise ValueError("not yet")
    return "done"
"""


@pytest.fixture
async def functions(tmp_path: Path):
    code = tmp_path / "code"
    code.mkdir()
    (code / "app.py").write_text(CODE)
    (code / "broken.py").write_text("import a_module_that_is_not_there\n")

    def function(name: str, **more) -> Function:
        return Function(name, more.pop("handler", f"app.{name}"), code, **more)

    declared = [
        function("count"),
        function("sleep", timeout_s=1, concurrency=2),
        function("crash"),
        function("fail"),
        function("flaky"),
        function("broken", handler="broken.handler"),
    ]
    running = Functions(
        {each.name: each for each in declared},
        logs=tmp_path / "logs",
        variables={},
        retries=RetryPolicy(pauses_s=(0.01, 0.01)),
    )
    await running.start()
    yield running
    await running.stop()


async def test_an_environment_is_cold_once_and_then_reused(functions: Functions) -> None:
    first = await functions.invoke("count", b'{"n": 1}')
    second = await functions.invoke("count", b'{"n": 2}')

    one, two = orjson.loads(first.payload), orjson.loads(second.payload)
    assert (first.cold, second.cold) == (True, False)
    assert (one["count"], two["count"]) == (1, 2)
    assert one["pid"] == two["pid"] != os.getpid()
    assert one["function"] == "count"


async def test_an_error_of_the_handler_carries_its_type_and_trace(functions: Functions) -> None:
    result = await functions.invoke("fail", b"{}")

    said = orjson.loads(result.payload)
    assert result.error is not None
    assert said["errorType"] == "ValueError"
    assert said["errorMessage"] == "no bin"
    assert "app.py" in "".join(said["stackTrace"])


async def test_a_function_that_takes_too_long_is_killed_and_the_next_event_works(
    functions: Functions,
) -> None:
    late = await functions.invoke("sleep", b'{"s": 30}')
    again = await functions.invoke("sleep", b'{"s": 0}')

    assert late.error == "Sandbox.Timedout"
    assert "Task timed out after 1.00 seconds" in orjson.loads(late.payload)["errorMessage"]
    assert again.error is None


async def test_a_crash_is_an_error_and_the_next_event_gets_a_new_environment(
    functions: Functions,
) -> None:
    first = await functions.invoke("crash", b"{}")
    second = await functions.invoke("crash", b"{}")

    for result in (first, second):
        assert result.error == "Runtime.ExitError"
        assert "exit status 3" in orjson.loads(result.payload)["errorMessage"]
    assert second.cold


async def test_a_module_that_cannot_be_imported_is_an_init_error(functions: Functions) -> None:
    result = await functions.invoke("broken", b"{}")

    said = orjson.loads(result.payload)
    assert said["errorType"] == "Runtime.ImportModuleError"
    assert "a_module_that_is_not_there" in said["errorMessage"]


async def test_events_at_the_same_time_get_environments_of_their_own(functions: Functions) -> None:
    results = await asyncio.gather(*(functions.invoke("sleep", b'{"s": 0.2}') for _ in range(2)))

    assert len({result.payload for result in results}) == 2


async def test_beyond_its_reserved_concurrency_a_function_is_throttled(
    functions: Functions,
) -> None:
    busy = [asyncio.create_task(functions.invoke("sleep", b'{"s": 0.5}')) for _ in range(2)]
    await asyncio.sleep(0.2)

    with pytest.raises(TooManyRequests):
        await functions.invoke("sleep", b'{"s": 0}')

    await asyncio.gather(*busy)


async def test_an_asynchronous_event_is_tried_again_until_it_works(
    functions: Functions, tmp_path: Path
) -> None:
    done: asyncio.Future = asyncio.get_running_loop().create_future()
    event = orjson.dumps({"file": str(tmp_path / "tries"), "succeed_at": 3})

    functions.submit("flaky", event, done.set_result)

    result = await asyncio.wait_for(done, 10)
    assert (result.error, result.payload) == (None, b'"done"')


async def test_after_two_retries_an_event_is_given_up(functions: Functions, tmp_path: Path) -> None:
    done: asyncio.Future = asyncio.get_running_loop().create_future()
    tries = tmp_path / "tries"

    functions.submit("flaky", orjson.dumps({"file": str(tries), "succeed_at": 9}), done.set_result)

    assert (await asyncio.wait_for(done, 10)).error is not None
    assert tries.read_text() == "xxx"
    assert functions.statistics.dead_letters == 1


async def test_output_and_lambdas_own_lines_are_in_the_log_of_the_function(
    functions: Functions, tmp_path: Path
) -> None:
    await functions.invoke("count", b'{"n": 41}')

    log = (tmp_path / "logs" / "count.log").read_text()
    assert "START RequestId:" in log
    assert "counting 41" in log
    assert "REPORT RequestId:" in log
    assert "Init Duration:" in log


async def test_an_unknown_function_is_named(functions: Functions) -> None:
    with pytest.raises(NotFound, match="there is no function nobody"):
        await functions.invoke("nobody", b"{}")


async def test_stopping_leaves_no_process_behind(functions: Functions) -> None:
    result = await functions.invoke("count", b'{"n": 1}')
    pid = orjson.loads(result.payload)["pid"]

    await functions.stop()

    for _ in range(50):
        if not Path(f"/proc/{pid}").exists():
            break
        await asyncio.sleep(0.02)
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize(("attempt", "pause_s"), [(1, 1.0), (2, 2.0), (3, None), (9, None)])
def test_lambda_tries_twice_again(attempt: int, pause_s: float | None) -> None:
    assert pause_before(attempt, RetryPolicy()) == pause_s


async def test_a_dead_zygote_is_replaced_and_functions_go_on(functions: Functions) -> None:
    before = orjson.loads((await functions.invoke("count", b'{"n":1}')).payload)
    zygote = int(Path(f"/proc/{before['pid']}/stat").read_text().rsplit(")", 1)[1].split()[1])

    os.kill(zygote, signal.SIGKILL)
    for _ in range(100):
        answered = await functions.invoke("count", b'{"n":2}')
        after = orjson.loads(answered.payload)
        if answered.error is None and after["pid"] != before["pid"]:
            break
        await asyncio.sleep(0.05)

    assert (after["count"], answered.error) == (1, None)


async def test_when_too_much_waits_for_functions_an_event_is_refused(
    functions: Functions, monkeypatch
) -> None:
    monkeypatch.setattr(
        "cloud_functions.runtime.functions.functions._MAX_EVENTS_BYTES", 300, raising=True
    )
    functions.submit("sleep", b'{"s": 0}')

    with pytest.raises(TooManyRequests, match="too many events wait"):
        functions.submit("sleep", b'{"s": 0}' + b" " * 100)

    assert functions.pending == 1
