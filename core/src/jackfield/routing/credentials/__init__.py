"""Which credential serves next: pure policy, without I/O; time and chance are handed in."""

from .attempt import Trial
from .candidates import SelectionRequest, usable
from .cause import Cause
from .check_schedule import Schedule
from .health_results import CheckResult, verdict
from .selector import Selector
from .states import CredentialState, ModelState, Outage, Rest

__all__ = [
    "Cause",
    "CheckResult",
    "CredentialState",
    "ModelState",
    "Outage",
    "Rest",
    "Schedule",
    "SelectionRequest",
    "Selector",
    "Trial",
    "usable",
    "verdict",
]
