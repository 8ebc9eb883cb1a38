"""A plugin of somebody else's that brings providers like those of tppc, without a change to tppc."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import pytest
from jackfield.api import Secret, Settings, hookimpl
from jackfield.testing import FakeUpstream, jackfield_server, make_app
from jackfield.testing.conformance import ProviderConformance
from jackfield_tppc import Provider, ProviderPlugin

SCHEMA = {
    "type": "object",
    "properties": {
        "acme": {
            "type": "object",
            "description": "The provider acme.",
            "additionalProperties": False,
            "properties": {
                "api-key": {"type": "string", "x-secret": True, "description": "The key."},
                "base-url": {"type": "string", "default": "https://api.acme.example/v1", "description": "The URL."},
            },
        }
    },
}


class Acme(ProviderPlugin):
    """Everything that a provider of one's own takes."""

    @hookimpl
    def config_schema(self) -> dict[str, Any]:
        return SCHEMA

    def providers(self, config: Settings) -> Iterable[Provider]:
        section = config.section("acme")
        return [Provider("acme", section["base-url"], section["api-key"], models=("acme-large",))] if section else []


class TestConformance(ProviderConformance):
    provider = "acme"
    plugins: ClassVar = {"acme": Acme()}

    def config(self, base_url: str) -> dict[str, Any]:
        return {"acme": {"api-key": self.api_key, "base-url": base_url}}


class TestConformanceWithoutTppc(ProviderConformance):
    """The plugin tppc itself need not be on."""

    provider = "acme"
    model = "acme-large"
    plugins: ClassVar = {"acme": Acme()}

    def config(self, base_url: str) -> dict[str, Any]:
        config = {"acme": {"api-key": self.api_key, "base-url": base_url}}
        return {**config, "plugins": {"disabled": ["tppc"]}}


def test_its_credential_says_where_it_comes_from() -> None:
    app = make_app({"acme": {"api-key": "sk-acme-123"}}, plugins={"acme": Acme()})

    [found] = app.extensions["jackfield"].runtime.credentials

    assert (found.provider, found.label, found.attributes["source"]) == ("acme", "acme", "config:acme")
    assert found.id.startswith("tppc:acme:")


async def test_all_that_a_provider_can_be(upstream: FakeUpstream) -> None:
    class Whole(ProviderPlugin):
        def providers(self, config: Settings) -> Iterable[Provider]:
            yield Provider(
                "whole",
                upstream.base_url,
                Secret("sk-whole-123"),
                priority=2,
                weight=3,
                models=("w-1",),
                openai_models=False,
                patterns=("w-*",),
                headers={"X-Team": Secret("crimson")},
                source="built in",
            )

    async with jackfield_server(plugins={"whole": Whole()}) as proxy, proxy.client() as client:
        listed = [model["id"] for model in (await client.get("/v1/models")).json()["data"]]
        answers = [await client.post("/v1/responses", json={"model": name, "input": "Hi"}) for name in ("w-1", "w-9")]
        other = await client.post("/v1/responses", json={"model": "gpt-5", "input": "Hi"})
        [found] = proxy.app.extensions["jackfield"].runtime.credentials

    assert listed == ["w-1"]
    assert [answer.status_code for answer in (*answers, other)] == [200, 200, 404]
    assert (upstream.last.key, upstream.last.headers["x-team"]) == ("sk-whole-123", "crimson")
    assert upstream.last.json()["reasoning"]["effort"] == "high"
    assert (found.priority, found.weight, found.attributes["source"]) == (2, 3, "built in")
    assert "crimson" not in repr(found)


def test_what_says_nothing_of_its_providers_is_no_plugin() -> None:
    with pytest.raises(TypeError, match="providers"):
        ProviderPlugin()  # type: ignore[abstract]  # that is the point
