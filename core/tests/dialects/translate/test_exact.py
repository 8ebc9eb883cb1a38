"""M2: whole numbers beyond 64 bits go up as they came, in schemas and in calls."""

import orjson
import pytest
from jackfield.dialects.chat import ChatDialect
from jackfield.dialects.messages import MessagesDialect
from jackfield.dialects.translate.exact import keep_digits

BIG = ["18446744073709551616", "-9223372036854775809", "123456789012345678901234567890", "18446744073709551615", "7"]


@pytest.mark.parametrize("number", BIG)
def test_a_bound_beyond_64_bits_keeps_its_digits(number):
    schema = b'{"type":"object","properties":{"n":{"type":"integer","maximum":%s}}}' % number.encode()
    message = b'"model":"m","messages":[{"role":"user","content":"\\u00fc 12345678901234567890"}]'
    bodies = {
        MessagesDialect: b'{%s,"tools":[{"name":"t","input_schema":%s}]}' % (message, schema),
        ChatDialect: b'{%s,"tools":[{"type":"function","function":{"name":"t","parameters":%s}}]}' % (message, schema),
    }
    for dialect, body in bodies.items():
        parsed = dialect().parse(body, {})
        assert b'"parameters":%s' % schema in orjson.dumps(parsed.body)
        assert "ü 12345678901234567890" in orjson.dumps(parsed.body).decode()


@pytest.mark.parametrize("number", BIG)
def test_a_number_of_a_call_keeps_its_digits(number):
    call = b'{"type":"tool_use","id":"t","name":"n","input":{"id":%s}}' % number.encode()
    body = b'{"model":"m","messages":[{"role":"assistant","content":[%s]}]}' % call
    assert MessagesDialect().parse(body, {}).body["input"][0]["arguments"] == f'{{"id":{number}}}'


@pytest.mark.parametrize("before", [0, 200_000, 262_120, 262_130, 262_150, 600_000, 1_500_000])
def test_it_is_found_and_read_wherever_the_steps_of_a_large_body_end(before):
    body = b'{"a":"' + b"x" * before + b'","tools":[{"maximum": 12345678901234567890123}],"b":[1,2]}'
    request = {"tools": [{"maximum": 1.2e22}]}
    keep_digits(request, body, ["tools"])
    assert b"12345678901234567890123" in orjson.dumps(request)


def test_a_number_where_a_text_belongs_is_refused_by_its_name():
    body = (
        b'{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":123456789012345678901234567890}]}]}'
    )
    with pytest.raises(Exception, match=r"messages\[0\].content\[0\].text: must be a string, not a number"):
        MessagesDialect().parse(body, {})
