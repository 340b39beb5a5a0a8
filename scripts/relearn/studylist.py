"""Every study: its title, its tables and options, and what it looks at.

Read by the plan, and by each job that loads a study: nothing heavy is imported here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# What studies look at: trained networks, or the events of such kinds of datasets.
NETWORKS, TAGGERS = ("networks",), ("taggers",)
JETS = ("tagging", "external")


@dataclass(frozen=True)
class StudyPlan:
    """What a study makes besides its main table, and what it takes.

    Attributes
    ----------
    title
        Of its page and its place in the report.
    extras
        Tables besides the main one.
    options
        Its settings with their defaults: a number or a kind of jets.
    of
        What it looks at: fully connected `networks`, `taggers`, or the events of datasets of such
        kinds.
    """

    title: str
    extras: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    of: tuple[str, ...] = TAGGERS


STUDIES = {
    "samples": StudyPlan("The simulated samples", extras=("histograms",), of=("dimuon", "momenta")),
    "detector_validation": StudyPlan(
        "The embedded detector against Delphes",
        extras=("histograms", "efficiencies"),
        of=("detector",),
    ),
    "pt_nodes": StudyPlan(
        "pT of Z→μμ against the number of nodes", extras=("predictions", "bins"), of=NETWORKS
    ),
    "pt_layers": StudyPlan("pT with a second layer, and dead units", extras=("bins",), of=NETWORKS),
    "pt_weights": StudyPlan(
        "First-layer weights of the pT networks", extras=("matrix",), of=NETWORKS
    ),
    "pt_transfer": StudyPlan("pT across samples", extras=("bins",), of=NETWORKS),
    "mass_grid": StudyPlan(
        "Invariant mass over nodes and layers",
        extras=("predictions", "bins", "reference"),
        of=NETWORKS,
    ),
    "angles": StudyPlan("Angles and boost of the pair", extras=("predictions",), of=NETWORKS),
    "identity": StudyPlan("V → V: the weight matrices found", extras=("matrix",), of=NETWORKS),
    "square": StudyPlan(
        "V → V²: segments, zero crossings, residual", extras=("curves", "history"), of=NETWORKS
    ),
    "norm_squared": StudyPlan("V → |V|²: intuitive or not", extras=("history",), of=NETWORKS),
    "jet_validation": StudyPlan(
        "The jets of taggers", extras=("histograms", "spectra", "tests"), of=JETS
    ),
    "image_steps": StudyPlan(
        "A jet image, step by step",
        extras=("pixels", "maxima"),
        options={"kind": "tower", "jet": 0},
        of=JETS,
    ),
    "image_average": StudyPlan(
        "Average jet images", extras=("pixels",), options={"kind": "tower", "jets": 10_000}, of=JETS
    ),
    "image_taggers": StudyPlan(
        "Image taggers, and trees beside them", extras=("points", "roc", "pairs")
    ),
    "image_preprocessing": StudyPlan(
        "Steps of a jet image on and off", extras=("points", "roc", "pairs")
    ),
    "image_pearson": StudyPlan(
        "What the output of an image tagger goes with",
        extras=("layers", "rings", "pixels"),
        options={"jets": 20_000},
    ),
    "image_features": StudyPlan(
        "Feature maps, layer by layer",
        extras=("layers", "maps"),
        options={"jets": 20_000, "jet": 0},
    ),
    "mass_slices": StudyPlan(
        "Masses of jets chosen by truth, trees and network",
        extras=("points", "histograms", "calibration"),
    ),
    "pixel_threshold": StudyPlan(
        "Faint pixels made dark", extras=("points", "pairs", "tested"), options={"jets": 40_000}
    ),
    "jes_image": StudyPlan(
        "An image tagger under a shifted energy scale",
        extras=("points", "shifts", "pairs"),
        options={"jets": 40_000},
    ),
    "lola_roc": StudyPlan(
        "LoLa against images and trees, low and high pT", extras=("points", "roc", "pairs")
    ),
    "lola_constituents": StudyPlan(
        "LoLa against the number of constituents", extras=("points", "pairs")
    ),
    "lola_metric": StudyPlan(
        "The metric that LoLa learns", extras=("points", "pairs", "components")
    ),
    "lola_ablation": StudyPlan("LoLa without some of its rows", extras=("points", "pairs")),
    "lola_nvector": StudyPlan(
        "LoLa with charge and impact parameters", extras=("points", "roc", "pairs")
    ),
    "recurrent": StudyPlan(
        "LSTM and GRU: the order of constituents", extras=("points", "roc", "pairs", "reread")
    ),
    "recursive": StudyPlan(
        "Recursive nets: kT or C/A, plain or gated", extras=("points", "roc", "pairs")
    ),
    "message_passing": StudyPlan(
        "Message passing: fixed or learned adjacency",
        extras=("points", "roc", "pairs", "messages", "nodes", "edges"),
        options={"jet": 0},
    ),
    "particlenet": StudyPlan("ParticleNet against the others", extras=("points", "roc", "pairs")),
    "tagger_comparison": StudyPlan(
        "All taggers on the same events",
        extras=("points", "roc", "pairs", "correlations", "orders"),
    ),
    "deep_sets": StudyPlan(
        "EFN and PFN: latent space and filters",
        extras=("points", "roc", "pairs", "filters", "sizes"),
    ),
    "observables": StudyPlan(
        "Observables learnt as sums over constituents",
        extras=("points", "pairs", "forms", "predictions"),
    ),
}
