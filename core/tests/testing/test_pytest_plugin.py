"""The fixtures and the suite as a plugin author gets them, with nothing but pytest."""

ROOT = 'pytest_plugins = ["jackfield.testing.pytest_plugin"]'

FIXTURES = """
import asyncio
import httpx

def test_fixture_upstream(upstream):
    assert httpx.post(f"{upstream.base_url}/responses", json={"model": "m"}, trust_env=False).status_code == 200
    assert upstream.last.json() == {"model": "m"}

def test_fixture_upstream_is_new_for_each_test(upstream):
    assert upstream.requests == []

def test_fixture_clock(fake_clock):
    before = fake_clock.monotonic()
    fake_clock.advance(1)
    assert fake_clock.monotonic() - before == 1

def test_fixture_server(jackfield_server):
    async def ask():
        async with jackfield_server({"plugins": {"allow": ["none"]}}) as proxy, proxy.client() as client:
            return (await client.get("/healthz")).status_code

    assert asyncio.run(ask()) == 200
"""

SUITE = """
from jackfield.testing.conformance import ProviderConformance

class TestNobody(ProviderConformance):
    provider = "nobody"

    def config(self, base_url):
        return {"plugins": {"allow": ["none"]}}
"""


def test_fixtures_work_and_the_suite_tells_what_it_compared(pytester):
    pytester.makeconftest(ROOT)
    pytester.makepyfile(test_fixtures=FIXTURES, test_suite=SUITE)
    result = pytester.runpytest_subprocess("-p", "no:asyncio", "-W", "error", "-k", "fixture or model_is_listed")
    assert result.parseoutcomes() | {"deselected": 0} == {"passed": 4, "failed": 1, "deselected": 0}
    result.stdout.fnmatch_lines(["*AssertionError: assert 'gpt-5' in []*"])
