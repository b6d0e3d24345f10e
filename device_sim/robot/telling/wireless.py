"""How strong Wi-Fi is away from the dock: path loss with exponent 3 (robot reference, 16.5)."""

from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_AT_A_METRE_DBM: Final = -30.0
"""[E] Of an access point; how far from the dock it stands follows from the signal there."""
_DB_A_DECADE: Final = 30.0
BARS: Final = 5
_LEAST_DBM: Final = -90
_DBM_A_BAR: Final = 10
"""[E] From the noise floor up."""


def rssi_dbm(dock_dbm: float, metres: Floats) -> Floats:
    """The signal so far from the dock, away from the access point."""
    to_dock_m = 10.0 ** ((_AT_A_METRE_DBM - dock_dbm) / _DB_A_DECADE)
    rssi: Floats = dock_dbm - _DB_A_DECADE * np.log10(1.0 + metres / to_dock_m)
    return rssi


def histogram(rssi: Floats, weights: Floats) -> list[int]:
    """Percent of the time with no bar, one, and so on; together 100."""
    bars = np.clip((rssi - _LEAST_DBM) // _DBM_A_BAR, 0, BARS - 1).astype(np.int64)
    times = np.bincount(bars, weights, BARS)
    percent = np.rint(times * (100 / max(float(times.sum()), 1e-9))).astype(np.int64)
    percent[int(times.argmax())] += 100 - percent.sum()
    shares: list[int] = percent.tolist()
    return shares
