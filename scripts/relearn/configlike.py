"""The key `like` of the config: an entry that is another one but for a few keys."""

from collections.abc import Mapping
from typing import Any

from relearn.errors import UserError

SECTIONS = ("samples", "datasets")
LIKE = "like"


def filled(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the config with every `like` of `SECTIONS` replaced by what it stands for.

    Parameters
    ----------
    raw
        The merged config: what an overlay says of an entry also holds for those like it.

    Raises
    ------
    UserError
        If an entry is like one that does not exist, or in the end like itself: names the key.
    """
    written_out = dict(raw)
    for section in SECTIONS:
        entries = raw.get(section)
        if isinstance(entries, Mapping):
            written_out[section] = {name: _entry(section, name, entries) for name in entries}
    return written_out


def _entry(section: str, name: str, entries: Mapping[str, Any], above: tuple[str, ...] = ()) -> Any:
    """Return one entry with all that it takes from others; `above` are those that take from it."""
    entry = entries[name]
    if not isinstance(entry, Mapping) or LIKE not in entry:
        return entry
    own = {key: value for key, value in entry.items() if key != LIKE}
    other, chain = entry[LIKE], (*above, name)
    place = f"the config cannot be used:\n  {section}.{name}.{LIKE}"
    if not isinstance(other, str) or other not in entries:
        raise UserError(f"{place}: {other!r} is not defined; allowed: {', '.join(sorted(entries))}")
    if other in chain:
        raise UserError(
            f"{place}: {' → '.join((*chain, other))} is a circle; write one of them out"
        )
    base = _entry(section, other, entries, chain)
    return merge(base, own) if isinstance(base, Mapping) else own


def merge(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Merge as Snakemake does: dictionaries key by key, anything else is replaced."""
    merged = dict(base)
    for key, value in overlay.items():
        inner = merged.get(key)
        both = isinstance(inner, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(inner, value) if both else value
    return merged
