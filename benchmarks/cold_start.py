"""From nothing to three robots whose first report a phone has seen.

python -m benchmarks.cold_start
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SEEN = ("up", "sign in", "pair", "online")
ROUNDS = 5


def once(broker: str) -> float:
    """Seconds from the demo's first import on to the robots online on the phone."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "demo.json"
        command = [sys.executable, "-m", "robofleet", "demo", "--headless", "--for", "4"]
        flags = ["--broker", broker, "--data", f"{folder}/data", "--json", str(report)]
        subprocess.run([*command, *flags], check=True, capture_output=True)
        steps = json.loads(report.read_text())["steps"]
        return sum(step["ms"] for step in steps if step["name"] in SEEN) / 1000


def main() -> None:
    for broker in ["builtin", *(["mosquitto"] if shutil.which("mosquitto") else [])]:
        times = sorted(once(broker) for _ in range(ROUNDS))
        print(
            f"{broker:<12}{times[ROUNDS // 2]:.2f} s (best {times[0]:.2f}, worst {times[-1]:.2f})"
        )


if __name__ == "__main__":
    main()
