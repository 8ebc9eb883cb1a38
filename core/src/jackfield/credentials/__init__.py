"""Which credential serves next: pure policy, without I/O; time and chance are handed in."""

from .rotation import Wish, usable
from .selector import Selector
from .states import CredentialState, Outage
from .trial import Trial

__all__ = ["CredentialState", "Outage", "Selector", "Trial", "Wish", "usable"]
