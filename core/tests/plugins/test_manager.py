import importlib
import logging
import sys
from pathlib import Path

import pytest
from jackfield.api import (
    ClientError,
    Credential,
    Endpoint,
    Kind,
    Model,
    Problem,
    RequestInfo,
    Secret,
    UpstreamError,
    hookimpl,
)
from jackfield.plugins.manager import Plugins
from quart import Blueprint

INFO = RequestInfo("req_1", "responses", "gpt-5", stream=True)
A, B = Credential("a", "fox", "a"), Credential("b", "fox", "b")


def plugins_of(**objects):
    """Return the plugins of these objects alone, in order of their names."""
    return Plugins.discover(allow=[*objects, "no other"], extra=objects)


def plugin(**hooks):
    """Return a plugin object with these hooks."""
    return type("Made", (), {name: hookimpl(function) for name, function in hooks.items()})


def states(plugins):
    return {info.name: info.state for info in plugins.infos}


def the(plugins, name):
    return next(info for info in plugins.infos if info.name == name)


# -- discovery, by entry points of distributions as pip leaves them


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that installs a distribution with a plugin, and takes it away at the end."""
    monkeypatch.syspath_prepend(tmp_path)

    def put(distribution, source, *, entry="acme"):
        name = distribution.replace("-", "_")
        (tmp_path / f"{name}_module.py").write_text(source)
        info = tmp_path / f"{name}-1.2.3.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2.3\n")
        (info / "entry_points.txt").write_text(f"[jackfield]\n{entry} = {name}_module\n")
        importlib.invalidate_caches()

    yield put
    for name in [name for name in sys.modules if name.endswith("_module") and name.startswith("acme_")]:
        del sys.modules[name]


GOOD = "from jackfield.api import hookimpl\n\n@hookimpl\ndef check_config(config):\n    return []\n"


def discover(**options):
    return Plugins.discover(disabled=["codex", "demo", "tppc"], **options)


def test_an_installed_plugin_is_found_with_its_distribution_version_and_hooks(install):
    install("acme-jack", GOOD)
    found = the(discover(), "acme")
    assert (found.distribution, found.version, found.state) == ("acme-jack", "1.2.3", "active")
    assert found.hooks == ("check_config",)
    assert found.error == ""
    assert found.load_seconds > 0


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("1 / 0", "ZeroDivisionError"),
        ("def (", "SyntaxError"),
        ("raise SystemExit(3)", "SystemExit"),
        ("from jackfield.api import hookimpl\n@hookimpl\ndef register_modles(registrar): ...", "register_modles"),
        ("from jackfield.api import hookimpl\n@hookimpl\ndef check_config(cfg): ...", "cfg"),
        ("requires_hook_api = (2, 0)", "needs hook API 2.0, but this core offers 1.1"),
        ("requires_hook_api = (1, 9)", "needs hook API 1.9"),
        ("requires_hook_api = 'one'", "ValueError"),
        (
            "import pluggy\n@pluggy.HookimplMarker('jackfield')(wrapper=True)\ndef check_config():\n    yield",
            "wrapper",
        ),
    ],
    ids=[
        "missing module", "raises", "syntax", "exits", "misspelt hook", "unknown argument", "another major",
        "a newer minor", "no version", "a wrapper",
    ],
)  # fmt: skip
def test_one_that_cannot_be_used_is_listed_as_broken_and_the_others_load(install, source, error, caplog):
    install("acme-bad", source)
    install("acme-good", GOOD, entry="zeta")
    plugins = discover()
    broken = the(plugins, "acme")
    assert (broken.state, broken.distribution, broken.version) == ("broken", "acme-bad", "1.2.3")
    assert error in broken.error
    assert the(plugins, "zeta").state == "active"
    assert [info.name for info in plugins.broken] == ["acme"]
    assert "acme-bad 1.2.3" in caplog.text


def test_an_older_minor_is_welcome(install):
    install("acme-jack", GOOD + "requires_hook_api = (1, 0)\n")
    assert the(discover(), "acme").state == "active"


def test_two_distributions_with_one_name_are_both_refused(install):
    install("acme-one", GOOD)
    install("acme-two", GOOD)
    found = the(discover(), "acme")
    assert found.state == "broken"
    assert "acme-one and acme-two" in found.error
    assert "uninstall one" in found.error


def test_a_disabled_one_is_listed_but_not_imported(install):
    install("acme-bad", "1 / 0")
    found = the(Plugins.discover(disabled=["acme", "codex", "demo", "tppc"]), "acme")
    assert (found.state, found.distribution) == ("disabled", "acme-bad")


def test_an_allow_list_leaves_the_others_out(install):
    install("acme-bad", "1 / 0")
    install("acme-good", GOOD, entry="zeta")
    found = states(Plugins.discover(allow=["zeta"]))
    assert found["zeta"] == "active"
    assert {state for name, state in found.items() if name != "zeta"} == {"disabled"}


def test_a_class_is_made_an_object():
    class Acme:
        @hookimpl
        def synthesize_auth(self):
            return [A]

    assert plugins_of(acme=Acme).credentials(None) == [A]


# -- calling


def test_hooks_are_called_in_order_of_the_plugins_names():
    called = []
    made = {name: plugin(check_config=lambda self, name=name: called.append(name)) for name in ("b", "c", "a")}
    plugins_of(**made).check_config(None)
    assert called == ["a", "b", "c"]


def raises(*_args):
    raise KeyError("boom")


NOT_CALLED_ALONE = {
    "config_schema": lambda plugins: plugins.config_schemas(),
    "check_config": lambda plugins: plugins.check_config(None),
    "register_executors": lambda plugins: plugins.executors(None),
    "register_models": lambda plugins: plugins.models(None),
    "synthesize_auth": lambda plugins: plugins.credentials(None),
    "review_credentials": lambda plugins: plugins.credentials(None),
    "watched_files": lambda plugins: plugins.watched_files(None),
    "register_routes": lambda plugins: plugins.blueprints(None),
    "register_commands": lambda plugins: plugins.register_commands(None),
    "serve_flags": lambda plugins: plugins.serve_flags(None),
    "on_config_change": lambda plugins: plugins.on_config_change(None, None),
}


@pytest.mark.parametrize("hook", NOT_CALLED_ALONE)
def test_one_that_raises_is_marked_and_the_others_are_called(hook, caplog):
    called = []
    good = plugin(**{hook: lambda self: called.append("good")})
    plugins = plugins_of(a=plugin(**{hook: raises}), b=good)
    NOT_CALLED_ALONE[hook](plugins)
    assert called == ["good"]
    assert states(plugins)["b"] == "active"
    assert the(plugins, "a").state == "broken"
    assert the(plugins, "a").error.startswith(f"{hook}")
    assert "boom" in the(plugins, "a").error
    assert "boom" in caplog.text


def generated(self):
    yield from ()
    raise KeyError("boom")


@pytest.mark.parametrize("hook", ["check_config", "synthesize_auth", "review_credentials", "watched_files"])
@pytest.mark.parametrize(
    "answer", [generated, lambda self: 5, lambda self: ["text"], lambda self: [None], lambda self: map(raises, [1])],
    ids=["raising generator", "number", "wrong kind", "nothing in a list", "raising map"],
)  # fmt: skip
def test_an_answer_of_another_shape_is_the_plugins_failure(hook, answer):
    plugins = plugins_of(a=plugin(**{hook: answer}), b=plugin(synthesize_auth=lambda self: [A]))
    NOT_CALLED_ALONE[hook](plugins)
    assert states(plugins) | {"a": "broken", "b": "active"} == states(plugins)
    assert plugins.credentials(None) == [A]


def test_the_answers_of_all_are_put_together():
    one, two = Problem("a", "x"), Problem("b", "y")
    plugins = plugins_of(
        a=plugin(check_config=lambda self: [one], synthesize_auth=lambda self: iter([A])),
        b=plugin(check_config=lambda self: (two,), synthesize_auth=lambda self: None),
        c=plugin(watched_files=lambda self: [Path("/x"), Path("/x")], synthesize_auth=lambda self: [B]),
    )
    assert plugins.check_config(None) == [one, two]
    assert plugins.credentials(None) == [A, B]
    assert plugins.watched_files(None) == [Path("/x")]


def test_credentials_can_be_reviewed_by_one_after_the_other():
    plugins = plugins_of(
        a=plugin(synthesize_auth=lambda self: [A, B]),
        b=plugin(review_credentials=lambda self, credentials: None),
        c=plugin(review_credentials=lambda self, credentials: credentials[:1]),
        d=plugin(review_credentials=lambda self, credentials: [*credentials, *credentials]),
    )
    assert plugins.credentials(None) == [A, A]


def test_a_schema_that_claims_a_taken_key_takes_its_plugin_out():
    schema = {"type": "object", "properties": {"acme": {"type": "object"}}}
    plugins = plugins_of(
        a=plugin(config_schema=lambda self: schema),
        b=plugin(config_schema=lambda self: schema, synthesize_auth=lambda self: [A]),
        c=plugin(config_schema=lambda self: {"type": "object", "properties": {"other": {}}}),
        d=plugin(config_schema=lambda self: {"type": "nonsense"}),
        e=plugin(config_schema=lambda self: "text"),
    )
    assert list(plugins.config_schemas()) == ["c"]
    assert {info.name for info in plugins.broken} == {"a", "b", "d", "e"}
    assert plugins.credentials(None) == []


def test_two_claims_on_one_provider_break_the_second():
    plugins = plugins_of(
        a=plugin(register_executors=lambda self, registrar: registrar.add("fox", lambda host: "first")),
        b=plugin(register_executors=lambda self, registrar: registrar.add("fox", lambda host: "second")),
    )
    factories = plugins.executors(None)
    assert plugins.make_executors(factories, None) == {"fox": "first"}
    assert "claimed by plugin 'b', but 'a' has it" in the(plugins, "b").error


def test_an_executor_that_cannot_be_made_breaks_its_plugin_alone():
    plugins = plugins_of(
        a=plugin(register_executors=lambda self, registrar: registrar.add("fox", raises)),
        b=plugin(register_executors=lambda self, registrar: registrar.add("owl", lambda host: "owl's")),
    )
    assert plugins.make_executors(plugins.executors(None), None) == {"owl": "owl's"}
    assert "fox" in the(plugins, "a").error


def test_models_of_one_provider_come_from_several_plugins():
    plugins = plugins_of(
        a=plugin(register_models=lambda self, registrar: registrar.add("fox", [Model("one")])),
        b=plugin(register_models=lambda self, registrar: registrar.add("fox", [Model("two")])),
    )
    assert list(plugins.models(None)["fox"].models) == ["one", "two"]


def test_routes_come_from_several_plugins_but_a_name_from_one():
    plugins = plugins_of(
        a=plugin(register_routes=lambda self, registrar: registrar.add(Blueprint("x", "a"))),
        b=plugin(register_routes=lambda self, registrar, host: registrar.add(Blueprint("x", "b"))),
        c=plugin(register_routes=lambda self, registrar: registrar.add(Blueprint("y", "c"))),
    )
    assert [blueprint.name for blueprint in plugins.blueprints(None)] == ["x", "y"]
    assert the(plugins, "b").state == "broken"


def test_an_implementation_may_leave_out_arguments():
    seen = []
    plugins = plugins_of(
        a=plugin(on_config_change=lambda self: seen.append(())),
        b=plugin(on_config_change=lambda self, new: seen.append((new,))),
        c=plugin(on_config_change=lambda self, new, old: seen.append((old, new))),
    )
    plugins.on_config_change("old", "new")
    assert seen == [(), ("new",), ("old", "new")]


# -- per request

ENDPOINT = Endpoint("http://x/v1", Secret("k"))


async def slowly(answer):
    return answer


@pytest.mark.parametrize("answer", [lambda self: ENDPOINT, lambda self: slowly(ENDPOINT)], ids=["plain", "async"])
async def test_the_first_endpoint_wins(answer):
    asked = []
    plugins = plugins_of(
        a=plugin(resolve_creds=lambda self: None),
        b=plugin(resolve_creds=lambda self: slowly(None)),
        c=plugin(resolve_creds=answer),
        d=plugin(resolve_creds=lambda self: asked.append("d")),
    )
    assert await plugins.resolve_creds(A, INFO) == ENDPOINT
    assert asked == []


async def test_nobody_may_have_one():
    assert await plugins_of().resolve_creds(A, INFO) is None
    assert await plugins_of(a=plugin(resolve_creds=lambda self: None)).resolve_creds(A, INFO) is None


@pytest.mark.parametrize("answer", [raises, lambda self: slowly(5), lambda self: "http://x"])
async def test_a_fault_of_one_is_passed_over(answer, caplog):
    plugins = plugins_of(a=plugin(resolve_creds=answer), b=plugin(resolve_creds=lambda self: ENDPOINT))
    assert await plugins.resolve_creds(A, INFO) == ENDPOINT
    assert "plugin a failed in hook resolve_creds" in caplog.text
    assert states(plugins)["a"] == "active"  # a request is no reason to give a plugin up


@pytest.mark.parametrize("error", [UpstreamError(Kind.UPSTREAM_AUTH, "expired"), ClientError(Kind.FORBIDDEN, "no")])
async def test_a_verdict_on_the_request_is_no_fault(error):
    async def refuse(self):
        raise error

    plugins = plugins_of(a=plugin(resolve_creds=refuse), b=plugin(resolve_creds=lambda self: ENDPOINT))
    with pytest.raises(type(error)):
        await plugins.resolve_creds(A, INFO)


async def test_a_plugin_sees_the_credential_and_the_request():
    seen = []
    plugins = plugins_of(a=plugin(resolve_creds=lambda self, request, credential: seen.append((credential, request))))
    await plugins.resolve_creds(A, INFO)
    assert seen == [(A, INFO)]


@pytest.mark.parametrize(
    ("answer", "chosen"),
    [
        (lambda self, candidates: candidates[1], B),
        (lambda self, candidates: slowly(candidates[1]), B),
        (lambda self, request: None, None),
        (lambda self: Credential("c", "fox", "c"), None),
        (lambda self: "b", None),
        (raises, None),
    ],
    ids=["plain", "async", "none", "not a candidate", "not a credential", "raises"],
)
async def test_the_choice_must_be_a_candidate(answer, chosen):
    plugins = plugins_of(a=plugin(choose_credential=answer))
    assert await plugins.choose_credential([A, B], INFO) == chosen


async def test_a_copy_of_a_candidate_is_that_candidate():
    plugins = plugins_of(a=plugin(choose_credential=lambda self: Credential("b", "fox", "b")))
    assert await plugins.choose_credential([A, B], INFO) is B


async def test_a_choice_that_is_none_is_warned_about(caplog):
    stranger = Credential("stranger", "fox", "x")
    await plugins_of(a=plugin(choose_credential=lambda self: stranger)).choose_credential([A], INFO)
    assert "stranger, which is not a candidate" in caplog.text


async def test_without_such_a_hook_nobody_is_asked():
    assert await plugins_of(a=plugin(check_config=lambda self: [])).choose_credential([A], INFO) is None


def test_observers_see_the_record_whatever_the_others_do(caplog):
    seen = []
    plugins = plugins_of(
        a=plugin(on_request_complete=raises), b=plugin(on_request_complete=lambda s, record: seen.append(record))
    )
    assert plugins.observers
    plugins.on_request_complete("record")
    assert seen == ["record"]
    assert "plugin a failed in hook on_request_complete" in caplog.text
    assert not plugins_of().observers


async def test_what_is_started_in_order_is_stopped_in_reverse():
    calls = []

    def noting(name, what):
        async def note(self, host):
            calls.append((name, what, host))

        return note

    made = {name: plugin(startup=noting(name, "up"), shutdown=noting(name, "down")) for name in ("b", "a")}
    made["c"] = plugin(startup=raises, shutdown=raises)
    plugins = plugins_of(**made)
    await plugins.startup("host")
    await plugins.shutdown("host")
    assert calls == [("a", "up", "host"), ("b", "up", "host"), ("b", "down", "host"), ("a", "down", "host")]
    assert the(plugins, "c").state == "broken"


def test_a_log_of_a_broken_hook_has_its_traceback(caplog):
    with caplog.at_level(logging.ERROR):
        plugins_of(a=plugin(check_config=raises)).check_config(None)
    assert caplog.records[-1].exc_info
