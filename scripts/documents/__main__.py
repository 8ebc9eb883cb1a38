"""`scripts/docs`: write every generated file, or with `--check` tell which are stale."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .generated import GENERATED, ROOT


def main(arguments: list[str]) -> int:
    """Write what differs, or with `--check` name it; return the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/docs", description="Write the files that are generated.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail naming the files that are stale")
    check = parser.parse_args(arguments).check
    stale = [name for name, produce in GENERATED.items() if update(ROOT / name, produce(), check=check)]
    for name in stale:
        print(f"{name} is stale: run scripts/docs" if check else f"{name} written")
    return 1 if check and stale else 0


def update(file: Path, text: str, *, check: bool) -> bool:
    """Return True when the file is not as it should be; mend it unless it is only a `check`."""
    if file.is_file() and file.read_text("utf-8") == text:
        return False
    if not check:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
