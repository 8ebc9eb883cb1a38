"""How hard the model shall think: whose word counts, and what a model that does not know an effort is sent."""

import pytest

ASK = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 64}


@pytest.mark.parametrize(
    ("model", "effort", "sent"),
    [("gpt-5", "max", "high"), ("gpt-5", "low", "low"), ("gpt-5.9-new", "max", "max"), ("gpt-5-low", "max", "low")],
)
async def test_a_client_of_another_dialect_gets_the_nearest_effort_that_the_model_knows(
    house, upstream, model, effort, sent
):
    answer = await house.client.post("/v1/messages", json={**ASK, "model": model, "output_config": {"effort": effort}})
    assert answer.status_code == 200, answer.text
    assert upstream.last.json()["reasoning"]["effort"] == sent


async def test_a_client_of_the_upstreams_own_dialect_is_taken_at_its_word(house, upstream):
    await house.post(reasoning={"effort": "max"})
    assert upstream.last.json()["reasoning"]["effort"] == "max"
