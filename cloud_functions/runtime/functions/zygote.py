"""The parent of all execution environments: imports once, forks many.

Run as a program.  It reads one JSON object a line from standard input, `{"start": id, ...}` or
`{"kill": pid}`, and answers on standard output `{"started": id, "pid": n}` and
`{"exited": pid, "status": n}`.  It has no thread and no loop, so that a fork is safe, and it ends
with its standard input, its environments with it.
"""

import contextlib
import importlib
import json
import os
import resource
import selectors
import signal
import sys
from pathlib import Path
from typing import Any, Final

from cloud_functions.runtime.child import die_with_parent

COMMON: Final = (
    "awslambdaric.bootstrap",
    "aws_lambda_powertools",
    "aws_lambda_powertools.metrics",
    "cloud_functions.handlers.entrypoint",
    "http.client",
    "orjson",
    "pydantic",
)
"""Imported before the first fork; what is missing is left to the environment's own import."""


def import_common() -> None:
    """Import what most functions need, but not the native client: it reads its address once."""
    sys.modules["runtime_client"] = None  # type: ignore[assignment]
    for name in COMMON:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def run_environment(order: dict[str, Any]) -> None:
    """Become an execution environment: AWS's runtime client on one function, until killed."""
    os.environ.clear()
    os.environ.update(order["environment"])
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(order["code"])
    sys.path.insert(0, order["code"])
    del sys.modules["runtime_client"]
    bootstrap, client = _runtime_client()
    bootstrap.run(order["environment"]["_HANDLER"], client)


def _runtime_client() -> tuple[Any, Any]:
    """AWS's client where it has a wheel, else the small loop that speaks the same API."""
    address = os.environ["AWS_LAMBDA_RUNTIME_API"]
    try:
        native: Any = importlib.import_module("runtime_client")
        module: Any = importlib.import_module("awslambdaric.lambda_runtime_client")
        bootstrap: Any = importlib.import_module("awslambdaric.bootstrap")
    except ImportError:
        plain: Any = importlib.import_module("cloud_functions.runtime.functions.plain_client")
        return plain, plain.Client(address)
    native.initialize_client(module._user_agent())  # noqa: SLF001  as its own import does
    module.runtime_client = native
    return bootstrap, module.LambdaRuntimeClient(address)


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


_children: set[int] = set()


def _start(order: dict[str, Any]) -> None:
    pid = os.fork()
    if pid:
        _children.add(pid)
        _say({"started": order["start"], "pid": pid})
        return
    status = 1
    try:
        die_with_parent()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        run_environment(order)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001  the last frame of a child: tell the log, then leave
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(status)


def _reap() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        _children.discard(pid)
        _say({"exited": pid, "status": os.waitstatus_to_exitcode(status)})


def _end_all() -> None:
    """Kill what still runs and wait for it, so that nothing is left, not even a zombie."""
    for pid in _children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def main() -> None:
    """Serve until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1024), hard))
    import_common()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    selector = selectors.DefaultSelector()
    selector.register(0, selectors.EVENT_READ)
    selector.register(woken, selectors.EVENT_READ)
    _say({"ready": os.getpid()})
    pending = b""
    while True:
        for key, _ in selector.select():
            if key.fd == woken:
                with contextlib.suppress(BlockingIOError):
                    os.read(woken, 4096)
                continue
            data = os.read(0, 65_536)
            if not data:
                _end_all()
                return
            *lines, pending = (pending + data).split(b"\n")
            for line in lines:
                order = json.loads(line)
                if "kill" in order:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(order["kill"], signal.SIGKILL)
                else:
                    Path(order["log"]).parent.mkdir(parents=True, exist_ok=True)
                    _start(order)
        _reap()


if __name__ == "__main__":
    main()
