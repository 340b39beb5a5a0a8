"""The typed config of the data: samples, jets, datasets."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Positive = Annotated[float, Field(gt=0)]
# YAML reads on and off without quotes as true and false.
Switch = Annotated[
    Literal["auto", "on", "off"],
    BeforeValidator(
        lambda value: {True: "on", False: "off"}[value] if type(value) is bool else value
    ),
]


class Strict(BaseModel):
    """Frozen; an unknown key and an infinite number are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Partons(Strict):
    """Events go on only with a jet of partons in this window: wide, so that no jet is lost."""

    pt: tuple[Positive, Positive] = Field(description="window of transverse momentum, GeV")
    abs_rapidity_max: float = Field(gt=0, description="largest |rapidity|")

    @model_validator(mode="after")
    def _window_rises(self) -> "Partons":
        if self.pt[0] >= self.pt[1]:
            raise ValueError(f"pt: the window {list(self.pt)} has to rise")
        return self


class Jets(Strict):
    """The jet that is taken from each event: the leading one, if it passes."""

    radius: float = Field(1.5, gt=0, description="R of the anti-kT jet and of its reclustering")
    pt: tuple[Positive, Positive] = Field(description="window of transverse momentum, GeV")
    abs_eta_max: float = Field(1.0, gt=0, description="largest |pseudorapidity|")
    select_on: Literal["eflow", "tower"] = Field(
        "eflow", description="which jet has to pass; the other kind's jet is stored beside it"
    )
    match: float | None = Field(
        None, gt=0, description="largest ΔR to a top that decays into hadrons; null: no top asked"
    )
    keep: int = Field(200, ge=1, description="constituents kept, those of highest pT")
    partons: Partons | None = Field(
        None,
        description="events without one of their three hardest jets of partons in this window "
        "are given up early, in the middle of the shower; null: none are",
    )

    @model_validator(mode="after")
    def _windows_fit(self) -> "Jets":
        if self.pt[0] >= self.pt[1]:
            raise ValueError(f"pt: the window {list(self.pt)} has to rise")
        wide = self.partons
        if wide and not (
            wide.pt[0] < self.pt[0]
            and self.pt[1] < wide.pt[1]
            and self.abs_eta_max < wide.abs_rapidity_max
        ):
            raise ValueError(
                f"partons: the window has to be wider than that of the jets, pt {list(self.pt)} "
                f"and |η| < {self.abs_eta_max:g}, or it shapes them"
            )
        return self


class Sample(Strict):
    """Simulated events of one process."""

    card: str = Field(
        description="Pythia card (.cmnd): a path from the working directory, or of this repository"
    )
    detector: Literal["none", "embedded", "delphes"] = Field(
        "embedded",
        description="none: particle level; embedded: the built-in detector response; delphes: "
        "DelphesPythia8, from its conda environment or the PATH",
    )
    detector_card: Literal["CMS", "ATLAS"] = Field(
        "CMS", description="whose efficiencies and resolutions the detector has"
    )
    delphes_card: str | None = Field(
        None,
        description="with detector delphes, a card of your own (.tcl) in place of the one that "
        "Delphes brings for `detector_card`",
    )
    multiple_interactions: bool = Field(
        False, description="Pythia's multiple parton interactions (five times slower)"
    )
    keep: Literal["prompt_muons", "stable", "jets"] = Field(
        "prompt_muons",
        description="what is written: prompt muons only; all stable particles; or what jets need, "
        "energy flow, towers and the hard process",
    )
    events_per_part: int = Field(4000, ge=1, description="events in one file, made by one job")
    jets: Jets | None = Field(None, description="the jets looked for in the events")
    keep_events: bool = Field(
        False,
        description="keep the event files when their jets are found; false: they are deleted, "
        "and made anew where they are needed again",
    )

    @model_validator(mode="after")
    def _jets_are_kept(self) -> "Sample":
        if self.jets and self.keep != "jets":
            raise ValueError("jets: are found in what `keep: jets` writes: set it")
        if self.detector == "delphes" and self.keep != "jets":
            raise ValueError("detector: delphes writes what jets need: set `keep: jets`")
        if self.delphes_card and self.detector != "delphes":
            raise ValueError(f"delphes_card: is for detector: delphes, not {self.detector}")
        if self.detector == "delphes" and self.jets and self.jets.partons:
            raise ValueError("jets.partons: Delphes makes every event to its end: set it to null")
        if self.detector == "none" and self.jets and self.jets.select_on == "tower":
            raise ValueError("jets.select_on: there are no towers without a detector")
        return self

    def generation(self) -> dict[str, Any]:
        """Return what `relearn.generate.events.Settings` takes."""
        jets = self.jets
        judged = None
        if jets and jets.partons:
            judged = jets.partons.model_dump() | {"radius": jets.radius}
        of_jets = {"gen_jet_radius": jets.radius if jets else None, "parton_filter": judged}
        return self.model_dump(exclude={"jets", "delphes_card", "keep_events"}) | of_jets


class Split(Strict):
    """Number of events in each part of a dataset."""

    train: int = Field(ge=1, description="events that gradients see")
    validation: int = Field(ge=1, description="events that choose the best epoch")
    test: int = Field(ge=1, description="events that are looked at once, by the studies")


class Selection(Strict):
    """Cuts on both muons of a pair."""

    pt_min: float = Field(0.0, ge=0, description="least transverse momentum of a muon, GeV")
    abs_eta_max: float = Field(10.0, gt=0, description="largest |pseudorapidity| of a muon")


class Dimuon(Strict):
    """The leading muon of each charge, and the invariants of the pair."""

    kind: Literal["dimuon"] = Field(description="two muons of an event")
    sample: Name = Field(description="the sample that the events come from")
    selection: Selection = Field(Selection(), description="cuts on both muons")
    events: Split = Field(description="how many in each split")


class Momenta(Strict):
    """Toy momenta, for functions of one three-vector."""

    kind: Literal["momenta"] = Field(description="toy momenta")
    events: Split = Field(description="how many in each split")


class JetSplit(Strict):
    """Number of jets of each class in each part of a dataset."""

    train: int = Field(ge=1, description="jets of each class that gradients see")
    validation: int = Field(ge=1, description="jets of each class that choose the best epoch")
    test: int = Field(ge=1, description="jets of each class that are looked at once")


class Tagging(Strict):
    """Jets of two samples, as many of each: signal (label 1) and background (label 0)."""

    kind: Literal["tagging"] = Field(description="jets of two classes")
    signal: Name = Field(description="the sample with label 1")
    background: Name = Field(description="the sample with label 0")
    jets: JetSplit = Field(description="how many of each class in each split")
    constituents: int = Field(200, ge=1, description="constituents stored, those of highest pT")


class Detector(Strict):
    """What both cards of the embedded detector see, beside what Delphes has seen."""

    kind: Literal["detector"] = Field(description="the embedded detector and Delphes")
    samples: dict[Literal["ttbar", "zmumu"], Name] = Field(
        min_length=1,
        description="process of the reference → a sample of it, `detector: none`, `keep: stable`",
    )
    events: int = Field(ge=1, description="events of each; nothing is selected")


class External(Strict):
    """Jets made elsewhere: four-vectors of constituents in HDF5, Parquet or ROOT files."""

    kind: Literal["external"] = Field(description="a file of somebody else")
    files: dict[Literal["train", "validation", "test"], str] = Field(
        description="a file for each split: a pandas table as in the public top-tagging "
        "reference set (HDF5 or Parquet), or a ROOT tree"
    )
    columns: list[str] = Field(
        ["E_{i}", "PX_{i}", "PY_{i}", "PZ_{i}"],
        min_length=4,
        max_length=4,
        description="columns of E, px, py, pz; {i} counts the constituents from 0; without {i} "
        "a column holds a list for each jet",
    )
    label: str = Field("is_signal_new", description="column of the label, 1 or 0")
    key: str = Field("table", description="name of the table or tree in the file")
    jets: JetSplit | None = Field(None, description="how many of each class; null: all there are")
    constituents: int = Field(
        200, ge=1, description="constituents stored, those of highest pT; zeros beyond the last"
    )
    radius: float = Field(0.8, gt=0, description="R of the jets, for their observables")

    @model_validator(mode="after")
    def _each_split_has_a_file(self) -> "External":
        if absent := [split for split in JetSplit.model_fields if split not in self.files]:
            raise ValueError(f"files: no file for {', '.join(absent)}")
        return self
