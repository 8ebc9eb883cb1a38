"""What is wrong with an enabled packycode block, all of it at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jackfield.api import Problem
from jackfield_codex import option_problems, wrong_url

from .source import ENV_URL, find_source, left_over

EFFORTS = ("low", "medium", "high")


def problems(block: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield every problem of a block; none while it is disabled."""
    if not block["enabled"]:
        return
    yield from _pair(block)
    yield from _constants(block)
    yield from option_problems(block, "packycode", "")
    if block.get("effective-source") is not None:
        yield Problem("packycode.effective-source", "is read-only and passed over", "remove it", warning=True)


def _pair(block: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is wrong with key and URL, wherever they come from."""
    source = find_source(block)
    url = source.base_url if source else block["base-url"].strip()
    if not url:
        yield _problem(
            "base-url", "is required when packycode.enabled=true", _with_what_was_found("write it like https://host/v1")
        )
    elif wrong := wrong_url(url):
        place = {"env": f" (from {ENV_URL})", "codex-cli": " (from the Codex CLI's config.toml)"}
        origin = place.get(source.name, "") if source else ""
        yield _problem("base-url", f"{wrong.what}{origin}", wrong.mend)
    if block["requires-openai-auth"] and source is None and not block["credentials"]["openai-api-key"].reveal().strip():
        yield _problem(
            "credentials.openai-api-key",
            "is required while packycode.requires-openai-auth=true",
            _with_what_was_found("write the key, or env:NAME") if not url else "write the key, or env:NAME",
        )


def _with_what_was_found(mend: str) -> str:
    """Return how to mend it, with what the Codex CLI's files hold instead, where somebody counts on them."""
    found = left_over()
    return f"{mend}; {found}" if found else mend


def _constants(block: Mapping[str, Any]) -> Iterator[Problem]:
    if block["wire-api"] != "responses":
        yield _problem("wire-api", "can only be responses", "write responses, or leave it out")
    if not block["privacy"]["disable-response-storage"]:
        yield _problem("privacy.disable-response-storage", "can only be true", "write true, or leave it out")
    if not block["defaults"]["model"].strip():
        yield _problem("defaults.model", "must not be empty", "write gpt-5, or leave it out")
    if block["defaults"]["model-reasoning-effort"] not in (*EFFORTS, ""):
        yield _problem("defaults.model-reasoning-effort", "must be low, medium or high", "write one of them")


def _problem(key: str, message: str, fix: str) -> Problem:
    return Problem(f"packycode.{key}", f"packycode.{key} {message}", fix)
