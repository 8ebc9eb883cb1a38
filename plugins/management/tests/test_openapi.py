"""The API does what its description says; schemathesis asks it everything that can be asked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from jackfield.testing import RunningServer, jackfield_server_in_thread
from schemathesis import GenerationMode

PREFIX = "/v0/management"
EXAMPLES = 10
"""Requests of each mode for each operation."""

PATHS = {f"{method} {PREFIX}/{key}" for method in ("PUT", "PATCH") for key in ("statistics", "codex-login")}
"""What takes the paths of files, which had better not be made up."""

REFUSED = [400, 401, 403, 404, 405, 409, 412, 413, 422]
CHECKS = {
    # A valid body may still be wrong, such as an enabled provider without a URL; If-Match may name an old version; and
    # schemathesis may show a second key.
    "positive_data_acceptance": {"expected-statuses": ["2xx", *REFUSED]},
    "negative_data_rejection": {"expected-statuses": REFUSED},
}


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningServer]:
    """A proxy whose key is not in the file, which the tests rewrite as they like."""
    monkeypatch.setenv("MANAGEMENT_PASSWORD", "the right key")
    with jackfield_server_in_thread("tppc: {providers: [{name: fox}]}\n", path=tmp_path / "config.yaml") as running:
        yield running


KEYED = {"Authorization": "Bearer the right key"}


def described(server: RunningServer) -> Any:
    config = schemathesis.Config.from_dict({"checks": CHECKS})
    return schemathesis.openapi.from_url(f"{server.base_url}{PREFIX}/openapi.json", headers=KEYED, config=config)


@pytest.mark.filterwarnings("ignore")  # schemathesis and hypothesis warn about each other
@pytest.mark.timeout(120)
def test_schemathesis_finds_no_fault(server: RunningServer) -> None:
    statuses: Counter[int] = Counter()
    for result in described(server).get_all_operations():
        operation = result.ok()
        if operation.label in PATHS:
            continue
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query):
                continue
            strategy = operation.as_strategy(generation_mode=mode)

            @hypothesis.settings(
                max_examples=EXAMPLES,
                database=None,
                deadline=None,
                derandomize=True,
                suppress_health_check=list(hypothesis.HealthCheck),
            )
            @hypothesis.given(case=strategy)
            def holds(case: Any) -> None:
                statuses[case.call_and_validate(headers=KEYED).status_code] += 1

            holds()
    assert statuses[200] > 10 * EXAMPLES
    assert statuses[422] > 2 * EXAMPLES


def test_every_route_is_described(server: RunningServer) -> None:
    with server.sync_client("the right key") as client:
        paths = client.get(f"{PREFIX}/openapi.json").json()["paths"]
    rules = [rule for rule in server.app.url_map.iter_rules() if rule.rule.startswith(PREFIX)]
    served = {(rule.rule, method.lower()) for rule in rules for method in rule.methods - {"HEAD"}}

    assert served == {(path, method) for path, item in paths.items() for method in item}


def test_it_follows_the_plugins_that_are_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANAGEMENT_PASSWORD", "the right key")
    with (
        jackfield_server_in_thread("plugins: {disabled: [packycode]}\n") as server,
        server.sync_client("the right key") as client,
    ):
        paths = client.get(f"{PREFIX}/openapi.json").json()["paths"]

    assert f"{PREFIX}/tppc" in paths
    assert f"{PREFIX}/packycode" not in paths


def test_the_published_description_is_of_every_route_of_this_repository() -> None:
    published = Path(__file__).resolve().parents[3] / "schemas/management.openapi.json"
    paths = json.loads(published.read_text("utf-8"))["paths"]

    routes = "packycode tppc providers models request-log debug api-keys codex-api-key config config.yaml health"
    routes += " reset-cooldown plugins openapi.json"
    assert {f"{PREFIX}/{route}" for route in routes.split()} <= set(paths)
