"""Runs robofleet's command line under a sampler of CPU time.

    python -m benchmarks.sampler FILE up ...

Each millisecond of the process's CPU time the innermost frame of this project decides what the
time is counted for; the counts are written as JSON when the program ends.  While the loop's thread
waits, the committer's thread is looked at.
"""

import json
import signal
import sys
import threading
from collections import Counter
from pathlib import Path
from types import FrameType

import robofleet

EVERY_S = 0.001
ROOMS = {
    "contract/mqtt/decode": "decode packets",
    "contract/mqtt/encode": "encode packets",
    "contract/mqtt": "MQTT session",
    "contract/topics": "topics",
    "shadow/request": "parse",
    "shadow/merge": "merge",
    "shadow/section": "merge",
    "shadow/document": "document, answers",
    "shadow": "shadow service",
    "storage": "commit",
    "rules": "rules",
    "runtime/action_runner": "actions",
    "runtime/outbox": "actions",
    "runtime/group_writer": "queues and tables",
    "runtime/queues": "queues and tables",
    "runtime/device_gateway/connection": "read and send",
    "runtime/device_gateway": "route",
    "runtime/bridge": "read and send",
    "runtime/message_core": "hand over",
}
"""What time is counted for, by the beginning of a module's path; the first that fits."""
IDLE = ("selectors.py", "runners.py", "queue.py", "threading.py", "thread.py", "base_events.py")


def kind_of(frame: FrameType | None) -> str:
    """What a stack works on; empty for one that waits."""
    if frame is None or frame.f_code.co_filename.endswith(IDLE):
        return ""
    while frame is not None:
        _, found, path = frame.f_code.co_filename.partition("cloud_functions/")
        if found:
            return next((what for room, what in ROOMS.items() if path.startswith(room)), "rest")
        frame = frame.f_back
    return "loop"


def main() -> None:
    counts: Counter[str] = Counter()
    out, sys.argv = Path(sys.argv[1]), ["robofleet", *sys.argv[2:]]
    main_thread = threading.get_ident()

    def sample(_number: int, frame: FrameType | None) -> None:
        kind = kind_of(frame)
        if not kind:
            others = sys._current_frames()
            others.pop(main_thread, None)
            kind = next((each for each in map(kind_of, others.values()) if each), "loop")
        counts[kind] += 1

    signal.signal(signal.SIGPROF, sample)
    signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S)
    try:
        robofleet.main()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        out.write_text(json.dumps(counts))


if __name__ == "__main__":
    main()
