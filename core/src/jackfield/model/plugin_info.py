"""What is known of a plugin: how it was loaded, and which of its hooks failed when they were last called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

Load = Literal["ok", "refused", "disabled"]
State = Literal["active", "disabled", "broken"]


@dataclass(frozen=True, slots=True)
class HookFailure:
    """What a hook raised when it was last called, and when that was."""

    hook: str
    error: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """What `jackfield plugins` and `/readyz` tell of a plugin."""

    name: str
    distribution: str = ""
    version: str = ""
    load: Load = "ok"
    refusal: str = ""
    """Why it was refused; "" when it was not."""
    hooks: tuple[str, ...] = ()
    load_seconds: float = 0.0
    failures: Mapping[str, HookFailure] = field(default_factory=dict)
    """By hook; one that succeeds takes its own out."""

    @property
    def last_failure(self) -> HookFailure | None:
        """The latest failure that nothing has made good."""
        return next(reversed([*self.failures.values()]), None)

    @property
    def state(self) -> State:
        """`broken` while it is refused, or a hook of its failed and has not succeeded since."""
        if self.load == "disabled":
            return "disabled"
        return "broken" if self.load == "refused" or self.failures else "active"

    @property
    def error(self) -> str:
        """What is wrong with it; "" when nothing is."""
        told = [f"{hook}: {failure.error}" for hook, failure in self.failures.items()]
        return self.refusal or (told[-1] if told else "")

    def refused(self, why: str) -> PluginInfo:
        """Return it as one of which no hook is called."""
        return replace(self, load="refused", refusal=why)

    def failed(self, hook: str, error: BaseException) -> PluginInfo:
        """Return it with the failure of a hook."""
        failure = HookFailure(hook, f"{type(error).__name__}: {error}", datetime.now(UTC))
        return replace(self, failures={**self._without(hook), hook: failure})

    def succeeded(self, hook: str) -> PluginInfo:
        """Return it without failures of a hook, and of what that hook brought."""
        return replace(self, failures=self._without(hook))

    def _without(self, hook: str) -> dict[str, HookFailure]:
        return {
            name: failure
            for name, failure in self.failures.items()
            if name != hook and not name.startswith(f"{hook}, ")
        }
