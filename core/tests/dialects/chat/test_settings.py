import pytest
from jackfield.model.errors import ClientError


def error_of(parsed, **request):
    with pytest.raises(ClientError) as caught:
        parsed(**request)
    assert caught.value.openai_status == 400
    return caught.value


@pytest.mark.parametrize("effort", ["minimal", "low", "medium", "high", "xhigh", "max"])
def test_effort(body, effort):
    assert body(reasoning_effort=effort)["reasoning"] == {"effort": effort, "summary": "auto"}


def test_no_summary_without_reasoning(body):
    assert body(reasoning_effort="none")["reasoning"] == {"effort": "none"}


@pytest.mark.parametrize(("tier", "sent"), [("priority", "priority"), ("fast", "priority")])
def test_service_tier(body, tier, sent):
    assert body(service_tier=tier)["service_tier"] == sent


def test_verbosity_and_text_format(body):
    assert body(verbosity="low", response_format={"type": "text"})["text"] == {
        "format": {"type": "text"},
        "verbosity": "low",
    }


def test_json_schema(body):
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    given = {"name": "an answer", "description": "d", "schema": schema, "strict": True}
    sent = body(response_format={"type": "json_schema", "json_schema": given})["text"]["format"]
    assert sent.pop("name").startswith("an_answer_")
    assert sent == {"type": "json_schema", "schema": schema, "strict": True, "description": "d"}
    bare = body(response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}})
    assert (bare["text"]["format"]["name"], bare["text"]["format"]["strict"]) == ("x", False)


def test_json_object_needs_the_word(parsed, body):
    wish = {"type": "json_object"}
    asked, system = {"role": "user", "content": "Answer in JSON."}, {"role": "system", "content": "Use json"}
    assert body(asked, response_format=wish)["text"] == {"format": wish}
    assert body(system, {"role": "user", "content": "Hi"}, response_format=wish)["text"] == {"format": wish}
    assert error_of(parsed, response_format=wish).detail.param == "messages"


def test_cache_key_is_the_clients_own(parsed):
    request = parsed(prompt_cache_key="mine")
    assert (request.body["prompt_cache_key"], request.session) == ("mine", "mine")
    long = parsed(prompt_cache_key="k" * 65).session
    assert len(long) <= 64
    assert long != parsed(prompt_cache_key="k" * 66).session
