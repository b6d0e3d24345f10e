"""The README's example of a firmware rollout does what it says."""

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def test_the_firmware_example_of_the_readme_runs(start_cloud) -> None:
    cloud = start_cloud("--broker", "builtin", "--free-ports")
    found = re.search(r"```python\n(.*?create_job.*?)```", README.read_text(), re.DOTALL)
    assert found is not None
    script = found.group(1).replace("http://127.0.0.1:8080", cloud.endpoints["http"])
    cloud.boto("iot").create_thing(thingName="my-robot")

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "'numberOfQueuedThings': 1" in done.stdout
