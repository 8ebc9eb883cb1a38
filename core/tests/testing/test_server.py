import asyncio
import threading

import httpx
import pytest
from jackfield.testing import running, running_in_thread


class App:
    """A small ASGI app that remembers its lifespan."""

    def __init__(self, fail=""):
        self.fail = fail
        self.seen = []
        self.released = asyncio.Event()

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await self.lifespan(receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/stream":
            await send({"type": "http.response.body", "body": b"first", "more_body": True})
            await self.released.wait()
        await send({"type": "http.response.body", "body": b"done"})

    async def lifespan(self, receive, send):
        for step in ("startup", "shutdown"):
            await receive()
            self.seen.append(step)
            kind = "failed" if self.fail == step else "complete"
            await send({"type": f"lifespan.{step}.{kind}"})


async def no_lifespan(scope, receive, send):
    assert scope["type"] == "http", "only requests here"
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


async def test_it_serves_on_a_port_of_its_own():
    app = App()
    async with running(app) as server, server.client("sk-client") as client:
        assert app.seen == ["startup"]
        answer = await client.get("/x")
        assert answer.text == "done"
        assert answer.request.headers["authorization"] == "Bearer sk-client"
        assert server.v1 == f"{server.base_url}/v1"
        assert server.app is app
    assert app.seen == ["startup", "shutdown"]
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(server.base_url)


async def test_an_app_without_lifespan_is_served_too():
    async with running(no_lifespan) as server, server.client() as client:
        assert (await client.get("/")).status_code == 204


async def test_a_failing_start_is_told():
    with pytest.raises(Exception, match="startup"):
        async with running(App(fail="startup")):
            pytest.fail("it must not come so far")


async def test_it_leaves_no_task_even_with_a_stream_and_a_client_still_open():
    before = asyncio.all_tasks()
    client = httpx.AsyncClient(trust_env=False)
    async with running(App(), grace=0.05) as server:
        await client.get(server.base_url)
        request = client.build_request("GET", f"{server.base_url}/stream")
        answer = await client.send(request, stream=True)
        assert await anext(answer.aiter_raw()) == b"first"
    await answer.aclose()
    await client.aclose()
    assert asyncio.all_tasks() == before


def test_in_a_thread_it_serves_blocking_clients():
    threads = threading.active_count()
    app = App()
    with running_in_thread(app) as server, server.sync_client() as client:
        assert client.get("/").text == "done"
    assert app.seen == ["startup", "shutdown"]
    assert threading.active_count() == threads
