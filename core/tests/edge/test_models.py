"""GET /v1/models, in both forms."""

import anthropic
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackfield.edge.models import page
from jackfield.model.errors import ClientError
from jackfield.model.types import Model
from jackfield.testing import make_app

MODELS = [Model(f"m{number}") for number in range(5)]
FOX = {"name": "fox", "enabled": True, "base-url": "http://127.0.0.1:9/v1", "api-key": "sk-fox-0123456789"}
KEY = "client-key-0123456789abcdef"
CONFIG = {"tppc": {"providers": [FOX]}}
ANTHROPIC = {"anthropic-version": "2023-06-01"}


def ids(**wanted):
    found = page(MODELS, wanted)
    assert (found["first_id"], found["last_id"]) == (found["data"][0]["id"], found["data"][-1]["id"])
    return [model["id"] for model in found["data"]], found["has_more"]


def test_a_page_begins_at_the_start_behind_or_before_a_model():
    assert ids() == (["m0", "m1", "m2", "m3", "m4"], False)
    assert ids(limit="2") == (["m0", "m1"], True)
    assert ids(limit="2", after_id="m1") == (["m2", "m3"], True)
    assert ids(limit="2", after_id="m2") == (["m3", "m4"], False)
    assert ids(limit="2", before_id="m3") == (["m1", "m2"], True)
    assert ids(limit="2", before_id="m2") == (["m0", "m1"], False)


def test_a_page_may_be_empty():
    assert page(MODELS, {"after_id": "m4"}) == {"data": [], "has_more": False, "first_id": None, "last_id": None}
    assert page([], {})["data"] == []


WRONG = [
    {"limit": "0"},
    {"limit": "1001"},
    {"limit": "-1"},
    {"limit": "x"},
    {"limit": ""},
    {"limit": "9" * 5000},
    {"limit": "²"},
    {"after_id": "other"},
    {"before_id": "other"},
    {"before_id": "m1", "after_id": "m3"},
]


@pytest.mark.parametrize("wanted", WRONG, ids=str)
def test_what_is_wrong_is_named(wanted):
    with pytest.raises(ClientError) as caught:
        page(MODELS, wanted)
    assert caught.value.anthropic_status == 400
    assert caught.value.detail.param in wanted


@pytest.fixture
async def proxy(jackfield_server):
    async with jackfield_server(CONFIG | {"api-keys": [KEY]}) as proxy:
        yield proxy


async def test_the_anthropic_sdk_pages_through_all_models(proxy):
    async with (
        anthropic.AsyncAnthropic(base_url=proxy.base_url, api_key=KEY) as client,
        openai.AsyncOpenAI(base_url=proxy.v1, api_key=KEY) as other,
    ):
        found = [model async for model in client.models.list(limit=3)]
        known = [model.id async for model in other.models.list()]
        one = await client.models.retrieve("gpt-5-high")
    assert [model.id for model in found] == known == sorted(known)
    assert len(known) > 3
    assert (one.id, one.display_name, one.type, one.lifecycle) == ("gpt-5-high", "gpt-5-high", "model", "active")
    assert one.created_at.year == 2025


async def test_a_name_of_anthropics_is_known_because_it_is_served(proxy):
    async with anthropic.AsyncAnthropic(base_url=proxy.base_url, api_key=KEY) as client:
        assert (await client.models.retrieve("claude-sonnet-4-5")).id == "claude-sonnet-4-5"


async def test_errors_have_the_envelope_of_the_form(proxy):
    async with (
        anthropic.AsyncAnthropic(base_url=proxy.base_url, api_key="wrong") as client,
        openai.AsyncOpenAI(base_url=proxy.v1, api_key=KEY) as other,
    ):
        with pytest.raises(anthropic.AuthenticationError) as refused:
            await client.models.list()
        with pytest.raises(anthropic.NotFoundError) as unknown:
            await client.with_options(api_key=KEY).models.retrieve("other")
        with pytest.raises(anthropic.BadRequestError, match="limit"):
            await client.with_options(api_key=KEY).models.list(limit=0)
        with pytest.raises(openai.NotFoundError) as missing:
            await other.models.retrieve("claude-sonnet-4-5")
    assert refused.value.body["error"]["type"] == "authentication_error"
    assert unknown.value.body["error"]["type"] == "not_found_error"
    assert missing.value.body["code"] == "model_not_found"


@pytest.mark.parametrize("headers", [{}, ANTHROPIC], ids=["openai", "anthropic"])
async def test_without_a_provider_the_list_is_the_demos(headers):
    client = make_app().test_client()
    models = (await (await client.get("/v1/models", headers=headers)).get_json())["data"]
    assert models
    one = await client.get(f"/v1/models/{models[0]['id']}", headers=headers)
    assert await one.get_json() == models[0]


@given(
    st.dictionaries(
        st.sampled_from(["limit", "before_id", "after_id"]),
        st.text(max_size=5) | st.integers().map(str) | st.sampled_from([model.id for model in MODELS]),
    ),
    st.integers(0, 5),
)
def test_any_query_gives_a_page_or_names_the_parameter(query, count):
    try:
        found = page(MODELS[:count], query)
    except ClientError as error:
        assert error.detail.param in query  # noqa: PT017  # either way is right
    else:
        assert [model["id"] for model in found["data"]] == sorted(model["id"] for model in found["data"])
