"""The figures of recurrent, recursive and graph taggers, and of ParticleNet: of made-up tables."""

import warnings
from string import ascii_lowercase

import numpy as np
import pandas as pd
import pytest
from helpers_figures import drawn, letters, panel, same_picture
from helpers_points import inputs
from matplotlib.collections import LineCollection, QuadMesh

from relearn.figures import points
from relearn.studies import along, particlenet, recursive, tagging
from relearn.taggerruns import AXES

ORDERS = ("pt", "random", "clustering")
PANELS = {"recurrent": 4, "recursive": 4, "message_passing": 5 + 4, "particlenet": 3}


def recurrent_tables(folder, sizes=("small",), wrong=(4, 6)):
    places = [(size, order) for size in sizes for order in ORDERS]
    point = {"architecture": "lstm", "wrong": list(wrong)}
    study = inputs(folder, *(point | {"size": s, "order": o} for s, o in places))
    by = (*AXES, "order")
    reread = [
        {
            "architecture": "lstm",
            "size": s,
            "order": o,
            "read": read,
            "auc": 0.5 + 0.1 * (o == read),
        }
        | {"own": "yes" if o == read else "no"}
        for s, o in places
        for read in ORDERS
    ]
    return {
        "": study.runs,
        "points": tagging.summary(study, by),
        "roc": tagging.roc_table(study, by),
        "pairs": along.compare(study, {"order": "pt"}, by),
        "reread": pd.DataFrame(reread),
    }


def recursive_tables(folder, trees=("kt", "ca")):
    both = [{"tree": t, "gated": g, "wrong": [3, 5]} for t in trees for g in ("no", "yes")]
    return recursive.measure(inputs(folder, *(one | {"architecture": "recnn"} for one in both)))


def particlenet_tables(folder, wrong=(1, 3)):
    names = {"particlenet": list(wrong), "gcn": [8, 10], "lola": [0, 1], "lstm": [5, None]}
    return particlenet.measure(
        inputs(folder, *({"architecture": name, "wrong": w} for name, w in names.items()))
    )


def message_passing_tables(folder):
    kinds = {
        "fixed": [[0.5, 0.5, 0], [0.5, 0.5, 0], [0, 0, 1]],
        "learned": [[0, 0.7, 0.3], [0.1, 0, 0.9], [0.6, 0.2, 0.2]],
    }
    by = (*AXES, "adjacency")
    graph = [{"architecture": "gcn", "adjacency": kind, "wrong": [4, 6]} for kind in kinds]
    study = inputs(folder, *graph, {"architecture": "recnn", "adjacency": "none", "wrong": [1, 2]})
    messages, nodes, edges = [], [], []
    for kind, weights in kinds.items():
        for side in ("signal", "background"):
            place = {"architecture": "gcn", "adjacency": kind, "class": side}
            numbers = {"closeness": 0.5, "hardness": 2.0}
            messages += [place | numbers | {"iteration": n} for n in (1, 2)]
            where = {"deta": [0, 0.1, -0.2], "dphi": [0, 0.3, 0.1], "pt": [100, 50, 10]}
            nodes.append(pd.DataFrame(place | {"node": range(3)} | where))
            taker, giver = np.indices((3, 3)).reshape(2, -1)
            drawn = {"taker": taker, "giver": giver, "weight": np.ravel(weights)}
            edges.append(pd.DataFrame(place | {"iteration": 1} | drawn))
    return {
        "": study.runs,
        "points": tagging.summary(study, by),
        "roc": tagging.roc_table(study, by),
        "pairs": along.compare(study, {"architecture": "gcn", "adjacency": "learned"}, by),
        "messages": pd.DataFrame(messages),
        "nodes": pd.concat(nodes, ignore_index=True),
        "edges": pd.concat(edges, ignore_index=True),
    }


TABLES = {
    "recurrent": recurrent_tables,
    "recursive": recursive_tables,
    "message_passing": message_passing_tables,
    "particlenet": particlenet_tables,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rejections without background
        return {study: make(folder / study) for study, make in TABLES.items()}


@pytest.mark.parametrize("study", TABLES)
def test_same_tables_same_picture(study, made):
    fig = same_picture(study, lambda: made[study])
    assert letters(fig) == ascii_lowercase[: PANELS[study]]


@pytest.mark.parametrize("study", TABLES)
def test_networks_that_all_diverged_are_told(study, made):
    lost = made[study] | {"": made[study][""].assign(status="diverged")}
    (text,) = drawn(study, lost, render=True).axes[0].texts
    assert "diverged" in text.get_text()


def test_every_number_of_rereading_is_in_its_cell(made):
    ax = panel(drawn("recurrent", made["recurrent"]), "d")
    (mesh,) = (one for one in ax.collections if isinstance(one, QuadMesh))
    np.testing.assert_allclose(np.reshape(mesh.get_array(), (3, 3)), 0.5 + 0.1 * np.eye(3))
    bold = {text.get_text() for text in ax.texts if text.get_fontweight() == "bold"}
    assert bold == {"0.600"} and len(ax.texts) == 9


def test_several_sizes_are_told_apart(tmp_path):
    ax = panel(drawn("recurrent", recurrent_tables(tmp_path, ("small", "paper"))), "a")
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert len(set(labels)) == 6 and labels[0].startswith("LSTM, ")
    assert sum(label.endswith("paper's size") for label in labels) == 3


def test_one_order_has_nothing_to_compare_with(made):
    tables = {
        name: table[table["order"] == "pt"] if "order" in table else table
        for name, table in made["recurrent"].items()
    }
    tables["pairs"] = tables["pairs"].iloc[:0]
    assert "no other order" in panel(drawn("recurrent", tables), "c").texts[0].get_text()


def test_trees_and_gates_have_a_panel_each(made):
    fig = drawn("recursive", made["recursive"])
    for letter, labels in (("c", ["plain", "gated"]), ("d", ["gated", "gated"])):
        texts = [text.get_text() for text in panel(fig, letter).get_yticklabels()]
        assert [text.split(", ")[1] for text in texts] == labels


def test_one_tree_has_no_other(tmp_path):
    ax = panel(drawn("recursive", recursive_tables(tmp_path, ("kt",))), "c")
    assert "nothing to compare" in ax.texts[0].get_text()


def test_the_best_tagger_stands_first(made):
    ax = panel(drawn("particlenet", made["particlenet"]), "a")
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert labels == ["LoLa", "ParticleNet", "LSTM", "graph net"]
    assert [text.get_text() for text in ax.texts] == ["× 1 diverged"]


def test_a_particlenet_that_diverged_is_drawn(tmp_path):
    fig = drawn("particlenet", particlenet_tables(tmp_path, (None, None)))
    assert "nothing to compare" in panel(fig, "c").texts[0].get_text()


def test_edges_are_those_that_weigh_more_than_equal_ones(made):
    fig = drawn("message_passing", made["message_passing"])
    # the mean of both ways, in units of 1/3: 0–1 has 1.5 and 1.2, 0–2 1.35, 1–2 1.65
    first, second, third = (0, 0), (0.1, 0.3), (-0.2, 0.1)
    expected = {
        "f": {1.5: (first, second)},
        "g": {1.2: (first, second), 1.35: (first, third), 1.65: (second, third)},
    }
    for letter, edges in expected.items():
        (lines,) = (x for x in panel(fig, letter).collections if isinstance(x, LineCollection))
        np.testing.assert_allclose(lines.get_array(), list(edges))
        np.testing.assert_allclose(lines.get_segments(), list(edges.values()))


def test_names_keep_the_order_of_their_texts():
    table = pd.DataFrame({"size": "small", "tree": ["b", "a", "c"], "gated": ["yes", "no", "no"]})
    columns = {"tree": {"a": "A", "b": "B"}, "gated": {"no": "", "yes": "gated"}}
    made, labels = points.named({"": table, "else": pd.DataFrame()}, columns)
    assert labels == {"a/no": "A", "b/yes": "B, gated", "c/no": "c"}
    assert made[""][points.KEY].tolist() == ["b/yes", "a/no", "c/no"] and made["else"].empty
