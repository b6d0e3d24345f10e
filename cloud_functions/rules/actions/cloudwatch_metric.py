"""The action `cloudwatchMetric`: count a value."""

import math
from dataclasses import dataclass
from typing import ClassVar, Final

from cloud_functions.rules.actions.parameters import Parameters
from cloud_functions.rules.context import Context
from cloud_functions.rules.deeds import Deed, Failed, PutMetric
from cloud_functions.rules.template import Template
from cloud_functions.rules.values import UNDEFINED, Value, as_number

_SIZES: Final = ("Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes")
_SIZES_IN_BITS: Final = ("Bits", "Kilobits", "Megabits", "Gigabits", "Terabits")
UNITS: Final = (
    *("Seconds", "Microseconds", "Milliseconds"),
    *_SIZES,
    *_SIZES_IN_BITS,
    *("Percent", "Count"),
    *(f"{each}/Second" for each in (*_SIZES, *_SIZES_IN_BITS, "Count")),
    "None",
)
"""The units of CloudWatch."""


@dataclass(frozen=True, slots=True)
class CloudwatchMetricAction:
    """All of it may be templates; the value must render to a number."""

    action: ClassVar[str] = PutMetric.action
    namespace: Template
    name: Template
    value: Template
    unit: Template
    timestamp: Template | None = None

    def prepare(self, _result: Value, context: Context) -> Deed | Failed:
        """A data point; the result itself plays no part."""
        name, unit = self.name.render(context), self.unit.render(context)
        text = self.value.render(context)
        value = as_number(text)
        if value is UNDEFINED or not math.isfinite(value):
            return Failed(PutMetric.action, name, f"metricValue is a number, not {text!r}")
        if unit not in UNITS:
            return Failed(PutMetric.action, name, f"metricUnit is no unit of CloudWatch: {unit!r}")
        at_ms = context.timestamp_ms
        if self.timestamp is not None:
            seconds = as_number(said := self.timestamp.render(context))
            if seconds is UNDEFINED:
                reason = f"metricTimestamp is in seconds since 1970, not {said!r}"
                return Failed(PutMetric.action, name, reason)
            at_ms = int(seconds * 1000)
        return PutMetric(self.namespace.render(context), name, float(value), unit, at_ms)


def read(action: str, given: object) -> CloudwatchMetricAction:
    """The action as declared."""
    names = ("metricNamespace", "metricName", "metricValue", "metricUnit", "metricTimestamp")
    said = Parameters(action, given, names)
    if "${" not in (unit := said.text("metricUnit")) and unit not in UNITS:
        raise said.error(f"metricUnit is one of {', '.join(UNITS)}, not {unit!r}")
    return CloudwatchMetricAction(
        said.template("metricNamespace"),
        said.template("metricName"),
        said.template("metricValue"),
        said.template("metricUnit"),
        said.maybe_template("metricTimestamp"),
    )
