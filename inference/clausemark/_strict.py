"""A JSON object read key by key, each of the type it must be, errors naming the place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

from clausemark.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, KeysView

__all__ = ["Fields", "fault"]

#: Beyond this a number in a manifest is a mistake, infinity included.
_LARGEST = 1e9
_HINT = "Install clausemark again, or export the model again."


def fault(place: str, problem: str, *, hint: str = _HINT) -> ModelError:
    """Return the error that says what is wrong where."""
    return ModelError(f"{place}: {problem}.", hint=hint)


class Fields:
    """One JSON object and the place it stands at; every reader raises ModelError."""

    def __init__(self, values: dict[str, Any], where: str, path: str = "") -> None:
        self.values = values
        self.where = where
        self.path = path

    @classmethod
    def read(cls, text: str | bytes, where: str) -> Self:
        """Parse `text`, which must be one JSON object without NaN or infinities."""
        try:
            values = json.loads(text, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise fault(where, f"not valid JSON ({error})") from None
        if not isinstance(values, dict):
            raise fault(where, f"a JSON {_kind(values)}, not an object")
        return cls(values, where)

    @property
    def keys(self) -> KeysView[str]:
        """The object's keys."""
        return self.values.keys()

    def place(self, key: str) -> str:
        """Say where `key` stands: file, then dotted path."""
        return f"{self.where}: {self.path}{key}"

    def text(self, key: str) -> str:
        """Return a string."""
        value: str = self._take(key, str, "a string")
        return value

    def integer(self, key: str) -> int:
        """Return a whole number that is not negative."""
        value: int = self._take(key, int, "a whole number")
        if value < 0:
            raise fault(self.place(key), f"{value} is negative")
        return value

    def number(self, key: str) -> float:
        """Return a finite number."""
        value = self._take(key, (int, float), "a number")
        if not -_LARGEST <= value <= _LARGEST:
            raise fault(self.place(key), "out of range")
        return float(value)

    def is_null(self, key: str) -> bool:
        """Say whether `key` stands there with null; one that is missing is a fault elsewhere."""
        return key in self.values and self.values[key] is None

    def flag(self, key: str) -> bool:
        """Return true or false."""
        value: bool = self._take(key, bool, "true or false")
        return value

    def free(self, key: str) -> dict[str, Any]:
        """Return an object as it is."""
        value: dict[str, Any] = self._take(key, dict, "an object")
        return value

    def fields(self, key: str) -> Fields:
        """Return an object to be read key by key."""
        return Fields(self.free(key), self.where, f"{self.path}{key}.")

    def items(self, key: str) -> Iterator[Fields]:
        """Yield the objects of an array."""
        for k, value in enumerate(self._take(key, list, "an array")):
            if not isinstance(value, dict):
                raise fault(self.place(f"{key}[{k}]"), f"{_kind(value)}, an object is needed")
            yield Fields(value, self.where, f"{self.path}{key}[{k}].")

    def _take(self, key: str, kind: type | tuple[type, ...], name: str) -> Any:
        if key not in self.values:
            raise fault(self.place(key), "missing")
        value = self.values[key]
        # A bool is an int to Python, and none to JSON.
        if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
            raise fault(self.place(key), f"{_kind(value)}, {name} is needed")
        return value


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON number")


def _kind(value: Any) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")
