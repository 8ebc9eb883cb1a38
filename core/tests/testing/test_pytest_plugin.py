"""The fixtures, as a plugin author gets them: nothing of pytest-asyncio is needed for the blocking ones."""

ROOT = 'pytest_plugins = ["jackfield.testing.pytest_plugin"]'


def test_the_fixtures_are_there(pytester):
    pytester.makeconftest(ROOT)
    pytester.makepyfile(
        """
        import httpx

        def test_upstream(upstream):
            assert httpx.post(f"{upstream.base_url}/responses", json={"model": "m"}, trust_env=False).status_code == 200
            assert upstream.last.json() == {"model": "m"}

        def test_another_upstream(upstream):
            assert upstream.requests == []

        def test_clock(fake_clock):
            before = fake_clock.monotonic()
            fake_clock.advance(1)
            assert fake_clock.monotonic() - before == 1

        def test_server(jackfield_server):
            import asyncio

            async def ask():
                async with jackfield_server({"plugins": {"allow": ["none"]}}) as proxy, proxy.client() as client:
                    return (await client.get("/healthz")).status_code

            assert asyncio.run(ask()) == 200
        """
    )
    pytester.runpytest_inprocess("-p", "no:asyncio", "-W", "error").assert_outcomes(passed=4)


def test_the_suite_tells_what_it_compared(pytester):
    pytester.makeconftest(ROOT)
    pytester.makepyfile(
        """
        from jackfield.testing.conformance import ProviderConformance

        class TestNobody(ProviderConformance):
            provider = "nobody"

            def config(self, base_url):
                return {"plugins": {"allow": ["none"]}}
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:asyncio", "-k", "model_is_listed")
    result.assert_outcomes(failed=1, deselected=16)
    result.stdout.fnmatch_lines(["*AssertionError: assert 'gpt-5' in []*"])
