"""Which columns a table to come has, and of which types: settled before the first row is labelled.

JSON Lines needs no plan, every row has its own columns. CSV and Parquet need one for all rows: the
headers and schemas of the inputs say it, and JSON Lines are read once more to find it.
"""

from __future__ import annotations

import itertools
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from clausemark._arrow import fits, parquet_schema
from clausemark._extra import pyarrow
from clausemark._lines import DAMAGE, lines, opened
from clausemark._rows import BadRow, checked_text
from clausemark._tables import CLAUSE_COLUMNS, csv_header, json_object
from clausemark._types import blurs, holds
from clausemark.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from clausemark._inputs import Input

__all__ = ["Plan", "plan"]

#: Rows whose types are found together; all that is looked at where names alone matter.
_CHUNK: Final = 1_000
_CHUNK_BYTES: Final = 10_000_000
#: Columns of a table, and fields of one of its columns, at most: keys that are data are none.
_WIDEST: Final = 10_000
_DEEPEST: Final = 1_000
#: Types within types: readers of Parquet stop at 100 levels, of which a list takes two.
_LEVELS: Final = 40
#: A double holds every integer up to here.
_BIG: Final = 2**53


@dataclass(frozen=True, slots=True)
class Plan:
    """The columns that are kept: their names, and for Parquet their Arrow schema.

    `names` is empty where every row has its own. The columns in `as_json` have no one type; they
    become JSON text. `unreadable` are the files that are no tables with a text, and why.
    """

    names: tuple[str, ...] = ()
    schema: Any = None
    as_json: frozenset[str] = frozenset()
    unreadable: Mapping[Path, str] = field(default_factory=dict)


def plan(
    inputs: Sequence[Input],
    form: str,
    *,
    column: str,
    keep: Sequence[str] | None,
    added: Sequence[str],
) -> Plan:
    """Settle the columns of the output; raise RecordError if the inputs do not go together.

    `form` is jsonl, csv or parquet, `column` that of the text, `keep` the columns to keep (None:
    all), `added` the names of those to come, which no input may have. A file that is no table with
    a text is an error if it is named or if no other can be read.
    """
    readable, unreadable = _sorted_out(inputs, form, column)
    settled = _settled(readable, form, keep=keep, added=added)
    return replace(settled, unreadable=unreadable)


def _sorted_out(
    inputs: Sequence[Input], form: str, column: str
) -> tuple[list[tuple[Input, dict[str, Any]]], dict[Path, str]]:
    """Return the files that can be read with their columns, and why the others cannot."""
    readable: list[tuple[Input, dict[str, Any]]] = []
    errors: dict[Path, RecordError] = {}
    for one in inputs:
        if one.unreadable:
            errors[one.path] = RecordError(one.unreadable)
            continue
        try:
            readable.append((one, _read_columns(one, form, column)))
        except RecordError as error:
            if one.named or one.kind == "jsonl":
                raise
            errors[one.path] = error
    if errors and not readable:
        raise next(iter(errors.values()))
    return readable, {path: str(error) for path, error in errors.items()}


def _read_columns(one: Input, form: str, column: str) -> dict[str, Any]:
    """Return a file's columns; raise RecordError if it is no table with a text."""
    try:
        found = _found(one, column, whole=form != "jsonl", typed=form == "parquet")
    except DAMAGE as error:
        raise RecordError(f"{one.path} cannot be read ({error}).") from None
    _check_text(one, found, column)
    return found


def _settled(
    readable: Sequence[tuple[Input, dict[str, Any]]],
    form: str,
    *,
    keep: Sequence[str] | None,
    added: Sequence[str],
) -> Plan:
    inputs = [one for one, _ in readable]
    types: dict[str, Any] = {}
    named: dict[str, None] = {}
    strict = any(one.kind == "parquet" for one in inputs)
    _check_kept(readable, keep, whole=form != "jsonl")
    for one, found in readable:
        _check_added(one, found, keep, added)
        kept = {name: kind for name, kind in found.items() if keep is None or name in keep}
        named.update(dict.fromkeys(kept))
        if form == "parquet":
            types = _merged(types, kept, strict=strict, file=str(one.path))
    if form == "jsonl":
        return Plan()
    names = tuple(named if keep is None else keep)
    if form == "csv":
        return Plan(names)
    _check_exact(readable, types)
    text = frozenset(name for name in names if types.get(name) is None)
    fields = [(name, _plain_type(types.get(name))) for name in names]
    return Plan(names, _schema(fields, inputs, keep), text)


def _plain_type(kind: Any) -> Any:
    return pyarrow().string() if kind is None else getattr(kind, "kind", kind)


def _schema(
    fields: list[tuple[str, Any]], inputs: Sequence[Input], keep: Sequence[str] | None
) -> Any:
    """A single Parquet file's own notes (an index of pandas) stay with its columns."""
    schema = pyarrow().schema(fields)
    if keep is None and len(inputs) == 1 and inputs[0].kind == "parquet":
        return parquet_schema(inputs[0].path)
    return schema


def _check_text(one: Input, found: Mapping[str, Any], column: str) -> None:
    if one.kind in ("csv", "parquet") and column not in found:
        raise RecordError(
            f"{one.path} has no column {column!r}; its columns: {', '.join(found) or 'none'}.",
            hint="Name the one to label with --text-column.",
        )
    if one.kind == "parquet":
        _check_textual(one, parquet_schema(one.path).field(column))


def _check_kept(
    readable: Sequence[tuple[Input, dict[str, Any]]], keep: Sequence[str] | None, *, whole: bool
) -> None:
    """Refuse a name that no input has; where one has it, the others' rows have null there.

    JSON Lines that were not read as a `whole` are now: a key may come late.
    """
    known = {name for _, found in readable for name in found}
    if not known or known.issuperset(keep or ()):
        return
    for one, _ in readable:
        if one.kind == "jsonl" and not whole:
            known.update(_scanned(one, "", whole=True, typed=False))
    for name in keep or ():
        if name not in known:
            first, found = readable[0]
            where = f"{first.path} has" if len(readable) == 1 else "No input has"
            columns = ", ".join(found if len(readable) == 1 else sorted(known))
            raise RecordError(
                f"{where} no column {name!r}; its columns: {columns}.", hint="Correct --columns."
            )


def _check_exact(
    readable: Sequence[tuple[Input, dict[str, Any]]], types: Mapping[str, Any]
) -> None:
    """Refuse Parquet columns that would lose digits, or could not be written, in the common type.

    Where the type alone does not tell, the least and greatest value do, if the file says them; else
    writing does. JSON's own numbers are looked at one by one.
    """
    for one, found in readable:
        for name, kind in found.items():
            if one.kind != "parquet" or types.get(name) is None:
                continue
            wide = _plain_type(types[name])
            if holds(wide, kind) or (not blurs(wide, kind) and fits(one.path, name, kind, wide)):
                continue
            raise RecordError(
                f"{one.path}: column {name!r} is of type {kind}; with the other files' it "
                f"would be {wide}, which does not hold all of its values.",
                hint="Label such files one by one, or leave the column out by --columns.",
            )


def _check_added(
    one: Input, found: Mapping[str, Any], keep: Sequence[str] | None, added: Sequence[str]
) -> None:
    clash = [name for name in added if name in found and (keep is None or name in keep)]
    if clash:
        raise RecordError(
            f"{one.path} has a column {clash[0]!r} already.",
            hint="Give the new columns another name with --prefix, or leave it out by --columns.",
        )


def _check_textual(one: Input, field: Any) -> None:
    coded = pyarrow().types.is_dictionary(field.type)
    kind = field.type.value_type if coded else field.type
    if str(kind) not in ("string", "large_string", "string_view", "null"):
        raise RecordError(
            f"{one.path}: column {field.name!r} holds no text but {field.type}.",
            hint="Name the one to label with --text-column.",
        )


def _found(one: Input, column: str, *, whole: bool, typed: bool) -> dict[str, Any]:
    """Return a file's columns; their types are None unless `typed`."""
    if one.kind == "parquet":
        return {field.name: field.type for field in parquet_schema(one.path)}
    if one.kind == "jsonl":
        return _scanned(one, column if typed else "", whole=whole, typed=typed)
    text = pyarrow().string() if typed else None
    if one.kind == "csv":
        return dict.fromkeys(csv_header(one.path), text)
    number = pyarrow().int64() if typed else None
    return {name: number if name in CLAUSE_COLUMNS[1:4] else text for name in CLAUSE_COLUMNS}


def _scanned(one: Input, column: str, *, whole: bool, typed: bool) -> dict[str, Any]:
    """Read JSON Lines for their columns: the first lines, or the `whole` file.

    With `column`, that of the text, rows that will be refused for theirs have no say.
    """
    found: dict[str, Any] = {}
    objects = _objects(one, column)
    while rows := list(_chunk(objects)):
        names = dict.fromkeys(name for row in rows for name in row)
        here = {name: _type([row.get(name) for row in rows]) if typed else None for name in names}
        found = _merged(found, here, strict=False, file="") if typed else found | here
        if len(found) > _WIDEST:
            raise RecordError(
                f"{one.path} has more than {_WIDEST:,} columns.",
                hint="Write JSON Lines, or name the columns to keep by --columns.",
            )
        if not whole:
            break
    return found


def _objects(one: Input, column: str) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield the objects of a file, up to where it is damaged: labelling will meet that again."""
    with suppress(*DAMAGE), opened(one.path) as (stream, _):
        for _, line in lines(stream):
            with suppress(BadRow):
                values = json_object(line)
                if column:
                    checked_text(values.get(column), column)
                yield values, len(line or b"")


def _chunk(objects: Iterator[tuple[dict[str, Any], int]]) -> Iterator[dict[str, Any]]:
    """Yield the next rows, few where they are large."""
    total = 0
    for values, size in itertools.islice(objects, _CHUNK):
        yield values
        total += size
        if total > _CHUNK_BYTES:
            return


def _type(values: list[Any]) -> Any:
    """Return the Arrow type of some values of JSON, None if they have none in common."""
    arrow = pyarrow()
    try:
        kind = arrow.array(values).type
        if not _storable(kind):
            return None
    except (arrow.ArrowException, OverflowError, ValueError, TypeError, RecursionError):
        return None
    # A column of large integers may meet fractions further on, and would lose digits by them.
    if any(map(_is_big, values)):
        return None if _has_fractions(kind) else _BigInteger(kind)
    return kind


class _BigInteger:
    """The type of a column with integers that no double holds."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind


def _is_big(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_is_big, value.values()))
    if isinstance(value, list):
        return any(map(_is_big, value))
    return isinstance(value, int) and abs(value) > _BIG


def _fields(kind: Any) -> Iterator[Any]:
    """Yield a type and those within it."""
    yield kind
    for k in range(kind.num_fields):
        yield from _fields(kind.field(k).type)


def _depth(kind: Any) -> int:
    return 1 + max((_depth(kind.field(k).type) for k in range(kind.num_fields)), default=0)


def _has_fractions(kind: Any) -> bool:
    return any(map(pyarrow().types.is_floating, _fields(kind)))


def _storable(kind: Any) -> bool:
    """Parquet has no structure without fields; one of thousands is a table of its own.

    What is nested deeper than its readers go is refused, too.
    """
    if _depth(kind) > _LEVELS:
        return False
    within = list(itertools.islice(_fields(kind), _DEEPEST + 1))
    hollow = any(pyarrow().types.is_struct(one) and not one.num_fields for one in within)
    return not hollow and len(within) <= _DEEPEST


def _merged(
    types: dict[str, Any], more: Mapping[str, Any], *, strict: bool, file: str
) -> dict[str, Any]:
    result = dict(types)
    for name, kind in more.items():
        result[name] = _common(types[name], kind) if name in types else kind
        if strict and name in types and result[name] is None:
            raise RecordError(
                f"{file}: column {name!r} is of type {kind}, elsewhere of {types[name]}.",
                hint="Label such files one by one, or leave the column out by --columns.",
            )
    return result


def _common(one: Any, other: Any) -> Any:
    arrow = pyarrow()
    if one is None or other is None:
        return None
    big = isinstance(one, _BigInteger) or isinstance(other, _BigInteger)
    pair = [getattr(kind, "kind", kind) for kind in (one, other)]
    try:
        schemas = [arrow.schema([("a", kind)]) for kind in pair]
        kind = arrow.unify_schemas(schemas, promote_options="permissive").field(0).type
    except (arrow.ArrowTypeError, arrow.ArrowInvalid):
        return None
    if not _storable(kind) or (big and _has_fractions(kind)):
        return None
    return _BigInteger(kind) if big else kind
