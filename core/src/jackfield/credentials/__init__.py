"""Which credential serves next: pure policy, without I/O; time and chance are handed in."""

from .cause import Cause
from .checkups import CheckResult, verdict
from .rotation import Wish, usable
from .schedule import Schedule
from .selector import Selector
from .states import CredentialState, ModelState, Outage, Rest
from .trial import Trial

__all__ = [
    "Cause",
    "CheckResult",
    "CredentialState",
    "ModelState",
    "Outage",
    "Rest",
    "Schedule",
    "Selector",
    "Trial",
    "Wish",
    "usable",
    "verdict",
]
