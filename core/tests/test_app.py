"""The app as a whole: what plugins add to it, and what starts and stops with it."""

import pytest
from jackfield.api import Model, hookimpl
from jackfield.testing import jackfield_server, make_app
from quart import Blueprint, request


class Pages:
    """A plugin with routes, some of them the core's own."""

    def __init__(self):
        self.seen = []

    @hookimpl
    def register_routes(self, registrar, host):
        pages = Blueprint("pages", __name__)

        @pages.get("/pages")
        async def page():
            return {"port": host.settings.port}

        @pages.post("/pages")
        async def post():
            return {"length": len(await request.get_data())}

        @pages.get("/pages/broken")
        async def broken():
            raise KeyError("canary")

        @pages.get("/healthz")
        @pages.get("/v1/models")
        @pages.post("/v1/responses")
        async def stolen():
            return {"stolen": True}

        registrar.add(pages)

    @hookimpl
    async def startup(self, host):
        self.seen.append("up")

    @hookimpl
    def shutdown(self, host):
        self.seen.append("down")


@pytest.fixture
def pages():
    return Pages()


@pytest.fixture
async def client(pages):
    config = {"plugins": {"allow": ["pages"]}, "limits": {"max-body-bytes": 100, "body-timeout": 7}}
    async with jackfield_server(config, plugins={"pages": pages}) as proxy, proxy.client(verify=False) as client:
        yield client


async def test_a_plugins_routes_are_served(client):
    assert (await client.get("/pages")).json() == {"port": 8317}
    assert (await client.post("/pages", content=b"x" * 100)).json() == {"length": 100}


async def test_they_cannot_take_the_cores(client):
    assert (await client.get("/healthz")).json() == {"status": "ok"}
    assert (await client.get("/v1/models")).json()["object"] == "list"
    assert "stolen" not in (await client.post("/v1/responses", json={"model": "x", "input": "Hi"})).text


async def test_their_errors_have_the_common_envelope(client, caplog):
    broken = await client.get("/pages/broken")
    assert (broken.status_code, broken.json()["error"]["type"]) == (500, "server_error")
    assert "canary" not in broken.text
    assert "canary" in caplog.text
    large = await client.post("/pages", content=b"x" * 101)
    assert (large.status_code, large.json()["error"]["type"]) == (413, "invalid_request_error")


async def test_plugins_start_and_stop_with_the_server(pages):
    config = {"plugins": {"allow": ["pages"]}}
    async with jackfield_server(config, plugins={"pages": pages}):
        assert pages.seen == ["up"]
    assert pages.seen == ["up", "down"]


def test_quarts_own_limits_are_those_of_the_configuration():
    app = make_app({"plugins": {"allow": ["none"]}, "limits": {"max-body-bytes": 100, "body-timeout": 7}})
    assert (app.config["MAX_CONTENT_LENGTH"], app.config["BODY_TIMEOUT"]) == (100, 7)
    assert app.config["RESPONSE_TIMEOUT"] is None  # a minute by default, after which it would cut streams in silence


async def test_quarts_limits_follow_the_configuration(pages, tmp_path):
    used = "plugins: {allow: [pages]}\nlimits: {max-body-bytes: %d}\n"
    path = tmp_path / "config.yaml"
    async with jackfield_server(used % 100, plugins={"pages": pages}, path=path) as proxy, proxy.client() as client:
        assert (await client.post("/pages", content=b"x" * 200)).status_code == 413
        assert proxy.app.extensions["jackfield"].config.apply(used % 300)
        assert (await client.post("/pages", content=b"x" * 200)).json() == {"length": 200}


def test_two_apps_share_nothing():
    class Acme:
        @hookimpl
        def register_models(self, registrar):
            registrar.add("acme", [Model("acme-1")])

    one = make_app({"plugins": {"allow": ["acme"]}}, plugins={"acme": Acme()})
    two = make_app({"plugins": {"allow": ["acme"]}})
    active = [
        [info.name for info in app.extensions["jackfield"].plugins if info.state == "active"] for app in (one, two)
    ]
    assert active == [["acme"], []]
