"""A machine without any packycode of its own: no variables, no files of the Codex CLI."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jackfield.testing import make_app

URL, KEY = "https://codex-api.packycode.com/v1", "sk-openai-123"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The Codex CLI's folder, which is empty."""
    for name in ("PACKYCODE_BASE_URL", "PACKYCODE_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / ".codex"
    folder.mkdir()
    monkeypatch.setenv("CODEX_HOME", str(folder))
    return folder


class Kit:
    """What the tests make configurations of."""

    url, key = URL, KEY

    def block(self, **fields: Any) -> dict[str, Any]:
        """Return a complete block; None leaves a key out."""
        block = {"enabled": True, "base-url": URL, "credentials": {"openai-api-key": KEY}, **fields}
        return {name: value for name, value in block.items() if value is not None}

    def credentials(self, block: Any, **config: Any) -> list[Any]:
        """Return every credential of a configuration, those that rest too."""
        app = make_app({"packycode": block, **config})
        return list(app.extensions["jackfield"].runtime.found)

    def codex_cli(
        self, home: Path, url: str = "https://cli.packycode.com/v1", key: str | None = "sk-cli-1234567890"
    ) -> None:
        """Write the files of a Codex CLI whose provider is packycode."""
        (home / "config.toml").write_text(
            f'model_provider = "packycode"\n\n[model_providers.packycode]\nname = "packycode"\nbase_url = "{url}"\n'
        )
        if key is not None:
            (home / "auth.json").write_text(f'{{"OPENAI_API_KEY": "{key}"}}')


@pytest.fixture
def kit() -> Kit:
    """What the tests make configurations of."""
    return Kit()
