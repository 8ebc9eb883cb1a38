"""Each row of the table of relays' words, in the shapes that relays use (L1, L3, L4, L5, V1, V5, V6, V7, V10)."""

import json

import pytest
from jackfield.model.errors import Kind, Verdict
from jackfield.responses.verdicts.failures import from_http, from_response
from jackfield.responses.verdicts.relay_words import (
    BUILT_IN,
    IN_STREAM,
    RelayWord,
    RelayWords,
    in_force,
    plain,
    put_in_force,
)

CODES = [word for word in BUILT_IN.words if word.code]
PHRASES = [word for word in BUILT_IN.words if word.phrase]


def spelled(word: RelayWord) -> str:
    """Return a code that fits a row: a pattern's stars stand for something."""
    return word.code.replace("*", "x")


def rightly(word: RelayWord, failure, status: int) -> None:
    """Fail unless a failure says what the row says."""
    if status >= 500 and word.told_as:
        assert failure.code == word.told_as
        return
    assert failure.verdict is word.verdict, failure
    assert failure.detail.full is word.full
    if word.kind is not None and (status < 500 or word.verdict is not Verdict.MODEL):
        assert failure.kind is word.kind


def status_for(statuses: frozenset[int]) -> int:
    """Return an HTTP status that a row counts at, the most usual one."""
    return next(status for status in (403, 401, 429, 400, 404, 500) if status in statuses)


@pytest.mark.parametrize("word", CODES, ids=lambda word: word.code)
def test_a_code_is_known_in_every_shape(word: RelayWord) -> None:
    code = spelled(word)
    shapes = [
        {"error": {"code": code, "message": "words"}},
        {"error": {"type": code, "message": "words"}},
        {"code": code, "message": "words"},
        {"code": code.upper(), "msg": "words"},
        {"error": {"message": "words", "type": "new_api_error", "code": code}},
        {"error": code, "message": "words"} if "_" in code else {"error": {"code": code}},
        {"code": 403, "message": "words", "reason": code.upper()},
        {"detail": {"code": code, "message": "words"}},
        {"error": {"message": "words", "metadata": {"code": code}}},
        {"error": {"message": json.dumps({"error": {"code": code, "message": "inner"}})}},
        {"error": {"message": f"upstream said: {json.dumps({'code': code})} (request id: 1)"}},
    ]
    http = [status for status in word.code_statuses if status != IN_STREAM]
    for shape in shapes:
        if http:
            status = status_for(word.code_statuses)
            rightly(word, from_http(status, {}, json.dumps(shape).encode()), status)
        if IN_STREAM in word.code_statuses and "reason" not in shape:
            rightly(word, from_response({"type": "error", **shape}), 0)
            rightly(word, from_response({"type": "response.failed", "response": {"status": "failed", **shape}}), 0)


@pytest.mark.parametrize("word", PHRASES, ids=lambda word: word.phrase)
def test_a_phrase_is_known_in_every_shape(word: RelayWord) -> None:
    words = word.example
    assert words, "a phrase needs an example of where it stands"
    shapes = [
        {"error": {"message": words}},
        {"error": words},
        {"message": words},
        {"detail": words},
        {"error": {"message": words.upper(), "type": "new_api_error", "code": ""}},
        {"error": {"message": json.dumps({"error": {"message": words}})}},
    ]
    for shape in shapes:
        status = status_for(word.phrase_statuses)
        rightly(word, from_http(status, {}, json.dumps(shape).encode()), status)
        rightly(word, from_http(status, {}, json.dumps(shape, ensure_ascii=False).encode()), status)
        if IN_STREAM in word.phrase_statuses:
            rightly(word, from_response({"type": "error", **shape}), 0)
    status = status_for(word.phrase_statuses)
    rightly(word, from_http(status, {}, words.encode()), status)


def test_every_row_says_where_it_was_seen_and_what_it_says() -> None:
    assert len(BUILT_IN.words) > 300
    for word in BUILT_IN.words:
        assert bool(word.code) != bool(word.phrase), word
        assert word.seen, word
        assert not word.example or word.phrase, word


def test_no_row_stands_twice() -> None:
    keys = [(word.code, word.phrase) for word in BUILT_IN.words]

    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    "written",
    ["insufficientUserQuota", "Insufficient-User-Quota", "INSUFFICIENT_USER_QUOTA", "insufficient user quota"],
)
def test_codes_are_compared_without_case_and_joints(written: str) -> None:
    assert plain(written) == "insufficient_user_quota"


def test_rows_of_operators_come_first() -> None:
    words = BUILT_IN.extended([RelayWord(Verdict.LOAD, code="insufficient_user_quota")])
    body = b'{"error":{"code":"insufficient_user_quota"}}'

    assert from_http(403, {}, body, words=words).verdict is Verdict.LOAD
    assert from_http(403, {}, body).verdict is Verdict.ACCOUNT


def test_the_table_in_force_counts_where_none_is_given() -> None:
    before = in_force()
    put_in_force(RelayWords([RelayWord(Verdict.CLIENT, phrase="gnomes only")]))
    try:
        assert from_http(403, {}, b"Gnomes only!").verdict is Verdict.CLIENT
    finally:
        put_in_force(before)
    assert from_http(403, {}, b"Gnomes only!").verdict is Verdict.REQUEST


def test_a_client_that_is_served_alone_is_named() -> None:
    failure = from_http(403, {}, b'{"error":{"message":"This account only allows Acme official clients"}}')

    assert failure.kind is Kind.FORBIDDEN
    assert failure.of("fox").message == (
        "fox serves Acme alone: use Acme, or another provider; it said: This account only allows Acme official clients"
    )


def test_a_star_in_a_phrase_does_not_reach_into_another_sentence() -> None:
    words = RelayWords([RelayWord(Verdict.KEY, phrase="token* expired")])

    assert words.find(401, [], [], "your token has expired")
    assert not words.find(401, [], [], "token budget of this request is fine. " + "x" * 40 + " expired")


def test_looking_up_hostile_words_does_not_hang() -> None:
    """A pattern that tries them from every place again would be busy until the test's time is up."""
    body = json.dumps({"error": {"message": "only allows exceed context daily limit " * 20_000}}).encode()
    assert from_http(403, {}, body).verdict is Verdict.REQUEST
