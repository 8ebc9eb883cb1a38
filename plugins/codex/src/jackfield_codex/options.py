"""What an operator may add to every call of one provider: headers, headers for gaps, parameters of the URL.

The same three keys stand in `codex-api-key`, `packycode` and `tppc`; a credential carries them in its metadata.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jackfield.api import Credential, Endpoint, Problem, Secret

METADATA = "codex_options"
"""Where a credential's metadata keeps its `Options`."""

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_FRAMING = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "expect",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that belong to the connection or say how the body is written: they would break every request."""

Values = Mapping[str, Secret]


def _schema(description: str) -> dict[str, Any]:
    values = {"type": "string", "x-secret": True}
    return {"type": "object", "default": {}, "additionalProperties": values, "description": description}


SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "headers": _schema("Further headers of every request to it, also in place of a client's own. Default: none."),
    "default-headers": _schema("Headers for requests whose client is not Codex, or leaves them out. Default: none."),
    "query-params": _schema("Parameters added to the URL of every request to it. Default: none."),
}
"""The schemas of the three keys, for the `$defs` of a plugin's own."""


@dataclass(frozen=True, slots=True)
class Options:
    """The three of one provider. All values may be secrets, and are treated as such."""

    headers: Values = field(default_factory=dict)
    default_headers: Values = field(default_factory=dict)
    query: Values = field(default_factory=dict)

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Options:
        """Return those of a section or an entry that was checked."""
        return cls(entry["headers"], entry["default-headers"], entry["query-params"])

    def under(self, over: Options) -> Options:
        """Return both together; of a name that stands in both, the value of `over`."""
        return Options(
            {**self.headers, **over.headers},
            {**self.default_headers, **over.default_headers},
            {**self.query, **over.query},
        )

    @property
    def metadata(self) -> dict[str, object]:
        """What a credential's metadata says of them; empty when there are none."""
        return {METADATA: self} if self.headers or self.default_headers or self.query else {}


def is_header(name: str) -> bool:
    """Return True for a name that a provider's header may have."""
    return bool(_HEADER.fullmatch(name)) and name.lower() not in _FRAMING


def problems(entry: Mapping[str, Any], section: str, place: str) -> Iterator[Problem]:
    """Yield headers that no provider can have. `place` is the entry below its `section`, "" for the section itself."""
    for key in ("headers", "default-headers"):
        named = f"{place}.{key}" if place else key
        path = f"{section}{named}" if named.startswith("[") else f"{section}.{named}"
        seen: set[str] = set()
        for name in entry[key]:
            if not is_header(name):
                message = f"{named} has a name that no header of a provider can have: {name!r}"
                yield Problem(path, message, "write a name such as x-team")
            elif name.lower() in seen:
                message = f"{named} has {name!r} twice: a header's name is the same in small letters and capitals"
                yield Problem(path, message, "take one of them out")
            seen.add(name.lower())


def with_options(credential: Credential) -> Endpoint | None:
    """Return the pair in a credential's attributes with its options; None without options, or without a URL.

    A key may be missing: where `headers` bring what opens the provider, none is needed.
    """
    options = credential.metadata.get(METADATA)
    url = credential.attributes.get("base_url")
    if not isinstance(options, Options) or not url:
        return None
    key, proxy = credential.attributes.get("api_key"), credential.attributes.get("proxy_url") or ""
    return Endpoint(
        str(url),
        key if isinstance(key, Secret) else Secret(str(key or "")),
        _revealed(options.headers),
        proxy.reveal() if isinstance(proxy, Secret) else proxy,
        _revealed(options.default_headers),
        _revealed(options.query),
    )


def _revealed(values: Values) -> dict[str, str]:
    return {name: value.reveal() for name, value in values.items()}
