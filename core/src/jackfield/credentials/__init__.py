"""Which credential serves next: pure policy, without I/O; time and chance are handed in."""

from .checkups import CheckResult, verdict
from .rotation import Wish, usable
from .schedule import Schedule
from .selector import Selector
from .states import CredentialState, Outage
from .trial import Trial

__all__ = [
    "CheckResult",
    "CredentialState",
    "Outage",
    "Schedule",
    "Selector",
    "Trial",
    "Wish",
    "usable",
    "verdict",
]
