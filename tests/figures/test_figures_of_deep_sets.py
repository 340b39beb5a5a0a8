"""The figures of EFN and PFN: what they show of made-up tables, also of little."""

import numpy as np
import pandas as pd
import pytest
from helpers_figures import drawn, letters, same_picture

from relearn.figures import observables
from relearn.studies import sums

POINTS = 21
PLACE = {"size": "small", "dataset": "tops_low", "kind": "eflow", "constituents": 40}


def of_observables(names=tuple(sums.PAIRS), lost=()):
    rng, rows = np.random.default_rng(0), []
    for name in names:
        size = sums.PAIRS[name].size
        for by, latent, r2 in (("pfn", size - 1, 0.9), ("pfn", size, 0.98), ("efn", 32, 0.4)):
            for trial in range(2 * (latent > 0)):
                row = {"target": name, "architecture": by, "latent": latent, "status": "ok"}
                row |= {"talk": size, "safe": sums.PAIRS[name].safe, "trial": trial}
                row |= {"r2": r2 + 0.01 * trial, "run": f"{name}-{by}-{latent}-{trial}"}
                rows.append(row | ({"status": "diverged", "r2": np.nan} if by in lost else {}))
    runs = pd.DataFrame(rows)
    by = ["target", "architecture", "latent", "talk", "safe"]
    points = runs.groupby(by, as_index=False)["r2"].mean()
    good = points[points["r2"].notna() & (points["latent"] >= points["talk"])]
    predictions = []
    for row in good.itertuples():
        true = rng.normal(5, 1, 50)
        columns = {"target": row.target, "architecture": row.architecture, "latent": row.latent}
        columns |= {"true": true, "predicted": true + rng.normal(0, 0.2, 50)}
        predictions.append(pd.DataFrame(columns))
    empty = pd.DataFrame(columns=["target", "architecture", "latent", "true", "predicted"])
    forms = pd.DataFrame({"target": list(names), "r2": 0.999})
    return {
        "": runs,
        "points": points,
        "forms": forms,
        "predictions": pd.concat(predictions) if predictions else empty,
    }


def of_deep_sets(latents=(32, 128), dead=0, efn=True):
    runs, points, curves, filters, sizes = [], [], [], [], []
    line = np.linspace(-1.5, 1.5, POINTS)
    y, phi = (x.ravel() for x in np.meshgrid(line, line, indexing="ij"))
    y, phi = (x[np.hypot(y, phi) < 1.55] for x in (y, phi))
    for latent in latents:
        for name in ("pfn", "efn") if efn else ("pfn",):
            point = PLACE | {"architecture": name, "latent": latent}
            for trial in range(2):
                numbers = {"auc": 0.9 + 0.01 * trial, "rejection30": 50.0 + trial}
                runs.append(point | {"trial": trial, "status": "ok"} | numbers)
            numbers = {"auc": 0.905, "auc_error": 0.004}
            points.append(point | numbers | {"rejection30": 50.5, "rejection30_error": 4.0})
            efficiency = np.linspace(0.01, 1, 100)
            curve = {"signal_efficiency": efficiency, "background_efficiency": efficiency**3}
            curve |= {f"background_{end}": efficiency**3 for end in ("low", "high")}
            curves.append(pd.DataFrame(point | curve))
        if not efn:
            continue
        columns = {}
        for n in range(latent):
            at = 0.03 * n / latent * 30
            lit = n >= dead
            columns[f"filter_{n}"] = lit * np.exp(-((y - at) ** 2 + phi**2) / (0.1 + 0.01 * n))
            row = {"latent": latent, "filter": n, "dead": not lit, "inside": n % 2 == 0}
            sizes.append(row | {"distance": at, "area": 0.1 + 0.01 * n, "maximum": 1.0 * lit})
        filters.append(pd.DataFrame({"latent": latent, "y": y, "phi": phi} | columns))
    empty = pd.DataFrame(columns=["latent", "y", "phi"])
    return {
        "": pd.DataFrame(runs),
        "points": pd.DataFrame(points),
        "roc": pd.concat(curves, ignore_index=True),
        "filters": pd.concat(filters, ignore_index=True) if filters else empty,
        "sizes": pd.DataFrame(
            sizes, columns=["latent", "filter", "dead", "inside"] + ["distance", "area", "maximum"]
        ),
    }


MADE = {
    "observables": lambda: of_observables(("mass", "jet_charge", "c_parameter")),
    "deep_sets": lambda: of_deep_sets((3, 8)),
}
PANELS = {"observables": 7, "deep_sets": 6}


@pytest.mark.parametrize("study", MADE)
def test_same_tables_same_picture(study):
    fig = same_picture(study, MADE[study])
    assert letters(fig) == "abcdefg"[: PANELS[study]]


@pytest.mark.parametrize("study", MADE)
def test_it_is_drawn_without_a_warning(study):
    drawn(study, MADE[study](), layout=True)


@pytest.mark.parametrize("study", MADE)
def test_networks_that_all_diverged_are_said_to(study):
    tables = MADE[study]()
    tables[""] = tables[""].assign(status="diverged")
    assert "all" in drawn(study, tables, render=True).axes[0].texts[0].get_text()


def test_a_few_observables_and_a_diverged_efn():
    fig = drawn("observables", of_observables(("mass", "eventropy", "jet_charge"), ("efn",)))
    texts = [text.get_text() for ax in fig.axes for text in ax.texts]
    assert texts.count("no network to show") == 3 and texts.count("2 diverged") == 3
    assert [label.get_text() for label in fig.axes[0].get_xticklabels()][1].startswith("jet charge")


def test_roles_are_told_by_the_size_of_the_talk():
    runs = of_observables(("jet_charge",))[""].assign(latent=[1, 2, 2, 32, 32, 32])
    assert observables.role(runs).tolist() == ["fewer", "talk", "talk", "more", "efn", "efn"]


def test_filters_are_drawn_where_they_live():
    fig = drawn("deep_sets", of_deep_sets((4,), dead=1), layout=True)
    (panel,) = (ax for ax in fig.axes if "Filters" in ax.get_title(loc="left"))
    assert "1 dead" in panel.get_title(loc="left")
    lines = [c for c in panel.collections if len(c.get_paths()) and c.get_paths()[0].vertices.size]
    assert len(lines) == 3
    for n, contour in zip((3, 2, 1), lines, strict=True):  # the outermost first
        vertices = contour.get_paths()[0].vertices
        radius = np.sqrt(np.log(2) * (0.1 + 0.01 * n))
        apart = np.hypot(vertices[:, 0] - 0.9 * n / 4, vertices[:, 1])
        np.testing.assert_allclose(apart, radius, rtol=0.1)


def test_no_efn_is_told():
    fig = drawn("deep_sets", of_deep_sets(efn=False), layout=True)
    assert "no EFN to show" in [text.get_text() for ax in fig.axes for text in ax.texts]
