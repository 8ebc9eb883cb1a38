"""`docs/hooks.md`: every hook with its signature, its kind and what its specification says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

HEAD = """# Hooks

<!-- Generated from core/src/jackfield/plugins/hookspecs.py by scripts/docs. Change it there. -->

{about}

A plugin is a package whose entry point in the group `jackfield` names a module with functions such as these, each
marked with `@hookimpl`, or a class with such methods, of which each app makes an object of its own (a module may hold
one called `Plugin`); types and marker are in `jackfield.api`. [Writing a plugin](writing-a-plugin.md)
makes one from start to end.
"""

SECTION = """
## {name}({arguments})

```python
{signature}
```

*{kind}*

{about}
"""


def hooks(source: str) -> str:
    """Return the page, given the text of `plugins/hookspecs.py`."""
    tree = ast.parse(source)
    _, _, about = (ast.get_docstring(tree) or "").partition("\n\n")  # what comes before speaks of the file itself
    page = HEAD.format(about=_prose(about))
    return page + "".join(_section(spec) for spec in specifications(tree))


def specifications(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """Yield every function that is marked as a hook's specification."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and any("hookspec" in ast.unparse(each) for each in node.decorator_list):
            yield node


def signature(spec: ast.FunctionDef) -> str:
    """Return a hook's signature as Python, on one line, without `def`'s colon and body."""
    return f"def {spec.name}({ast.unparse(spec.args)}) -> {ast.unparse(spec.returns)}" if spec.returns else ""


def kind(spec: ast.FunctionDef) -> str:
    """Return how the hook is called, which its signature tells."""
    arguments = {argument.arg for argument in spec.args.args}
    returned = ast.unparse(spec.returns) if spec.returns else ""
    if arguments & {"registrar", "group"}:
        return "Registers: what it is handed collects what the plugin brings."
    if returned == "None":
        return "Observes: its answer is not used."
    if returned == "Awaitable[None] | None":
        return "Acts: may be async; its answer is not used."
    if "Awaitable[" in returned:
        return "Decides: the first answer that is not None wins; may be async."
    return "Contributes: the answers of all plugins are put together."


def _section(spec: ast.FunctionDef) -> str:
    return SECTION.format(
        name=spec.name,
        arguments=", ".join(argument.arg for argument in spec.args.args),
        signature=signature(spec),
        kind=kind(spec),
        about=_prose(ast.get_docstring(spec) or ""),
    )


def _prose(docstring: str) -> str:
    """Return a docstring as Markdown, each paragraph on one line."""
    paragraphs = re.split(r"\n\s*\n", docstring)
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
