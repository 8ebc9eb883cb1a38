"""The table of `docs/providers.md` and its Chinese twin: what relays' messages mean, and what the operator does.

The examples are rows of the table of relays' words, so that what the pages promise is what is looked up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from jackfield.model.errors import Kind, Verdict
from jackfield.responses.verdicts.relay_words import RelayWord

from .relay_words import every

Meaning = tuple[Verdict, Kind | None, bool]
"""A verdict, how it is told, and whether all places are taken for the moment."""

_TABLE = re.compile(r"(<!-- table: meanings -->\n).*?(<!-- end -->)", re.DOTALL)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_EACH = 2
"""Examples of each language, and codes, that are shown."""

_HEADS = {
    "en": "| it says, for example | it means | what you do |\n|---|---|---|\n",
    "zh": "| 它说（例） | 意思 | 您做什么 |\n|---|---|---|\n",
}
_COLON = {"en": ": ", "zh": "："}
_ADVICE: Mapping[Meaning, Mapping[str, tuple[str, str]]] = {
    (Verdict.CLIENT, None, False): {
        "en": (
            "it serves certain clients, a tier or instructions of its own alone; the key is fine, and does not rest",
            "use the client that it names; give the others another provider, which is asked next",
        ),
        "zh": (
            "它只服务某些客户端、某种服务等级或自己的 instructions；密钥没有问题，不会停用",
            "用它指名的客户端；给其他客户端另一个服务商，会接着问它",
        ),
    },
    (Verdict.REQUEST, Kind.CONTEXT_LENGTH, False): {
        "en": (
            "the conversation does not fit; clients hear it in the words at which they compact",
            "nothing. Where it comes early, its model has less room than the client believes: tell the client",
        ),
        "zh": (
            "对话放不下；客户端听到的是它们据以压缩对话的说法",
            "不用做什么。如果来得太早，说明它的模型比客户端以为的小：在客户端里写明",
        ),
    },
    (Verdict.REQUEST, Kind.INVALID_REQUEST, False): {
        "en": (
            "a picture or file that it cannot read, or encrypted reasoning that is not its own",
            "nothing: clients drop the picture, and the reasoning is left out once by the proxy",
        ),
        "zh": (
            "它读不了的图片或文件，或者不是它自己的加密推理",
            "不用做什么：客户端会去掉图片，推理由代理去掉后重发一次",
        ),
    },
    (Verdict.REQUEST, Kind.TOO_LARGE, False): {
        "en": (
            "more bytes or tokens in one request than it takes",
            "send less at once: fewer files, a new conversation",
        ),
        "zh": ("一个请求的字节或令牌超过它的上限", "一次少发一些：少带文件，或新开对话"),
    },
    (Verdict.REQUEST, Kind.QUOTA, False): {
        "en": (
            "the balance does not reach for an answer as long as was asked for",
            "top up, or ask for shorter answers",
        ),
        "zh": ("余额不够支付所要求长度的回答", "充值，或要求更短的回答"),
    },
    (Verdict.REQUEST, None, False): {
        "en": (
            "its policy or filter refuses this very request; nobody rests",
            "nothing here; the client changes its request",
        ),
        "zh": ("它的政策或过滤器拒绝了这一个请求；谁也不停用", "这里不用做什么；由客户端改请求"),
    },
    (Verdict.REQUEST, Kind.FORBIDDEN, False): {
        "en": (
            "forbidden, without a word about the key; one other provider is asked",
            "where every request meets it, ask the relay what the key may do",
        ),
        "zh": ("禁止，但没有提到密钥；会再问一个别的服务商", "如果每个请求都这样，问服务商这个密钥能做什么"),
    },
    (Verdict.ACCOUNT, Kind.QUOTA, False): {
        "en": (
            "there is no money left; the credential rests with all its models",
            "top up, then `POST /v0/management/reset-cooldown`, or wait half an hour",
        ),
        "zh": ("没有余额了；该凭据连同它的所有模型停用", "充值后 `POST /v0/management/reset-cooldown`，或等半小时"),
    },
    (Verdict.ACCOUNT, Kind.USAGE_LIMIT, False): {
        "en": (
            "a plan's limit is used up; the credential rests until the reset, asked again every half hour",
            "wait, or add another account with a lower `priority`",
        ),
        "zh": ("套餐额度用完；该凭据停用到重置为止，每半小时再问一次", "等待，或加一个 `priority` 较低的账号"),
    },
    (Verdict.MODEL, None, False): {
        "en": (
            "it has no such model, or none for this key's group; that model alone rests there for ten minutes",
            "`discover-models: true`, or `models` with `openai-models: false`; for `claude-*` another `defaults.model`",
        ),
        "zh": (
            "它没有这个模型，或这个密钥的分组没有；只有那里的这个模型停用十分钟",
            "`discover-models: true`，或 `openai-models: false` 加 `models`；`claude-*` 遇到时改 `defaults.model`",
        ),
    },
    (Verdict.KEY, None, False): {
        "en": (
            "it does not take the key, or not from this address; the credential rests with all its models",
            "write another key; a new one serves at once. Where it names an IP, allow this server's at the relay",
        ),
        "zh": (
            "它不接受这个密钥，或不接受来自这个地址的；该凭据连同它的所有模型停用",
            "换一个密钥，新的立即生效。它提到 IP 时，在服务商那里允许本服务器的地址",
        ),
    },
    (Verdict.LOAD, None, True): {
        "en": (
            "all its places are taken; it is asked again in half a second",
            "`max-concurrency` with the number that it allows",
        ),
        "zh": ("它的并发位都占满了；半秒后再问", "`max-concurrency` 写它允许的数目"),
    },
    (Verdict.LOAD, None, False): {
        "en": (
            "too many requests in its window; the model rests there as long as it says",
            "nothing; where it comes often, add a key or a provider",
        ),
        "zh": ("时间窗内请求太多；那里的这个模型按它说的时间停用", "不用做什么；经常出现时，加一个密钥或服务商"),
    },
    (Verdict.UPSTREAM, Kind.OVERLOADED, False): {
        "en": (
            "it is overloaded, or what is behind it is; three conversations in a row open the breaker",
            "nothing; a second provider bridges it",
        ),
        "zh": ("它或它后面的服务过载；连续三个对话失败会断开", "不用做什么；第二个服务商可以顶上"),
    },
}
_OF_THE_UPSTREAM = (Kind.TIMEOUT, Kind.UNREACHABLE, Kind.STREAM_CUT, Kind.UPSTREAM_ERROR)


def page(text: str, root: Path, language: str) -> str:
    """Return the text of the page with its table as the code has it; `language` is `en` or `zh`."""
    table = "".join(_table(every(root), language))
    return _TABLE.sub(lambda found: found[1] + table + found[2], text)


def _table(words: Iterable[RelayWord], language: str) -> Iterator[str]:
    """Yield the lines. Raises KeyError for rows whose meaning is not told above."""
    groups: dict[Meaning, list[RelayWord]] = {}
    for word in words:
        groups.setdefault((word.verdict, _merged(word.kind), word.full), []).append(word)
    yield _HEADS[language]
    for meaning, rows in groups.items():
        means, remedy = _ADVICE[meaning][language]
        about = f"`{meaning[0].value}`{_COLON[language]}{means}"
        yield f"| {', '.join(_examples(rows))} | {about} | {remedy} |\n"


def _merged(kind: Kind | None) -> Kind | None:
    """Return the kind whose row tells of this one too."""
    return Kind.OVERLOADED if kind in _OF_THE_UPSTREAM else kind


def _examples(rows: Iterable[RelayWord]) -> Iterator[str]:
    rows = tuple(rows)
    yield from islice((f"`{word.code}`" for word in rows if word.code and "*" not in word.code), _EACH)
    for han in (False, True):
        said = (word.example for word in rows if word.example and bool(_HAN.search(word.example)) is han)
        yield from (f'"{example}"' for example in islice(said, _EACH))
