"""So many requests a second, all devices together (AWS reference, section 8.2)."""

from cloud_functions.jobs.errors import Throttled


class Throttle:
    """Counts within each second of the clock."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._second = 0
        self._taken = 0

    def take(self, now_s: float) -> None:
        """One more request.  Raises Throttled when there were enough in this second."""
        if int(now_s) != self._second:
            self._second, self._taken = int(now_s), 0
        if self._taken >= self._per_second:
            raise Throttled(f"there are at most {self._per_second} such requests a second")
        self._taken += 1
