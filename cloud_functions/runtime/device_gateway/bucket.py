"""A rate that may be used up: so many a second, with a second's worth in store."""


class Bucket:
    """Fills by `rate` a second up to `rate`, at least 1."""

    __slots__ = ("_at_s", "_rate", "_size", "_stored")

    def __init__(self, rate: float, now_s: float) -> None:
        self._rate = rate
        self._size = self._stored = max(rate, 1.0)
        self._at_s = now_s

    def take(self, now_s: float, amount: float = 1.0) -> bool:
        """Whether there was enough; then it is gone."""
        self._fill(now_s)
        if self._stored < amount:
            return False
        self._stored -= amount
        return True

    def spend(self, now_s: float, amount: float) -> float:
        """Take it even if there is too little; the seconds until the debt is paid."""
        self._fill(now_s)
        self._stored -= amount
        return max(0.0, -self._stored / self._rate)

    def _fill(self, now_s: float) -> None:
        self._stored = min(self._size, self._stored + (now_s - self._at_s) * self._rate)
        self._at_s = now_s


def bucket(rate: float, now_s: float) -> Bucket | None:
    """The bucket of a rate; None for a rate that is off."""
    return Bucket(rate, now_s) if rate > 0 else None
