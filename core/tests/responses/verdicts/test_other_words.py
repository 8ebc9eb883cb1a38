"""What relays say in words that no example of the table has (V1, V7, V9, V10, L1, L4, L5), and what only sounds so."""

import json
from datetime import UTC, datetime

import pytest
from jackfield.model.errors import Kind, Verdict
from jackfield.responses.verdicts.evidence import mentioned
from jackfield.responses.verdicts.failures import from_http, from_response

ID = " (request id: 20260728123456789012345678AbCd)"
SAID = {
    Verdict.ACCOUNT: (
        (403, "订阅已到期，请续订"),
        (403, "您的套餐已过期"),
        (429, "已达到每日费用限制 ($50)"),
        (429, "已达到总费用限制" + ID),
        (429, "日费用已达上限"),
        (429, "今日请求次数已达上限"),
        (403, "您的积分不足" + ID),
        (403, "用戶額度不足"),
        (403, "剩余次数不足"),
        (403, "Key limit exceeded (total limit). Manage it in your settings"),
        (429, "Credit limit reached for this key"),
        (403, "You have run out of credits"),
        (403, "Your plan has expired"),
    ),
    Verdict.KEY: (
        (403, "该用户已被禁用" + ID),
        (403, "账户已被封禁，请联系管理员"),
        (403, "您的账号已被冻结"),
        (403, "无权访问 vip 分组" + ID),
        (403, "令牌分组 vip 已被弃用"),
        (403, "密钥已失效"),
        (403, "令牌已失效"),
        (403, "令牌不存在"),
        (403, "无效的API Key"),
        (403, "API密钥无效"),
        (403, "ApiKey已过期"),
        (403, "User account is disabled"),
    ),
    Verdict.MODEL: (
        (404, "gpt-5模型不存在"),
        (400, "模型gpt-5不存在" + ID),
        (400, "不支持的模型: gpt-5"),
        (403, "模型 gpt-5 未授权"),
        (403, "模型gpt-5不在令牌允许的模型列表中"),
        (503, "无可用的渠道"),
        (503, "该模型当前没有可用的渠道" + ID),
        (503, "模型 gpt-5 暂无可用账号"),
    ),
    Verdict.CLIENT: (
        (403, "当前客户端不受支持"),
        (403, "不允许使用该客户端"),
        (403, "Country, region, or territory not supported"),
    ),
    Verdict.LOAD: (
        (429, "您正在处理的请求过多"),
        (403, "请求过多，请稍后再试"),
        (429, "Too many simultaneous requests"),
        (503, "all concurrency slots are taken"),
    ),
    Verdict.REQUEST: (
        (500, "input tokens 300000 exceed the model's limit of 272000"),
        (502, "prompt token count of 140000 exceeds the limit of 128000"),
        (503, "the request exceeds the available context size, try increasing it"),
        (500, "提示词过长，请缩短后重试"),
        (400, "该模型不支持图片输入"),
        (400, "参数 max_tokens 无效"),
        (400, "reasoning.effort 'xhigh' is not supported with this model"),
        (400, "Tool 'web_search' is not available for this model"),
        (400, "用户已被禁用的功能不能使用"),
        (403, "免费用户不可使用联网搜索"),
        (403, "error code: 1020"),
        (403, "The client request was rejected by the content filter"),
        (403, "很抱歉，由于您访问的URL有可能对网站造成安全威胁，您的访问被阻断。"),
        (403, "Your message was blocked: it talks about a token which has been blocked"),
    ),
}
CASES = [(verdict, *case) for verdict, cases in SAID.items() for case in cases]
PAGE = b"<!doctype html><html><body><h1>Blocked</h1>insufficient_quota, invalid api key</body></html>"
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
AT = int(NOW.timestamp())


@pytest.mark.parametrize(("verdict", "status", "words"), CASES)
def test_words_are_understood_in_each_shape(verdict: Verdict, status: int, words: str) -> None:
    for body in (
        {"error": {"message": words, "type": "new_api_error", "code": ""}},
        {"error": words},
        {"code": status, "msg": words},
        {"error": {"message": f"upstream: {json.dumps({'error': {'message': words}})}"}},
    ):
        assert from_http(status, {}, json.dumps(body).encode()).verdict is verdict, body
    assert from_http(status, {}, words.encode()).verdict is verdict


@pytest.mark.parametrize("status", [401, 402, 403, 405, 406, 407, 418, 421, 451])
def test_a_page_is_about_one_request_at_any_status_of_a_refusal(status: int) -> None:
    """V1: one other provider is asked after it, as after a 403; never a word about the key or the account."""
    failure = from_http(status, {}, PAGE)

    assert (failure.verdict, failure.kind) == (Verdict.REQUEST, Kind.FORBIDDEN)


@pytest.mark.parametrize(
    "body",
    [
        {"result": {"code": "insufficient_user_quota", "message": "m"}},
        {"err": {"code": "insufficient_user_quota", "msg": "m"}},
        {"errno": 1, "err_msg": "余额不足"},
        {"status": "error", "info": {"code": "insufficient_user_quota"}},
        {"statusMessage": "余额不足"},
    ],
)
def test_boxes_of_other_names_are_opened(body: dict) -> None:
    """L4."""
    assert from_http(403, {}, json.dumps(body).encode()).verdict is Verdict.ACCOUNT
    assert from_response({"type": "error", **body}).verdict is Verdict.ACCOUNT


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-remaining-requests": "0"}, 1),
        (
            {
                "x-ratelimit-reset-tokens": "6m0s",
                "x-ratelimit-remaining-tokens": "0",
                "x-ratelimit-reset-requests": "20ms",
                "x-ratelimit-remaining-requests": "5",
            },
            360,
        ),
        ({"X-RateLimit-Reset": str(AT + 33), "X-RateLimit-Remaining": "0"}, 33),
        ({"x-ratelimit-reset": str((AT + 33) * 1000)}, 33),
        ({"ratelimit-reset": "17"}, 17),
        ({"anthropic-ratelimit-requests-reset": "2026-07-01T12:00:45Z"}, 45),
        ({"x-ratelimit-reset-requests": "9s", "x-ratelimit-remaining-requests": "3"}, None),
        ({"x-ratelimit-reset": "-4"}, None),
        ({"x-ratelimit-reset": "soon"}, None),
        ({"Retry-After": "5, 5"}, 5),
    ],
)
def test_a_limits_reset_in_headers_counts_where_nothing_else_names_a_time(headers: dict, wait: float | None) -> None:
    """V9."""
    assert from_http(429, headers, b'{"error":{"message":"m"}}', now=NOW).detail.retry_after == wait


@pytest.mark.parametrize(
    "error",
    [
        {"message": "m", "metadata": {"retry_after": 12}},
        {"message": "m", "details": [{"@type": "RetryInfo", "retryDelay": "12s"}]},
        {"message": "m", "metadata": {"headers": {"X-RateLimit-Reset": str((AT + 12) * 1000)}}},
        {"message": json.dumps({"error": {"message": "m", "resets_in_seconds": 12}})},
        {"error": {"message": "m", "resets_at": AT + 12}},
        {"message": "请 12 秒后重试"},
        {"message": "将在 0.2 分钟后重置"},
        {"message": "Please wait 12 seconds"},
        {"message": "Retry-After: 12"},
        {"message": "try again at 2026-07-01T12:00:12Z"},
        {"message": "resets at 2026-07-01 20:00:12 +08:00"},
    ],
)
def test_times_are_found_where_relays_put_them(error: dict) -> None:
    """V9: nested, in strings, in words of either language."""
    assert from_http(429, {}, json.dumps({"error": error}).encode(), now=NOW).detail.retry_after == 12


@pytest.mark.parametrize("words", ["1分钟内最多请求60次", "try again at 12:00", "resets at 2026-07-01 12:00:12"])
def test_what_is_no_time_is_none(words: str) -> None:
    """V9: a window, and a clock whose zone nobody tells."""
    assert from_http(429, {}, words.encode(), now=NOW).detail.retry_after is None


def test_codes_are_found_in_one_pass_over_an_endless_word() -> None:
    """U1: what a bomb of an error body unpacks to; looked at from each letter, it would take hours."""
    assert mentioned("x" * 2_000_000 + " model_not_found: see api-docs_1") == ["model_not_found", "docs_1"]
