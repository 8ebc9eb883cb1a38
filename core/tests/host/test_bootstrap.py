import pytest
from jackfield.api import ConfigError, PluginError, Problem, hookimpl
from jackfield.host.bootstrap import prepare


class Acme:
    @hookimpl
    def config_schema(self):
        return {"type": "object", "properties": {"acme": {"type": "integer", "default": 7}}}

    @hookimpl
    def check_config(self, config):
        if config.section("acme") > 10:
            return [Problem("acme", "is too much", "take 10")]
        return [Problem("acme", "is little", warning=True)] if config.section("acme") < 3 else []


class Broken:
    @hookimpl
    def no_such_hook(self):
        pass


def prepared(tmp_path, text, **plugins):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return prepare(path, plugins)


ALONE = "plugins: {allow: [acme, broken]%s}\n"


def test_a_plugins_keys_are_known_filled_in_and_checked(tmp_path):
    assert prepared(tmp_path, ALONE % "", acme=Acme()).settings.section("acme") == 7
    found = prepared(tmp_path, ALONE % "" + "acme: 1", acme=Acme())
    assert [problem.message for problem in found.warnings] == ["is little"]
    with pytest.raises(ConfigError, match="is too much"):
        prepared(tmp_path, ALONE % "" + "acme: 11", acme=Acme())
    with pytest.raises(ConfigError) as caught:
        prepared(tmp_path, ALONE % "" + "acme: many", acme=Acme())
    assert [(problem.path, problem.line) for problem in caught.value.problems] == [("acme", 2)]


def test_without_a_file_there_are_the_defaults():
    found = prepare(None, {"acme": Acme()})
    assert (found.settings.host, found.settings.port, found.settings.section("acme")) == ("127.0.0.1", 8317, 7)


def test_a_broken_plugin_is_tolerated_unless_strict(tmp_path):
    assert [info.name for info in prepared(tmp_path, ALONE % "", broken=Broken()).plugins.broken] == ["broken"]
    with pytest.raises(PluginError, match=r"broken: .*no_such_hook"):
        prepared(tmp_path, ALONE % ", strict: true", broken=Broken())


def test_so_is_a_section_that_nobody_knows(tmp_path):
    assert prepared(tmp_path, ALONE % "" + "nobody: {a: 1}", acme=Acme()).settings.missing == ("nobody",)
    with pytest.raises(ConfigError, match="nobody"):
        prepared(tmp_path, ALONE % ", strict: true" + "nobody: {a: 1}", acme=Acme())


@pytest.mark.parametrize("section", ["plugins: 5", "plugins: {allow: acme}", "plugins: {disabled: [1, [2]]}"])
def test_a_section_on_plugins_that_does_not_hold_is_refused_in_words(tmp_path, section):
    with pytest.raises(ConfigError, match="plugins"):
        prepared(tmp_path, section)
