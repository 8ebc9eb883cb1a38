"""Holding a piece of JSON against a typed model of an official SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

if TYPE_CHECKING:
    from pydantic import BaseModel

_SHOWN = 3


def check_fit(model: type[BaseModel], value: Any, what: str) -> None:
    """Assert that `value` fits `model`, without conversions. The error says where `what` does not."""
    from pydantic import ValidationError  # comes with the SDKs, which only tests need

    try:
        model.model_validate(value, strict=True)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:_SHOWN]]
        raise AssertionError(f"{what} does not fit {model.__name__}: {'; '.join(faults)}\n{value}") from None


def models_by_type(union: Any) -> dict[str, type[BaseModel]]:
    """Return the members of an SDK's union of events, by the value of their `type`."""
    members = get_args(get_args(union)[0])
    return {kind: member for member in members for kind in get_args(member.model_fields["type"].annotation)}
