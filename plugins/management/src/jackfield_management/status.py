"""What the proxy is doing: providers, models, credentials, plugins."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from jackfield.api import Credential, CredentialState, HookFailure, Host, ModelState, PluginInfo
from quart import Response, request

from .answers import Refused, as_json
from .bodies import read_json
from .sections import Handlers


def providers(host: Host) -> Handlers:
    """Return the route of the providers that have an available model."""

    async def get() -> Response:
        return as_json({"providers": host.catalog.providers})

    return {"GET": get}


def models(host: Host) -> Handlers:
    """Return the route of the models, of one provider or of all."""

    async def get() -> Response:
        rows = host.catalog.models(request.args.get("provider") or None)
        data = [
            {"id": model.id, "object": "model", "owned_by": model.owned_by, "providers": names} for model, names in rows
        ]
        return as_json({"object": "list", "data": data})

    return {"GET": get}


def health(host: Host) -> Handlers:
    """Return the route of the credentials' state."""

    async def get() -> Response:
        credentials = host.credentials
        used = {credential.id for credential in credentials.in_use}
        rows = zip(credentials.found, credentials.states(), strict=True)  # no reload comes between: nothing is awaited
        return as_json({"credentials": [_health(each, state, each.id in used) for each, state in rows]})

    return {"GET": get}


def _health(credential: Credential, health: CredentialState, used: bool) -> dict[str, Any]:
    active = "resting" if health.resting else "active"
    state = active if used else "disabled" if credential.status == "disabled" else "standby"
    toggled = credential.metadata.get("toggle_by")
    return {
        "id": credential.id,
        "provider": credential.provider,
        "label": credential.label,
        "source": str(credential.attributes.get("source", "")),
        "priority": credential.priority,
        "weight": credential.weight,
        "state": state,
        "toggle-by": _told(toggled),
        "last-error": health.last_error or None,
        "last-error-at": _instant(health.last_error_at),
        "last-error-message": health.last_message or None,
        "cooling-until": _instant(health.resting_until),
        "breaker": health.breaker,
        "success-share": health.success_share,
        "all-models-until": _instant(health.whole_until),
        "reason": health.cause.verdict.value if health.cause else None,
        "models": [_model(each) for each in health.models],
        "in-flight": health.in_flight,
        "max-concurrency": health.places,
        "waiting": health.waiting,
        "check": _check(health),
        **({"warning": warning} if (warning := _told(credential.metadata.get("warning"))) else {}),
    }


def _told(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _model(model: ModelState) -> dict[str, Any]:
    reason = model.cause.verdict.value if model.cause else "upstream" if model.breaker != "closed" else None
    return {
        "model": model.model,
        "cooling-until": _instant(model.resting_until),
        "breaker": model.breaker,
        "reason": reason,
    }


def _check(health: CredentialState) -> dict[str, Any] | None:
    """Return the latest health check; None before the first, and where there are none."""
    if health.check is None:
        return None
    return {
        "at": _instant(health.check.at),
        "ok": not health.check.error,
        "status": health.check.status or None,
        "latency-seconds": round(health.check.seconds, 3),
        "error": health.check.error or None,
        "failures": health.checks_failed,
    }


def _instant(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z") if at else None


def reset_cooldown(host: Host) -> Handlers:
    """Return the route that lets resting credentials serve again, and forgets the failures that led there."""

    async def post() -> Response:
        asked = await _credential_asked()
        try:
            return as_json({"reset": host.credentials.reset(asked)})
        except KeyError:
            raise Refused(404, "no such credential", "GET /v0/management/health lists their ids") from None

    return {"POST": post}


async def _credential_asked() -> str | None:
    """Return the id in the body; None when there is no body, or none in it."""
    if not await request.get_data():
        return None
    body = await read_json()
    asked = body.get("credential") if isinstance(body, dict) else None
    if not isinstance(body, dict) or body.keys() - {"credential"} or not isinstance(asked, str | None):
        raise Refused(400, "which credential?", 'send {"credential": "..."}, or nothing to reset all')
    return asked


def plugins(host: Host) -> Handlers:
    """Return the route of the plugins."""

    async def get() -> Response:
        return as_json({"plugins": [_plugin(info) for info in host.plugins]})

    return {"GET": get}


def _plugin(info: PluginInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "distribution": info.distribution,
        "version": info.version,
        "state": info.state,
        "load": info.load,
        "hooks": info.hooks,
        "load-seconds": round(info.load_seconds, 4),
        "error": info.error or None,
        "last-failure": _failure(info.last_failure) if info.last_failure else None,
    }


def _failure(failure: HookFailure) -> dict[str, Any]:
    return {**asdict(failure), "at": failure.at.isoformat(timespec="milliseconds")}
