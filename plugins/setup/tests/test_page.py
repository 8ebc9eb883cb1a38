"""docs/clients.md and its Chinese twin have the lines that `jackfield setup` prints."""

from __future__ import annotations

from pathlib import Path

import pytest
from jackfield_setup.clients import CLIENTS
from jackfield_setup.settings import written
from jackfield_setup.site import Site

DOCS = Path(__file__).parents[3] / "docs"
SITE = Site("http://127.0.0.1:8317", "your-client-key", "gpt-6.1-sol")


@pytest.mark.parametrize("page", ["clients.md", "clients.zh.md"])
@pytest.mark.parametrize("client", CLIENTS)
def test_the_page_has_the_lines_of_each_client(client: str, page: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    section = text.partition(f"## {CLIENTS[client].title}\n")[2].partition("\n## ")[0]
    lines = CLIENTS[client].lines(SITE)

    assert f"`jackfield setup {client}`" in section
    assert lines.run in section
    assert lines.file in section
    for name, value in lines.variables.items():
        assert f"export {name}={value}\n" in section
    if lines.file:
        assert f"```{lines.format}\n{written(lines.fresh, lines.format)}" in section
