"""Which keys a place of the config may have, and which of them somebody meant perhaps."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

Schema = Mapping[str, Any]  # of JSON


def meant(schema: Schema, place: Sequence[str]) -> str:
    """Return the key that an unknown one is most like, in the words of a message; else nothing.

    Parameters
    ----------
    schema
        Of the whole config.
    place
        The unknown key and those that it is below, from the top.
    """
    *above, unknown = place
    found = [schema]
    for name in above:
        found = [inner for one in found for inner in _below(schema, one, name)]
    known = {key for one in found for kind in _kinds(schema, one) for key in kind["properties"]}
    return perhaps(unknown, known)


def perhaps(word: str, known: Iterable[str]) -> str:
    """Return the known word that another is most like, in the words of a message; else nothing."""
    close = get_close_matches(word, list(known), n=1)
    return f" (perhaps {close[0]})" if close else ""


def _below(schema: Schema, one: Schema, name: str) -> Iterator[Schema]:
    for kind in _kinds(schema, one):
        if name in kind["properties"]:
            yield kind["properties"][name]
        else:
            yield from kind.get("patternProperties", {}).values()  # names that one chooses


def _kinds(schema: Schema, one: Schema) -> Iterator[dict[str, Any]]:
    """Return all mappings that a value may be: a dataset is of one of several kinds."""
    if reference := one.get("$ref"):
        yield from _kinds(schema, schema["$defs"][reference.removeprefix("#/$defs/")])
    for choice in (*one.get("anyOf", ()), *one.get("oneOf", ())):
        yield from _kinds(schema, choice)
    if one.get("type") == "object":
        yield {"properties": {}, **one}
