"""Whose name a provider may have: nobody else's, whichever plugins are there."""

from __future__ import annotations

from typing import Any

import pytest
from jackfield.api import ConfigError, ExecutorRegistrar, hookimpl
from jackfield.testing import make_app

FOX = {"name": "fox", "enabled": True, "base-url": "https://fox.example.com/v1", "api-key": "sk-fox-123"}
PACKYCODE = {"enabled": True, "base-url": "https://p.example.com/v1", "credentials": {"openai-api-key": "sk-p"}}


class Zoo:
    """A plugin with a provider of its own."""

    @hookimpl
    def register_executors(self, registrar: ExecutorRegistrar, config: Any) -> None:
        registrar.add("fox", lambda host: None)  # type: ignore[arg-type,return-value]  # nobody calls it


def refused(*providers: dict[str, Any], plugins: Any = None, **config: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        make_app({"tppc": {"providers": list(providers)}, **config}, plugins=plugins)
    return caught.value


@pytest.mark.parametrize("name", ["acme", "zoo"])
def test_a_clash_with_another_plugin_is_a_problem_that_names_both(name: str) -> None:
    error = refused(FOX, plugins={name: Zoo()})

    [problem] = error.problems
    assert (problem.path, problem.fix, problem.line) == ("tppc.providers[0].name", "choose another name", 3)
    assert problem.message == (
        f"providers[0].name 'fox' is claimed by plugin tppc, but plugin {name} brings a provider of that name already"
    )


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("name", ["codex", "Demo"])
def test_the_names_of_the_shipped_providers_are_taken_also_for_one_that_is_off(name: str, enabled: bool) -> None:
    error = refused({**FOX, "name": name, "enabled": enabled})

    assert f"plugin {name.lower()} brings a provider of that name already" in str(error)


def test_packycode_is_taken_while_its_block_is_on() -> None:
    named = {**FOX, "name": "packycode"}

    assert "plugin packycode brings" in str(refused(named, packycode=PACKYCODE))
    app = make_app({"tppc": {"providers": [named]}, "packycode": {**PACKYCODE, "enabled": False}})
    assert app.extensions["jackfield"].runtime.registry.providers == ["packycode"]


def test_no_plugin_is_broken_by_a_clash() -> None:
    app = make_app({"tppc": {"providers": [FOX]}})
    host = app.extensions["jackfield"]

    with pytest.raises(ConfigError, match="demo"):
        host.config.check("tppc: {providers: [{name: demo}]}")

    assert {plugin.state for plugin in host.plugins} == {"active"}


def test_a_plugin_that_cannot_say_what_it_brings_takes_no_name() -> None:
    class Odd:
        @hookimpl
        def register_executors(self, registrar: ExecutorRegistrar, config: Any) -> None:
            if config.section("tppc")["providers"]:
                raise LookupError("not with such a configuration")

    app = make_app({"tppc": {"providers": [FOX]}}, plugins={"odd": Odd()})

    assert "fox" in app.extensions["jackfield"].runtime.registry.providers
