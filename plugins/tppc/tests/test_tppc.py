"""Third-party providers, four lines of YAML each."""

import pytest
from jackfield.api import ConfigError
from jackfield.testing import FakeUpstream, jackfield_server, make_app
from jackfield.testing.conformance import ProviderConformance

FOX = {"name": "fox", "enabled": True, "base-url": "https://fox.example.com/v1", "api-key": "sk-fox-123"}


class TestConformance(ProviderConformance):
    provider = "fox"

    def config(self, base_url):
        return {"tppc": {"providers": [{**FOX, "base-url": base_url, "api-key": self.api_key}]}}


def made(*providers):
    """Return the credentials of a configuration, by id."""
    app = make_app({"tppc": {"providers": list(providers)}})
    return {credential.id: credential for credential in app.extensions["jackfield"].runtime.credentials}


def refused(*providers):
    with pytest.raises(ConfigError) as caught:
        make_app({"tppc": {"providers": list(providers)}})
    return str(caught.value)


def test_a_provider_is_a_credential_of_its_own_name():
    credential = made({**FOX, "priority": 3, "weight": 2})["tppc:fox:7f2ac0170603"]
    assert (credential.provider, credential.label, credential.attributes["source"]) == (
        "fox",
        "fox",
        "config:tppc[fox]",
    )
    assert (credential.priority, credential.weight) == (3, 2)
    assert credential.attributes["base_url"] == "https://fox.example.com/v1"
    assert credential.attributes["api_key"].reveal() == "sk-fox-123"


def test_the_name_is_lower_cased_and_the_url_freed_of_its_slash():
    assert list(made({**FOX, "name": " FOX ", "base-url": " https://fox.example.com/v1/ "})) == [
        "tppc:fox:7f2ac0170603"
    ]


def test_each_enabled_provider_is_one_and_disabled_ones_need_not_be_complete():
    found = made(
        FOX, {**FOX, "name": "owl"}, {"name": "elk"}, {"name": "cat", "enabled": False, "base-url": "nonsense"}
    )
    assert sorted(credential.provider for credential in found.values()) == ["fox", "owl"]


def test_every_problem_is_told_at_once():
    told = refused(
        {"name": "fox", "enabled": True}, {**FOX, "name": "owl", "base-url": "ftp://x"}, {**FOX, "name": "OWL"}
    )
    for words in (
        "providers[0].base-url is required when providers[0].enabled=true",
        "providers[0].api-key is required when providers[0].enabled=true",
        "providers[1].base-url must be an http(s) URL with a host",
        "owl",
    ):
        assert words in told
    assert told.startswith("invalid tppc configuration: ")


WRONG = {
    "no name": {**FOX, "name": ""},
    "a name with a slash": {**FOX, "name": "a/b"},
    "a name that begins with a dot": {**FOX, "name": ".a"},
    "another plugin's name": {**FOX, "name": "codex"},
    "no host": {**FOX, "base-url": "https:///v1"},
    "user info": {**FOX, "base-url": "https://me:pw@fox.example.com/v1"},
    "a query": {**FOX, "base-url": "https://fox.example.com/v1?key=x"},
    "a fragment": {**FOX, "base-url": "https://fox.example.com/v1#x"},
    "a port that is none": {**FOX, "base-url": "https://fox.example.com:http/v1"},
    "a blank key": {**FOX, "api-key": "  "},
    "an unknown key": {**FOX, "colour": "red"},
    "a number as key": {**FOX, "api-key": 5},
}


@pytest.mark.parametrize("provider", WRONG.values(), ids=WRONG)
def test_what_does_not_hold_is_refused(provider):
    told = refused(provider)
    assert "tppc" in told
    assert "pw@" not in told


def test_a_name_twice_is_refused_whatever_its_case():
    assert "fox" in refused(FOX, {**FOX, "name": "Fox"})


async def test_its_headers_go_to_it_alone():
    async with FakeUpstream() as one, FakeUpstream() as two:
        fox = {**FOX, "base-url": one.base_url, "headers": {"X-Team": "env:TEAM_OF_FOX"}, "priority": 1}
        owl = {**FOX, "name": "owl", "base-url": two.base_url}
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TEAM_OF_FOX", "red")
            async with (
                jackfield_server({"tppc": {"providers": [fox, owl]}}) as proxy,
                proxy.client(verify=False) as client,
            ):
                for model in ("fox/gpt-5", "owl/gpt-5"):
                    await client.post("/v1/responses", json={"model": model, "input": "Hi"})
    assert one.last.headers["x-team"] == "red"
    assert "x-team" not in two.last.headers


async def test_its_proxy_is_used_for_it():
    async with FakeUpstream() as proxied:
        fox = {**FOX, "base-url": "http://fox.invalid/v1", "proxy-url": proxied.base_url.removesuffix("/v1")}
        async with jackfield_server({"tppc": {"providers": [fox]}}) as proxy, proxy.client(verify=False) as client:
            answered = await client.post("/v1/responses", json={"model": "gpt-5", "input": "Hi"})
    assert answered.status_code == 200
    assert proxied.last.path == "http://fox.invalid/v1/responses"


async def test_the_proxy_of_the_house_is_used_where_a_provider_names_none():
    async with FakeUpstream() as proxied:
        config = {
            "proxy-url": proxied.base_url.removesuffix("/v1"),
            "tppc": {"providers": [{**FOX, "base-url": "http://fox.invalid/v1"}]},
        }
        async with jackfield_server(config) as proxy, proxy.client(verify=False) as client:
            assert (await client.post("/v1/responses", json={"model": "gpt-5", "input": "Hi"})).status_code == 200


async def test_other_plugins_credentials_are_not_touched():
    async with FakeUpstream() as upstream:
        config = {
            "tppc": {"providers": [{**FOX, "base-url": "http://fox.invalid/v1"}]},
            "codex-api-key": [{"api-key": "sk-codex-0123456789", "base-url": upstream.base_url}],
        }
        async with jackfield_server(config) as proxy, proxy.client(verify=False) as client:
            assert (await client.post("/v1/responses", json={"model": "codex/gpt-5", "input": "Hi"})).status_code == 200
    assert upstream.last.key == "sk-codex-0123456789"
