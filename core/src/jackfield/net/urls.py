"""Where a URL leads, as the HTTP client reads it: what it could not call is refused before anybody tries."""

from __future__ import annotations


def called_host(url: str) -> str:
    """Return the host that a request to an http(s) or proxy URL goes to, in ASCII; "" when it cannot be called.

    Names with other letters come out as they are looked up (`xn--...`), IPv6 addresses without brackets.
    """
    import httpx  # here: whoever checks no URL need not wait for it

    try:
        read = httpx.URL(url)
        return read.raw_host.decode("ascii") if read.host and read.port != 0 else ""
    except (httpx.InvalidURL, ValueError):
        return ""
