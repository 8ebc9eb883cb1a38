import gc

import pytest
from jackfield.api import Model, hookimpl
from jackfield.model.errors import ConfigError
from jackfield.testing import FakeClock, jackfield_server, jackfield_server_in_thread, make_app

ALONE = {"plugins": {"allow": ["acme"]}}


class Acme:
    """The smallest plugin that shows: a model, nobody to serve it."""

    @hookimpl
    def register_models(self, registrar):
        registrar.add("acme", [Model("acme-1")])


def host(app):
    return app.extensions["jackfield"]


def test_a_mapping_is_a_configuration():
    app = make_app({**ALONE, "request-retry": 7})
    assert host(app).settings.request_retry == 7


def test_so_are_yaml_text_and_a_file(tmp_path):
    assert host(make_app("request-retry: 5\nplugins: {allow: [acme]}")).settings.request_retry == 5
    file = tmp_path / "mine.yaml"
    file.write_text("request-retry: 6\nplugins: {allow: [acme]}")
    app = make_app(file)
    assert (host(app).settings.request_retry, host(app).settings.path) == (6, file)


def test_the_environment_does_not_choose_the_file(monkeypatch, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text("request-retry: 9")
    monkeypatch.setenv("JACKFIELD_CONFIG", str(other))
    assert host(make_app(ALONE)).settings.request_retry == 3


def test_the_file_stands_where_it_is_asked_for(tmp_path):
    app = make_app(ALONE, path=tmp_path / "config.yaml")
    assert host(app).settings.path == tmp_path / "config.yaml"
    assert "acme" in (tmp_path / "config.yaml").read_text()


def test_a_temporary_file_goes_with_the_app():
    app = make_app(ALONE)
    path = host(app).settings.path
    assert path.exists()
    del app
    gc.collect()
    assert not path.parent.exists()


def test_what_is_wrong_is_raised():
    with pytest.raises(ConfigError, match="request-retry"):
        make_app({"request-retry": "many"})


def test_a_plugin_object_and_a_clock_are_used():
    clock = FakeClock()
    app = make_app(ALONE, plugins={"acme": Acme()}, clock=clock)
    assert host(app).clock is clock


async def test_it_serves():
    async with jackfield_server(ALONE) as proxy, proxy.client() as client:
        assert (await client.get("/")).json()["name"] == "jackfield"


def test_it_serves_in_a_thread():
    with jackfield_server_in_thread(ALONE) as proxy, proxy.sync_client() as client:
        assert client.get("/healthz").json() == {"status": "ok"}
