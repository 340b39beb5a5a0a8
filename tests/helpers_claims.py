"""Claims and tables made by hand."""

import pandas as pd
import yaml

from relearn import plan
from relearn.claims import Claim

ENTRY = {
    "id": "ten_nodes",
    "source": "000",
    "quote": "1 layer with 10 nodes is enough",
    "statement": "Ten nodes are enough.",
    "threshold": "ours",
    "table": "pt_nodes",
    "where": {"hidden": "10"},
    "value": "r",
    "relation": ">",
    "expect": 0.99,
    "from_scale": "smoke",
}
SOURCES = {"000": "Someone, Somewhere 2017"}


def claim(**changes):
    """Return the claim `ENTRY` with changes; None leaves a key out."""
    entry = {key: value for key, value in (ENTRY | changes).items() if value is not None}
    return Claim.model_validate(entry)


def network_table(values, scan="pt_nodes", **columns):
    """Return a table with a row per network: r = `values`, and columns that are alike."""
    table = pd.DataFrame({"r": values, "scan": scan, "hidden": "10", "status": "ok"})
    hidden = columns.get("hidden", "10")
    table["run"] = [f"mlp-h{hidden}-t{trial}" for trial in range(len(values))]
    return table.assign(**columns)


def write(path, *entries, sources=SOURCES):
    """Write a claims file."""
    path.write_text(yaml.safe_dump({"sources": sources, "claims": list(entries)}))
    return path


def planned(config, study):
    """Return the networks that a study looks at, with the names of ``runs.csv``."""
    if study not in config.studies:
        return pd.DataFrame()
    scans = config.studies[study].scans
    runs = [run for scan in scans for b in plan.scan_batches(config, scan) for run in b.runs]
    if any(plan.is_tagger(config, scan) for scan in scans):
        table = pd.DataFrame({"run": run.name} | run.columns for run in runs)
        # an option that a scan does not state is as its family has it, which the study adds
        return chosen(table, config, study).dropna(axis="columns")
    columns = ("scan", "dataset", "target", "convention", "initialiser", "dropout", "start")
    table = pd.DataFrame(
        {"run": run.name}
        | {column: getattr(run, column) for column in columns}
        | {
            "hidden": "x".join(map(str, run.hidden)),
            "layers": len(run.hidden),
            "nodes": sum(run.hidden),
            "activation": "+".join(dict.fromkeys(run.activation)),
        }
        for run in runs
    )
    return chosen(table, config, study)


def chosen(table, config, study):
    """Return the networks that the study's `where` leaves."""
    for column, values in config.studies[study].where.items():
        table = table[table[column].isin(values)]
    return table
