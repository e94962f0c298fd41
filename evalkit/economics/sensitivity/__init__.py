"""What the answer hangs on: one input at a time, two at a time, and where it turns."""

from evalkit.economics.sensitivity.asked import AskedSensitivity, Sensitivity, sensitivity_of
from evalkit.economics.sensitivity.named import NamedInput, named_inputs
from evalkit.economics.sensitivity.one_way import Bar, SwitchingValue, switching_value, tornado
from evalkit.economics.sensitivity.two_way import TwoWay, two_way

__all__ = [
    "AskedSensitivity",
    "Bar",
    "NamedInput",
    "Sensitivity",
    "SwitchingValue",
    "TwoWay",
    "named_inputs",
    "sensitivity_of",
    "switching_value",
    "tornado",
    "two_way",
]
