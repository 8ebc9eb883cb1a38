"""The provider `codex` for API keys."""

import pytest
from jackfield.api import ConfigError
from jackfield.testing import FakeUpstream, http_error, jackfield_server, make_app
from jackfield.testing.conformance import ProviderConformance
from jackfield_codex import PATTERNS, named_models, openai_models


class TestConformance(ProviderConformance):
    provider = "codex"

    def config(self, base_url):
        return {"codex-api-key": [{"api-key": self.api_key, "base-url": base_url}]}


def key(upstream, **fields):
    return {"api-key": "sk-one-0123456789", "base-url": upstream.base_url, **fields}


async def test_keys_are_one_provider_and_take_over_from_each_other():
    async with FakeUpstream() as one, FakeUpstream() as two:
        keys = [key(one, priority=1), key(two, **{"api-key": "sk-two-0123456789"})]
        one.script(http_error(429))
        async with jackfield_server({"codex-api-key": keys}) as proxy, proxy.client(verify=False) as client:
            answered = await client.post("/v1/responses", json={"model": "gpt-5", "input": "Hi"})
            providers = (await client.get("/readyz")).json()["providers"]
    assert answered.status_code == 200
    assert (one.last.key, two.last.key) == ("sk-one-0123456789", "sk-two-0123456789")
    assert providers == ["codex"]


async def test_no_effort_is_made_up_for_it():
    async with FakeUpstream() as upstream:
        config = {"codex-api-key": [key(upstream, models=["acme-large"])]}
        async with jackfield_server(config) as proxy, proxy.client(verify=False) as client:
            for model in ("gpt-5", "gpt-5-high", "acme-large"):
                await client.post("/v1/responses", json={"model": model, "input": "Hi"})
    plain, high, own = upstream.bodies
    assert "reasoning" not in plain
    assert (high["model"], high["reasoning"]) == ("gpt-5", {"effort": "high"})
    assert own["model"] == "acme-large"


@pytest.mark.parametrize(
    "entry",
    [{}, {"api-key": ""}, {"api-key": "k", "base-url": "ftp://x"}, {"api-key": "k", "base-url": "https://u:p@x/v1"},
     {"api-key": "k", "base-url": "https://x/v1?a=b"}, {"api-key": "k", "weight": 0}, {"api-key": "k", "colour": 1}],
)  # fmt: skip
def test_an_entry_that_does_not_hold_is_refused(entry):
    with pytest.raises(ConfigError, match="codex-api-key"):
        make_app({"codex-api-key": [entry]})


def test_the_set_of_models_is_that_of_the_contract_and_names_of_today():
    """L8: data with a date."""
    assert [model.id for model in openai_models()] == [
        "gpt-5", "gpt-5-minimal", "gpt-5-low", "gpt-5-medium", "gpt-5-high",
        "gpt-5-codex", "gpt-5-codex-low", "gpt-5-codex-medium", "gpt-5-codex-high", "codex-mini-latest",
        "gpt-5.5", "gpt-5.6-luna", "gpt-5.6-sol", "gpt-5.6-terra", "gpt-6-astra", "gpt-6-luna", "gpt-6-sol",
        "gpt-6.1-sol", "gpt-6.1-terra",
    ]  # fmt: skip
    for model in openai_models():
        assert model.owned_by == "openai"
        base, _, effort = model.id.rpartition("-")
        if model.effort:
            assert (model.upstream, model.effort) == (base, effort)
    assert PATTERNS == ("gpt-*", "codex-*")
    assert [(model.id, model.owned_by) for model in named_models(["a"])] == [("a", "custom")]
