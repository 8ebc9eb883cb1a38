"""The small routes: which models there are, and whether the proxy could serve."""

import pytest
from jackfield.api import Model, hookimpl
from jackfield_codex import openai_models


async def listed(house, path="/v1/models"):
    answered = await house.client.get(path)
    assert answered.status_code == 200
    return answered.json()


async def test_the_models_come_in_openais_form_sorted_by_id(house):
    found = await listed(house)
    assert found["object"] == "list"
    ids = [model["id"] for model in found["data"]]
    assert ids == sorted(model.id for model in openai_models())
    assert len(ids) == 19
    for model in found["data"]:
        assert set(model) == {"id", "object", "created", "owned_by"}
        assert (model["object"], model["owned_by"]) == ("model", "openai")
        assert isinstance(model["created"], int)


async def test_a_model_of_two_providers_is_listed_once_and_an_own_one_beside_the_set(serve, upstream, second):
    house = await serve(upstream, second, keys={"models": ["acme-large"]})
    found = {model["id"]: model["owned_by"] for model in (await listed(house))["data"]}
    assert len(found) == len((await listed(house))["data"]) == 20
    assert (found["gpt-5"], found["acme-large"]) == ("openai", "custom")


@pytest.mark.parametrize("model", ["gpt-5", "gpt-5-high", "gpt-5.6-sol", "codex-mini-latest"])
async def test_one_model_can_be_asked_for_also_where_only_its_pattern_is_known(house, model):
    found = await listed(house, f"/v1/models/{model}")
    assert (found["id"], found["object"], found["owned_by"]) == (model, "model", "openai")


async def test_a_pinned_name_is_a_model_too(house):
    assert (await listed(house, "/v1/models/fox/gpt-5"))["id"] == "gpt-5"


@pytest.mark.parametrize("model", ["nobody", "nobody/gpt-5", "fox/nobody", "GPT-5"])
async def test_an_unknown_one_is_404(house, model):
    answered = await house.client.get(f"/v1/models/{model}")
    assert (answered.status_code, answered.json()["error"]["code"]) == (404, "model_not_found")


async def test_what_is_listed_is_served(house):
    for model in (await listed(house))["data"]:
        assert (await house.post(model=model["id"])).status_code == 200


async def test_the_root_says_what_this_is_and_where_to_go(house):
    found = await listed(house, "/")
    assert found["name"] == "jackfield"
    assert found["version"]
    assert "POST /v1/responses" in found["endpoints"]
    for line in found["endpoints"]:
        method, _, path = line.partition(" ")
        answered = await house.client.request(method, path, content=b"{}" if method == "POST" else None)
        assert answered.status_code in (200, 400), line
    head = await house.client.head("/")
    assert (head.status_code, head.content) == (200, b"")


async def test_a_running_process_is_healthy_whatever_it_could_serve(serve):
    house = await serve(config={"demo": {"enabled": False}})
    assert await listed(house, "/healthz") == {"status": "ok"}


async def test_ready_with_a_provider(house):
    assert await listed(house, "/readyz") == {"status": "ready", "problems": [], "providers": ["fox"]}


class Broken:
    @hookimpl
    def register_models(self, registrar):
        registrar.add("broken", [Model("broken-1")])
        raise KeyError("a bug of the plugin")


class Misspelt:
    @hookimpl
    def register_modles(self, registrar):
        pass


@pytest.mark.parametrize(
    ("config", "plugins", "problem"),
    [
        ({"demo": {"enabled": False}}, {}, "no usable credential"),
        ({"acme": {"key": "x"}}, {}, "acme"),
        ({}, {"broken": Broken()}, "plugin broken is broken: register_models: KeyError"),
        ({}, {"misspelt": Misspelt()}, "plugin misspelt is broken"),
    ],
    ids=["no credential", "an unknown section", "a broken plugin", "a misspelt hook"],
)
async def test_not_ready_says_why(serve, config, plugins, problem):
    house = await serve(config=config, plugins=plugins)
    answered = await house.client.get("/readyz")
    found = answered.json()
    assert (answered.status_code, found["status"]) == (503, "not ready")
    assert any(problem in told for told in found["problems"]), found


async def test_a_broken_plugin_does_not_keep_the_others_from_serving(serve, upstream, caplog):
    house = await serve(upstream, plugins={"broken": Broken(), "misspelt": Misspelt()})
    assert (await house.post()).status_code == 200
    assert (await house.client.get("/readyz")).status_code == 503
    assert "a bug of the plugin" in caplog.text
    assert "register_modles" in caplog.text


async def test_a_section_that_no_plugin_knows_is_named_to_the_client(serve):
    house = await serve(config={"acme": {"key": "x"}})
    answered = await house.post()
    assert answered.status_code == 503
    assert "acme" in answered.json()["error"]["message"]


async def test_so_is_a_broken_plugin(serve):
    house = await serve(plugins={"broken": Broken()})
    answered = await house.post()
    assert answered.status_code == 503
    assert "plugin broken is broken" in answered.json()["error"]["message"]
    assert "a bug of the plugin" not in answered.text


async def test_codex_finds_a_catalogue_in_the_list_it_asks_for_with_its_version(house):
    """X3: it decodes `models`, and keeps its own where that is empty."""
    usual = await listed(house)
    found = await listed(house, "/v1/models?client_version=0.169.0")
    assert found == {**usual, "models": []}
    assert "models" not in usual


@pytest.mark.parametrize("query", ["client_version=", "client_version=1&limit=2", "limit=2&client_version=x"])
async def test_the_catalogue_comes_however_the_version_is_asked_with(house, query):
    """X3: with other parameters too."""
    assert (await listed(house, f"/v1/models?{query}"))["models"] == []


async def test_the_catalogue_stands_beside_anthropics_form_too(house):
    """X3: with `anthropic-version` the page stays what it is."""
    headers = {"anthropic-version": "2023-06-01"}
    answered = await house.client.get("/v1/models?client_version=1&limit=2", headers=headers)
    found = answered.json()
    assert (answered.status_code, found["models"], len(found["data"]), found["has_more"]) == (200, [], 2, True)


async def test_an_empty_list_has_a_catalogue_too(serve):
    """X3: nothing configured."""
    house = await serve(config={"plugins": {"allow": ["codex"]}})
    assert await listed(house, "/v1/models?client_version=1") == {"object": "list", "data": [], "models": []}


async def test_a_wrong_key_gets_no_catalogue(serve, upstream):
    """X3: the error is the usual one."""
    house = await serve(upstream, config={"api-keys": ["client-key-0123456789abcdef"]})
    answered = await house.client.get("/v1/models?client_version=1", headers={"authorization": "Bearer wrong"})
    assert (answered.status_code, answered.json()["error"]["code"]) == (401, "invalid_api_key")


class Wavering:
    """A plugin whose hooks fail while they are told to."""

    def __init__(self):
        self.failing = set()

    def _maybe(self, hook):
        if hook in self.failing:
            raise OSError(f"{hook}: the network drive is away")

    @hookimpl
    def synthesize_auth(self, config):
        self._maybe("synthesize_auth")
        return []

    @hookimpl
    def register_models(self, registrar):
        self._maybe("register_models")

    @hookimpl
    def register_executors(self, registrar):
        self._maybe("register_executors")

    @hookimpl
    def watched_files(self, config):
        self._maybe("watched_files")
        return []


@pytest.mark.parametrize("hook", ["synthesize_auth", "register_models", "register_executors", "watched_files"])
async def test_a_hook_that_works_again_clears_its_own_failure(serve, upstream, hook):
    """P11: a drive that blinked at one reload keeps nobody from serving after the next."""
    plugin = Wavering()
    house = await serve(upstream, plugins={"wavering": plugin})
    host = house.host

    async def reloaded(*failing):
        plugin.failing = set(failing)
        host.config.rebuild()
        [info] = [each for each in host.plugins if each.name == "wavering"]
        return (await house.client.get("/readyz")).status_code, info

    assert (await house.client.get("/readyz")).status_code == 200
    status, info = await reloaded(hook)
    assert (status, info.load, info.state, info.last_failure.hook) == (503, "ok", "broken", hook)
    assert "OSError" in info.last_failure.error
    assert info.last_failure.at.tzinfo is not None
    status, info = await reloaded()
    assert (status, info.load, info.state, info.last_failure, info.error) == (200, "ok", "active", None, "")


async def test_a_hook_that_works_clears_no_other_hooks_failure(serve, upstream):
    """P11"""
    plugin = Wavering()
    plugin.failing = {"synthesize_auth", "register_models"}
    house = await serve(upstream, plugins={"wavering": plugin})
    host = house.host
    plugin.failing = {"synthesize_auth"}
    host.config.rebuild()

    problems = (await house.client.get("/readyz")).json()["problems"]

    assert len(problems) == 1
    assert "synthesize_auth" in problems[0]


async def test_what_could_not_be_loaded_stays_refused(serve, upstream):
    """P11: no success of a hook makes good a plugin that was never registered."""
    house = await serve(upstream, plugins={"misspelt": Misspelt()})
    host = house.host
    host.config.rebuild()
    [info] = [each for each in host.plugins if each.name == "misspelt"]

    assert (info.load, info.state, info.last_failure) == ("refused", "broken", None)
    assert (await house.client.get("/readyz")).status_code == 503
