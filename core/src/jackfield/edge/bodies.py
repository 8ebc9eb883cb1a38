"""The bodies of requests: their content codings undone within the limits, then understood, long ones in a thread."""

from __future__ import annotations

from collections.abc import Mapping

from quart import Request, current_app

from ..dialects.base import Dialect, Parsed
from ..model.background import LARGE, aside
from ..model.errors import ClientError, Detail, Kind, invalid_request
from ..net.codings import KNOWN, CodingError, TooMuchError, UnknownCodingError, codings, decoded
from .exchange import too_large

MOST_CODINGS = 2
"""Codings of one body. Each may cost as much as the largest body; nobody packs one thing three times."""


async def understood(dialect: Dialect, body: bytes, headers: Mapping[str, str], limit: int) -> Parsed:
    """Return the request that a body holds, of which at most `limit` bytes may come out.

    Raises ClientError: 400, 413, 415 for its coding, and what the dialect says.
    """
    header = headers.get("content-encoding", "")
    if not header and len(body) < LARGE:
        return dialect.parse(body, headers)
    names = _names(header)

    def work() -> Parsed:
        return dialect.parse(_decoded(body, names, limit), headers)

    # What comes out of a few packed bytes may be long: always in a thread.
    return await aside(LARGE if names else len(body), work)


class PlainRequest(Request):
    """A request of Quart's routes whose data is what came out of its content codings."""

    _plain: bytes | None = None

    async def get_data(  # type: ignore[override]  # Quart's has an overload for each kind of result
        self, cache: bool = True, as_text: bool = False, parse_form_data: bool = False
    ) -> str | bytes:
        """Return the body as Quart does. Raises ClientError for its coding besides (400, 413, 415)."""
        names = _names(",".join(self.headers.getlist("content-encoding")))
        if not names:
            return await super().get_data(cache, as_text, parse_form_data)
        if self._plain is None:
            limit = current_app.config["MAX_CONTENT_LENGTH"]
            packed = await super().get_data(cache, False, parse_form_data)
            self._plain = await aside(LARGE, lambda: _decoded(packed, names, limit))
        return self._plain.decode() if as_text else self._plain


def _names(header: str) -> list[str]:
    """Return the codings to be undone, the last first. Raises ClientError (415) for too many of them."""
    names = codings(header)
    if len(names) > MOST_CODINGS:
        raise _unsupported(f"has {len(names)} content codings, and at most {MOST_CODINGS} are undone")
    return names


def _decoded(body: bytes, names: list[str], limit: int) -> bytes:
    try:
        return decoded(body, names, limit)
    except TooMuchError:
        raise too_large(limit) from None
    except UnknownCodingError as error:
        raise _unsupported(str(error)) from None
    except CodingError as error:
        raise invalid_request(f"the request's body {error}") from None


def _unsupported(why: str) -> ClientError:
    headers = {"accept-encoding": ", ".join(KNOWN)}  # RFC 9110 15.5.16
    return ClientError(Kind.UNSUPPORTED_ENCODING, f"the request's body {why}", Detail(headers=headers))
