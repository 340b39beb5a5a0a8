"""The same jets through other detectors and selections: in what do they differ?

Datasets with the same Pythia cards and the same window of their jets are variants of the first of
them in the config, the reference. Each has events of its own, so the samples are independent.

The tests, chosen before looking, with the threshold in `relearn.studies.agreement`:

- quantities (`QUANTITIES`): means and their errors, and Kolmogorov–Smirnov;
- what can be yes or no (`SHARES`): shares.

A variant that differs only in who simulates the detector, Delphes or the embedded one, has to agree
(``expected``). With another card, or another selection, jets differ: there the tests say in what.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from relearn.data.tagfile import CLASSES, Description
from relearn.studies import agreement
from relearn.studies.jet_quantities import Array, describe, quantities, read

QUANTITIES = ("pt", "eta", "mass", "sd_mass", "tau32", "tau21", "multiplicity", "response")
SHARES = ("found", "passes", "loses", "merged")
FEWEST = 10  # jets of either side that are tested
WINDOW = ("radius", "pt", "abs_eta_max", "match")
DETECTORS = {"embedded": "embedded detector", "delphes": "Delphes", "none": "particle level"}
KINDS = {"eflow": "energy flow", "tower": "towers"}
COLUMNS = ("dataset", "reference", "variant", "expected", "class", "kind", "quantity", "test")
NUMBERS = ("value", "of_reference", "error", "statistic", "p", "pass")
Group = tuple[str, tuple[str, ...]]


def groups(described: Mapping[str, Description]) -> list[Group]:
    """Return each reference with its variants; datasets of their own kind are in none."""
    alike: dict[str, list[str]] = {}
    for name, one in described.items():
        if all(one.origin.get(side) and one.selection.get(side) for side in CLASSES):
            what = [
                [one.origin[side]["process"], *(one.selection[side].get(key) for key in WINDOW)]
                for side in CLASSES
            ]
            alike.setdefault(json.dumps(what), []).append(name)
    return [(first, tuple(others)) for first, *others in alike.values() if others]


def conditions(one: Description) -> dict[str, Any]:
    """Return what variants may differ in, of the signal."""
    side = CLASSES[0]
    seen = {key: value for key, value in one.origin[side].items() if key != "process"}
    return seen | {"select_on": one.selection[side].get("select_on", "eflow")}


def name(one: Description, reference: Description | None = None) -> str:
    """Return in words what a dataset has been seen with, or in what it differs from another."""
    mine, other = conditions(one), conditions(reference) if reference else {}
    words = {
        "detector": DETECTORS[mine["detector"]],
        "detector_card": f"{mine['detector_card']} card" if mine["detector_card"] else "",
        "select_on": f"selected on {KINDS[mine['select_on']]}",
        "multiple_interactions": "multiple interactions"
        if mine["multiple_interactions"]
        else ("no multiple interactions" if other else ""),
    }
    different = [text for key, text in words.items() if text and mine[key] != other.get(key)]
    return ", ".join(different) or "other events"


def expected(one: Description, reference: Description) -> bool:
    """Return whether both have to agree: they differ in who simulates the detector, if at all."""
    mine, other = conditions(one), conditions(reference)
    by_detector = all(found["detector"] in ("embedded", "delphes") for found in (mine, other))
    return by_detector and mine | {"detector": ""} == other | {"detector": ""}


def compare(
    paths: Mapping[str, Path], described: Mapping[str, Description], wanted: Iterable[Group]
) -> pd.DataFrame:
    """Return a row for each test of a variant against its reference: `COLUMNS` and `NUMBERS`.

    ``value`` and ``of_reference`` are means or shares, of Kolmogorov and Smirnov medians; ``error``
    is that of the difference of means; ``statistic`` is z, or the distance. Fewer than `FEWEST`
    jets are not tested.
    """
    rows = [
        row
        for reference, variants in wanted
        for side in CLASSES
        for kind in described[reference].kinds
        for row in _kind(paths, described, reference, variants, side, kind)
    ]
    return pd.DataFrame(rows, columns=[*COLUMNS, *NUMBERS])


def _kind(
    paths: Mapping[str, Path],
    described: Mapping[str, Description],
    reference: str,
    variants: Sequence[str],
    side: str,
    kind: str,
) -> Iterator[dict[str, Any]]:
    """Yield the tests of one class and kind: memory holds two datasets' quantities."""

    def numbers(dataset: str) -> dict[str, tuple[Array, Array]]:
        block = read(paths[dataset], kind, side, described[dataset].observables)
        found = quantities(block)
        if side == CLASSES[0] and kind == described[dataset].kinds[0]:
            found["merged"] = block["merged"], block["weight"]
        return found

    theirs = numbers(reference)
    for dataset in variants:
        if kind not in described[dataset].kinds:
            continue
        about = {"dataset": dataset, "reference": reference}
        about["variant"] = name(described[dataset], described[reference])
        about["expected"] = expected(described[dataset], described[reference])
        about |= {"class": side, "kind": kind}
        ours = numbers(dataset)
        both = conditions(described[dataset]), conditions(described[reference])
        same_selection = both[0]["select_on"] == both[1]["select_on"]
        for quantity in (*QUANTITIES, *SHARES):
            if quantity == "passes" and not same_selection:
                continue  # one of them always does
            if quantity in ours and quantity in theirs:
                for row in _tests(quantity, *ours[quantity], *theirs[quantity]):
                    kind_of = {"kind": "truth"} if quantity == "merged" else {}
                    yield about | kind_of | {"quantity": quantity} | row


def _tests(
    quantity: str, ours: Array, weights: Array, theirs: Array, theirs_weights: Array
) -> Iterator[dict[str, Any]]:
    """Yield the rows of one quantity."""
    if min(len(ours), len(theirs)) < FEWEST:
        return
    sides = [describe(ours, weights), describe(theirs, theirs_weights)]
    means = agreement.means(*((side["mean"], side["error"]) for side in sides))
    error = float(np.hypot(sides[0]["error"], sides[1]["error"]))
    if quantity in QUANTITIES:
        yield _row(means, error)
        yield _row(agreement.weighted_shapes(ours, weights, theirs, theirs_weights), np.nan)
    elif ours.std() or theirs.std():  # not where all are alike, as the selected jets all pass
        equal = all((w == w[0]).all() for w in (weights, theirs_weights))
        counts = [int(values.sum()) for values in (ours, theirs)]
        test = agreement.shares(*counts, len(ours), len(theirs)) if equal else means
        yield _row(test, error)


def _row(test: agreement.Row, error: float) -> dict[str, Any]:
    found = {"test": test["test"], "value": test["ours"], "of_reference": test["delphes"]}
    return found | {"error": error} | {key: test[key] for key in ("statistic", "p", "pass")}


def shared(
    table: pd.DataFrame,
    described: Mapping[str, Description],
    reference: str,
    variants: Sequence[str],
) -> list[dict[str, Any]]:
    """Return rows of the main table: how many jets two selections share, of all that either takes.

    Only of variants that differ from the reference in what they select on, and nothing else. With
    a the share of jets of one selection that the other takes too, and b the other way round,
    that is 1/(1/a + 1/b − 1).

    Parameters
    ----------
    table
        The main table, with the rows ``passes``.
    described, reference, variants
        The datasets.
    """
    rows = []
    for dataset in variants:
        mine, other = conditions(described[dataset]), conditions(described[reference])
        different = {key for key in mine if mine[key] != other[key]}
        if different != {"select_on"}:
            continue
        for side in CLASSES:
            passes = table[(table["quantity"] == "passes") & (table["class"] == side)]
            one, two = (
                passes[(passes["dataset"] == by) & (passes["kind"] == kind)].iloc[0]
                for by, kind in ((dataset, other["select_on"]), (reference, mine["select_on"]))
            )
            about = {"dataset": dataset, "class": side, "kind": "both", "quantity": "shared"}
            rows.append(about | {"jets": min(one["jets"], two["jets"])} | _of_either(one, two))
    return rows


def _of_either(one: pd.Series, two: pd.Series) -> dict[str, float]:
    means = np.array([one["mean"], two["mean"]])
    if not means.all():
        return {"mean": 0.0, "error": 0.0}
    mean = 1 / (np.sum(1 / means) - 1)
    errors = np.array([one["error"], two["error"]]) * (mean / means) ** 2
    return {"mean": float(mean), "error": float(np.hypot(*errors))}
