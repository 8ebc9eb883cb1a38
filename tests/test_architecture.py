"""The laws of the house. Each is a function from one source file to what breaks it, run over every file it concerns.

The second half shows each law a source that breaks it: a law that cannot fail protects nothing.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

MAX_FILE = 400
MAX_FUNCTION = 40
LONGER = {
    "core/tests/dialects/messages/test_stream.py": "One writer, event by event, with scripts that all share.",
    "core/tests/responses/test_reader.py": "One list of the ways in which relays bend a stream.",
    "core/tests/plugins/test_manager.py": "Every hook and every way to fail of the one class that calls plugins.",
}
"""What may be longer, `path` or `path:function`, each with the sentence that says why."""

CORE = "core/src/jackfield/"
PURE = ("responses/", "dialects/", "routing/credentials/")
STAIR = (
    *("model", "net", "config", "redaction", "log", "server", "responses", "upstream", "dialects", "metering"),
    *("routing", "plugins", "host", "edge", "app", "cli", "asgi", "api", "testing", "__main__"),
)
"""The rooms of the core in order: an import may only go down, to a room that stands before its own."""
MOST_ROOMS, MOST_ARROWS = 24, 100


@dataclass(frozen=True)
class Source:
    """One Python file: `path` is relative to the repository, with forward slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def name(self) -> str:
        """The dotted name it is imported by; of a package the package's."""
        _, _, inner = self.path.rpartition("src/")
        return inner.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def package(self) -> str:
        return self.name if self.path.endswith("/__init__.py") else self.name.rpartition(".")[0]

    @property
    def part(self) -> str:
        """The room of the core that it belongs to: `dialects`, `config`, `app`; "" for plugins."""
        return self.path.removeprefix(CORE).split("/")[0].removesuffix(".py") if self.path.startswith(CORE) else ""


@dataclass(frozen=True)
class Import:
    line: int
    module: str
    """Absolute; of `from a import b` it is `a.b`."""
    typing_only: bool

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]

    @property
    def room(self) -> str:
        """The room of the core that is imported; "" for what is none, and for the names of `jackfield` itself."""
        first, _, rest = self.module.partition(".")
        return rest.partition(".")[0] if first == "jackfield" else ""

    def within(self, *packages: str) -> bool:
        return any(f"{self.module}.".startswith(f"{package}.") for package in packages)


def imports(source: Source) -> Iterator[Import]:
    """Yield every import, those in functions and under TYPE_CHECKING too."""

    def visit(node: ast.AST, typing_only: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name, typing_only) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(source.package.split(".")[: 1 - node.level or None]) if node.level else ""
            start = ".".join(filter(None, [base, node.module]))
            yield from (Import(node.lineno, f"{start}.{alias.name}", typing_only) for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for child in node.body:
                yield from visit(child, True)
            for child in node.orelse:
                yield from visit(child, typing_only)
        else:
            for child in ast.iter_child_nodes(node):
                yield from visit(child, typing_only)

    return visit(source.tree, False)


Law = Callable[[Source], Iterator[str]]


def vocabulary_is_stdlib_only(source: Source) -> Iterator[str]:
    """`model/` imports the standard library and itself."""
    if source.part == "model":
        for each in imports(source):
            if each.top not in sys.stdlib_module_names and not each.within("jackfield.model"):
                yield f"{each.line}: imports {each.module}"


def pure_parts_know_no_network(source: Source) -> Iterator[str]:
    """`responses/`, `dialects/` and `routing/credentials/` import neither quart nor httpx."""
    if source.path.removeprefix(CORE).startswith(PURE):
        for each in imports(source):
            if each.top in ("quart", "httpx"):
                yield f"{each.line}: imports {each.module}"


def imports_go_down_the_stair(source: Source) -> Iterator[str]:
    """A room imports only from rooms below it, for types as well; the package's own lazy `__getattr__` is the door."""
    if not source.path.startswith(CORE) or source.path == f"{CORE}__init__.py":
        return
    for each in imports(source):
        if each.room not in ("", source.part) and STAIR.index(each.room) > STAIR.index(source.part):
            yield f"{each.line}: {source.part} imports {each.module} from above"


def only_plugins_calls_hooks(source: Source) -> Iterator[str]:
    """Only `plugins/manager.py` touches `pm.hook`; pluggy is known to it, to `plugins/hookspecs.py` and to `api.py`."""
    if source.path == f"{CORE}plugins/manager.py":
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and node.attr == "hook":
            yield f"{node.lineno}: touches {ast.unparse(node)}"
    if source.path not in (f"{CORE}plugins/hookspecs.py", f"{CORE}api.py"):
        yield from (f"{each.line}: imports pluggy" for each in imports(source) if each.top == "pluggy")


def only_upstream_catches_httpx(source: Source) -> Iterator[str]:
    """Foreign exceptions are mapped to ours in one place; what a URL means is asked in another, `net/urls.py`."""
    if source.part == "upstream" or source.path == f"{CORE}net/urls.py":
        return
    known = {"httpx"} | {
        alias.asname or alias.name
        for node in ast.walk(source.tree)
        for alias in getattr(node, "names", ())
        if (isinstance(node, ast.Import) and alias.name.startswith("httpx"))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("httpx"))
    }
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            named = {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)}
            if named & known:
                yield f"{node.lineno}: catches {ast.unparse(node.type)}"


def quart_stays_at_the_edge(source: Source) -> Iterator[str]:
    """Only `app.py`, `edge/` and the plugins with routes of their own import quart; others for its types alone."""
    if source.part in ("app", "edge") or source.path.startswith(("plugins/management/", "plugins/dashboard/")):
        return
    for each in imports(source):
        if each.top == "quart" and not each.typing_only:
            yield f"{each.line}: imports {each.module}"


def core_names_no_provider(source: Source) -> Iterator[str]:
    """The core knows sockets, not providers; the test kit may play them."""
    if source.path.startswith(CORE) and source.part != "testing":
        for number, line in enumerate(source.text.splitlines(), 1):
            if named := re.search("packycode|tppc|codex", line, re.IGNORECASE):
                yield f"{number}: names {named[0]}"


def plugins_use_the_public_api(source: Source) -> Iterator[str]:
    """Of the core, plugins import `jackfield.api`, and in tests `jackfield.testing` and `jackfield.create_app`."""
    if source.path.startswith("plugins/"):
        for each in imports(source):
            if each.top == "jackfield" and not each.within(
                "jackfield.api", "jackfield.testing", "jackfield.create_app"
            ):
                yield f"{each.line}: imports {each.module}"


def files_and_functions_are_short(source: Source) -> Iterator[str]:
    """A file stays under 400 lines, a function under 40, unless LONGER says why."""
    lines = len(source.text.splitlines())
    if lines >= MAX_FILE and source.path not in LONGER:
        yield f"1: {lines} lines"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if lines >= MAX_FUNCTION and f"{source.path}:{node.name}" not in LONGER:
                yield f"{node.lineno}: {node.name} has {lines} lines"


def exemptions_give_a_reason(source: Source) -> Iterator[str]:
    """What silences a tool, and what catches everything without raising it again, says why on the same line."""
    comments = {
        token.start[0]: token.string
        for token in tokenize.generate_tokens(StringIO(source.text).readline)
        if token.type == tokenize.COMMENT
    }
    for line, comment in comments.items():
        silenced = re.match(r"#\s*(type: ignore|noqa)(\[[^\]]*\]|: [A-Z0-9, ]+\b)?(.*)", comment)
        if silenced and not re.match(r"\s*[#-]+ \w", silenced[3]):
            yield f"{line}: {comment} gives no reason"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler) and node.lineno not in comments:
            broad = node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
            if broad and not isinstance(node.body[-1], ast.Raise):
                yield f"{node.lineno}: catches everything and gives no reason"


SHIPPED: list[Law] = [
    vocabulary_is_stdlib_only,
    pure_parts_know_no_network,
    imports_go_down_the_stair,
    only_plugins_calls_hooks,
    only_upstream_catches_httpx,
    quart_stays_at_the_edge,
    core_names_no_provider,
    plugins_use_the_public_api,
    exemptions_give_a_reason,
]
"""Laws of the code that is installed."""


def files(*patterns: str) -> list[Source]:
    paths = sorted(path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file())
    return [Source(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in paths]


def broken(law: Law, sources: list[Source]) -> list[str]:
    return [f"{source.path}:{fault}" for source in sources for fault in law(source)]


@pytest.mark.parametrize("law", SHIPPED, ids=lambda law: law.__name__)
def test_shipped_code_keeps_the_law(law: Law) -> None:
    assert broken(law, files("core/src/**/*.py", "plugins/*/src/**/*.py")) == []


def test_the_house_has_few_rooms_and_few_arrows_between_them() -> None:
    core = [source for source in files(f"{CORE}**/*.py") if source.part != "testing"]
    rooms = {source.part for source in core}
    arrows = {(source.part, each.room) for source in core for each in imports(source) if each.room}
    arrows = {(start, end) for start, end in arrows if start != end and start != "__init__"}

    assert rooms <= {*STAIR, "__init__"}, "give each room its place on the stair"
    assert len(rooms) <= MOST_ROOMS, sorted(rooms)
    assert len(arrows) < MOST_ARROWS, sorted(arrows)


def test_every_file_is_short() -> None:
    sources = files("core/**/*.py", "plugins/**/*.py", "scripts/**/*.py", "tests/**/*.py")

    assert broken(files_and_functions_are_short, sources) == []
    for exempt, reason in LONGER.items():
        assert (ROOT / exempt.partition(":")[0]).is_file(), f"{exempt} is gone: take it off the list"
        assert len(reason.split()) > 3, f"{exempt}: say why in a sentence"


def listed(page: str, heading: str) -> set[str]:
    """Return the files that the tables below a heading name; a heading of a folder stands for its `__init__.py`."""
    below = page.partition(f"\n{heading}\n")[2]
    rows = re.findall(r"^\| `([^`]+)` \| \S.* \|$", below, re.MULTILINE)
    folders = re.findall(r"^### `([^`]+/)`: \S", below, re.MULTILINE)
    return {*rows, *(f"{folder}__init__.py" for folder in folders)}


def test_every_file_of_the_core_is_named_in_architecture_md() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    told = listed(page, "## Every file of the core")
    there = {path.relative_to(ROOT / CORE).as_posix() for path in (ROOT / CORE).rglob("*") if path.is_file()}
    there = {path for path in there if "__pycache__" not in path}

    assert there - told == set(), "give each a line in ARCHITECTURE.md"
    assert told - there == set(), "they are gone: take their lines out of ARCHITECTURE.md"


def test_plugins_tests_use_the_public_api_too() -> None:
    assert broken(plugins_use_the_public_api, files("plugins/*/tests/**/*.py")) == []


def test_no_data_file_of_the_core_names_a_provider() -> None:
    sources = [source for ending in ("json", "yaml") for source in files(f"core/src/**/*.{ending}")]

    assert sources
    assert broken(core_names_no_provider, sources) == []


def test_pure_parts_load_without_the_network_even_indirectly() -> None:
    folders = ("model/", *PURE)
    pure = [each.name for each in files(f"{CORE}**/*.py") if each.path.removeprefix(CORE).startswith(folders)]
    code = f"import sys, {', '.join(pure)}; print(*{{'quart', 'httpx', 'hypercorn'}} & set(sys.modules))"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert len(pure) > 10
    assert loaded.stdout.split() == []


BAD = [
    (vocabulary_is_stdlib_only, f"{CORE}model/types.py", "import orjson"),
    (vocabulary_is_stdlib_only, f"{CORE}model/errors.py", "from ..routing.registry import Registry"),
    (vocabulary_is_stdlib_only, f"{CORE}model/secret.py", "from ..routing import registry"),
    (pure_parts_know_no_network, f"{CORE}responses/sse.py", "import httpx"),
    (pure_parts_know_no_network, f"{CORE}dialects/chat/stream.py", "def f():\n    from quart import request"),
    (imports_go_down_the_stair, f"{CORE}routing/journey.py", "from ..plugins.manager import Plugins"),
    (imports_go_down_the_stair, f"{CORE}server/x.py", "if TYPE_CHECKING:\n    from ..edge.exchange import Exchange"),
    (imports_go_down_the_stair, f"{CORE}net/x.py", "def f():\n    from jackfield.config import load"),
    (only_plugins_calls_hooks, f"{CORE}routing/runtime.py", "manager.hook.startup(host=1)"),
    (only_plugins_calls_hooks, "plugins/demo/src/jackfield_demo/x.py", "from pluggy import PluginManager"),
    (
        only_upstream_catches_httpx,
        f"{CORE}routing/journey.py",
        "try:\n    f()\nexcept (OSError, httpx.ReadError):\n    pass",
    ),
    (
        only_upstream_catches_httpx,
        "plugins/x/src/x.py",
        "from httpx import HTTPError as E\ntry:\n    f()\nexcept E: ...",
    ),
    (quart_stays_at_the_edge, f"{CORE}routing/journey.py", "from quart import Quart"),
    (quart_stays_at_the_edge, "plugins/tps/src/jackfield_tps/__init__.py", "import quart"),
    (core_names_no_provider, f"{CORE}routing/registry.py", "# what Codex sends"),
    (plugins_use_the_public_api, "plugins/x/src/jackfield_x/__init__.py", "from jackfield.model.types import Model"),
    (plugins_use_the_public_api, "plugins/x/src/jackfield_x/__init__.py", "from jackfield import types"),
    (plugins_use_the_public_api, "plugins/x/src/jackfield_x/__init__.py", "import jackfield"),
    (files_and_functions_are_short, f"{CORE}x.py", "\n" * MAX_FILE),
    (files_and_functions_are_short, f"{CORE}x.py", "async def f():\n" + "    pass\n" * MAX_FUNCTION),
    (exemptions_give_a_reason, f"{CORE}x.py", "x = 1  # type: ignore[assignment]"),
    (exemptions_give_a_reason, f"{CORE}x.py", "import os  # noqa: F401"),
    (exemptions_give_a_reason, f"{CORE}x.py", "import os  # noqa"),
    (exemptions_give_a_reason, f"{CORE}x.py", "try:\n    f()\nexcept Exception:\n    pass"),
    (exemptions_give_a_reason, f"{CORE}x.py", "try:\n    f()\nexcept:\n    pass"),
]

GOOD = [
    (vocabulary_is_stdlib_only, f"{CORE}model/types.py", "import dataclasses\nfrom .secret import Secret"),
    (pure_parts_know_no_network, f"{CORE}upstream/client.py", "import httpx"),
    (only_plugins_calls_hooks, f"{CORE}plugins/manager.py", "import pluggy\nself.pm.hook.startup()"),
    (only_upstream_catches_httpx, f"{CORE}upstream/x.py", "try:\n    f()\nexcept httpx.ReadError:\n    pass"),
    (only_upstream_catches_httpx, f"{CORE}routing/journey.py", "try:\n    f()\nexcept OSError:\n    pass"),
    (quart_stays_at_the_edge, f"{CORE}plugins/registrars.py", "if TYPE_CHECKING:\n    from quart import Blueprint"),
    (quart_stays_at_the_edge, f"{CORE}edge/status.py", "from quart import Blueprint"),
    (quart_stays_at_the_edge, "plugins/management/src/jackfield_management/x.py", "from quart import Blueprint"),
    (core_names_no_provider, f"{CORE}testing/upstream.py", "# plays a Codex upstream"),
    (plugins_use_the_public_api, "plugins/x/src/jackfield_x/__init__.py", "from jackfield.api import Model"),
    (plugins_use_the_public_api, "plugins/x/src/jackfield_x/__init__.py", "from jackfield_codex import stable_id"),
    (files_and_functions_are_short, f"{CORE}x.py", "def f():\n" + "    pass\n" * (MAX_FUNCTION - 2)),
    (exemptions_give_a_reason, f"{CORE}x.py", "x = 1  # type: ignore[assignment]  # a plugin may"),
    (exemptions_give_a_reason, f"{CORE}x.py", "import os  # noqa: F401, E402 - for its effect"),
    (exemptions_give_a_reason, f"{CORE}x.py", "try:\n    f()\nexcept Exception:  # foreign code\n    pass"),
    (exemptions_give_a_reason, f"{CORE}x.py", "try:\n    f()\nexcept BaseException:\n    undo()\n    raise"),
]


@pytest.mark.parametrize(("law", "path", "text"), BAD)
def test_a_law_sees_what_breaks_it(law: Law, path: str, text: str) -> None:
    assert len(list(law(Source(path, text)))) == 1


@pytest.mark.parametrize(("law", "path", "text"), GOOD)
def test_a_law_lets_the_rest_be(law: Law, path: str, text: str) -> None:
    assert list(law(Source(path, text))) == []


def test_every_law_is_seen_failing() -> None:
    assert {law for law, *_ in BAD} == {*SHIPPED, files_and_functions_are_short}
