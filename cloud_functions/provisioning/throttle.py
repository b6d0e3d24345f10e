"""How many requests a second are answered: a bucket that fills with time."""

from dataclasses import dataclass


@dataclass(slots=True)
class Throttle:
    """Takes `rate` requests a second; a second's worth may come at once."""

    rate: float
    _tokens: float = -1.0
    _filled_s: float = 0.0

    def admits(self, now_s: float) -> bool:
        """Whether one more request may be answered now."""
        if self._tokens < 0:
            self._tokens, self._filled_s = self.rate, now_s
        elapsed_s = max(0.0, now_s - self._filled_s)
        self._tokens = min(self.rate, self._tokens + elapsed_s * self.rate)
        self._filled_s = now_s
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
