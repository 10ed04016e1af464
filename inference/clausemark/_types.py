"""Which Arrow types hold all values of which others: what a column may become without a loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from clausemark._extra import pyarrow

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["blurs", "holds"]

#: Binary digits of a float's integers, by its width.
_DIGITS: Final = {16: 11, 32: 24, 64: 53}


def holds(wide: Any, kind: Any) -> bool:
    """Tell whether every value of the type `kind` is one of `wide`, and can be cast to it."""
    types = pyarrow().types
    if kind.equals(wide) or types.is_null(kind):
        return True
    if types.is_dictionary(kind):
        return holds(wide.value_type if types.is_dictionary(wide) else wide, kind.value_type)
    rules: dict[Callable[[Any], bool], Callable[[Any, Any], bool]] = {
        types.is_integer: _integer,
        types.is_floating: _float,
        types.is_decimal: _decimal,
        types.is_struct: _struct,
        types.is_list: lambda wide, kind: types.is_list(wide) and _inner(wide, kind),
        types.is_string: lambda wide, _: types.is_large_string(wide),
        types.is_binary: lambda wide, _: types.is_large_binary(wide),
    }
    return any(test(kind) and rule(wide, kind) for test, rule in rules.items())


def blurs(wide: Any, kind: Any) -> bool:
    """Tell whether a cast would lose digits without a word: decimals become floats."""
    types = pyarrow().types
    if types.is_decimal(kind):
        return bool(types.is_floating(wide))
    if types.is_struct(kind) and types.is_struct(wide):
        places = [(wide.get_field_index(field.name), field.type) for field in kind]
        return any(place >= 0 and blurs(wide.field(place).type, one) for place, one in places)
    inner = [getattr(one, "value_type", None) for one in (wide, kind)]
    return None not in inner and blurs(*inner)


def _integer(wide: Any, kind: Any) -> bool:
    types = pyarrow().types
    if types.is_floating(wide):
        return bool(_DIGITS[wide.bit_width] >= kind.bit_width)
    if not types.is_integer(wide):
        return False
    if types.is_signed_integer(kind) == types.is_signed_integer(wide):
        return bool(wide.bit_width >= kind.bit_width)
    return types.is_signed_integer(wide) and bool(wide.bit_width > kind.bit_width)


def _float(wide: Any, kind: Any) -> bool:
    return pyarrow().types.is_floating(wide) and bool(wide.bit_width >= kind.bit_width)


def _decimal(wide: Any, kind: Any) -> bool:
    if not pyarrow().types.is_decimal(wide):
        return False
    whole = wide.precision - wide.scale >= kind.precision - kind.scale
    return bool(whole and wide.scale >= kind.scale)


def _struct(wide: Any, kind: Any) -> bool:
    if not pyarrow().types.is_struct(wide):
        return False
    places = [(wide.get_field_index(field.name), field.type) for field in kind]
    return all(place >= 0 and holds(wide.field(place).type, one) for place, one in places)


def _inner(wide: Any, kind: Any) -> bool:
    return holds(wide.value_type, kind.value_type)
