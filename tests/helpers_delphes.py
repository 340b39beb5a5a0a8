"""A program that looks like DelphesPythia8, and a card that looks like one of Delphes'.

``data_files/delphes_jets_ATLAS.root`` is real: 8 all-hadronic tt̄ events of Delphes 3.5.1 with its
ATLAS card, R = 0.6 for the jets of stable particles, cut down to the branches that a run writes.
"""

import json
import sys
from pathlib import Path

import yaml
from helpers_workflow import ROOT

from relearn import config

EVENTS = ROOT / "tests/data_files/delphes_jets_ATLAS.root"
NUMBER = 8
CARD = """\
# a detector in Delphes' format
set ExecutionPath {
  Propagator
  ECal
  HCal
  TowerMerger
  MuonIsolation
  MissingET
  NeutrinoFilter
  GenJetFinder
  GenMissingET
  JetFinder
  BTagging
  UniqueObjectFinder

  TreeWriter
}

module ParticlePropagator Propagator {
  set InputArray Delphes/stableParticles
  set OutputArray stableParticles
  set Bz 2.0
}

module SimpleCalorimeter ECal {
  set ParticleInputArray Propagator/stableParticles
  set TrackInputArray Propagator/tracks
  set PhiBins {}
  for {set i -4} {$i <= 4} {incr i} {
    add PhiBins [expr {$i * acos(-1)/4.0}]   ;# a comment with {braces}
  }
  foreach eta {-1 0 1} {
    add EtaPhiBins $eta $PhiBins
  }
  set ResolutionFormula { (abs(eta) <= 1.5) * sqrt(energy*0.101^2) +
                          (abs(eta) > 1.5) * 0.285 }
}

module SimpleCalorimeter HCal {
  set ParticleInputArray Propagator/stableParticles
  set TrackInputArray ECal/eflowTracks
}

module Merger TowerMerger {
# add InputArray InputArray
  add InputArray ECal/ecalTowers
  add InputArray HCal/hcalTowers
}

module Isolation MuonIsolation {
  set CandidateInputArray Propagator/muons
  set IsolationInputArray TowerMerger/towers
}

module Merger MissingET {
  add InputArray TowerMerger/towers
}

module PdgCodeFilter NeutrinoFilter {
  set InputArray Delphes/stableParticles
}

module FastJetFinder GenJetFinder {
  set InputArray NeutrinoFilter/filteredParticles
  set JetAlgorithm 6
  set ParameterR 0.6
}

module Merger GenMissingET {
  add InputArray NeutrinoFilter/filteredParticles
}

module FastJetFinder JetFinder {
  set InputArray TowerMerger/towers
  set ParameterR 0.6
}

module BTagging BTagging {
  set JetInputArray JetFinder/jets
}

module UniqueObjectFinder UniqueObjectFinder {
  add InputArray ECal/electrons electrons
  add InputArray MuonIsolation/muons muons
  add InputArray JetFinder/jets jets
}

module TreeWriter TreeWriter {
# add Branch InputArray BranchName BranchClass
  add Branch Delphes/allParticles Particle GenParticle
  add Branch Propagator/tracks Track Track
#  add Branch TowerMerger/towers Tower Tower
  add Branch HCal/eflowTracks EFlowTrack Track
  add Branch ECal/eflowPhotons EFlowPhoton Tower
  add Branch HCal/eflowNeutralHadrons EFlowNeutralHadron Tower
  add Branch GenJetFinder/jets GenJet Jet
  add Branch GenMissingET/momentum GenMissingET MissingET
  add Branch UniqueObjectFinder/jets Jet Jet
  add Branch UniqueObjectFinder/electrons Electron Electron
  add Branch UniqueObjectFinder/muons Muon Muon
  add Branch MissingET/momentum MissingET MissingET
}
"""
PROGRAM = f"""\
#!{sys.executable}
import json, pathlib, shutil, sys
card, run, output = map(pathlib.Path, sys.argv[1:])
record = pathlib.Path(__file__).with_name("called.json")
record.write_text(json.dumps([card.read_text(), run.read_text(), output.name]))
print("** INFO: initializing module")
if output.exists():
    sys.exit("** ERROR: can't create output file")
{{behaviour}}
"""
# of a config: two samples through Delphes, a dataset of their jets, and a study that reads it
SAMPLES = {
    "samples": {
        f"delphes_{process}": {
            "card": f"config/pythia/{process}.cmnd",
            "detector": "delphes",
            "detector_card": "ATLAS",
            "keep": "jets",
            "events_per_part": NUMBER,
            "jets": {"pt": [300.0, 800.0], "abs_eta_max": 2.5},
        }
        for process in ("ttbar_hadronic_low", "qcd_low")
    },
    "datasets": {
        "delphes_low": {
            "kind": "tagging",
            "signal": "delphes_ttbar_hadronic_low",
            "background": "delphes_qcd_low",
            "jets": {"train": 12, "validation": 1, "test": 1},
        }
    },
    "studies": {"jet_validation": {"datasets": ["delphes_low"]}},
}
COPY = f"shutil.copyfile({str(EVENTS)!r}, output)"


def install(prefix: Path, behaviour: str = COPY) -> Path:
    """Install the program and its cards as conda does; return the folder for the PATH."""
    program = prefix / "bin/DelphesPythia8"
    program.parent.mkdir(parents=True)
    program.write_text(PROGRAM.format(behaviour=behaviour))
    program.chmod(0o755)
    (prefix / "cards").mkdir()
    for name in ("ATLAS", "CMS"):
        (prefix / f"cards/delphes_card_{name}.tcl").write_text(CARD)
    return program.parent


def called(folder: Path) -> tuple[str, str, str]:
    """Return what the program was given: detector card, Pythia card, name of the output."""
    return json.loads((folder / "called.json").read_text())


def with_samples() -> config.Config:
    """Return the config of nano scale with `SAMPLES`."""
    raw = SAMPLES
    for path in ("scale/nano.yaml", "config.yaml"):
        text = (config.CONFIG_FOLDER / path).read_text()
        raw = config.merge(yaml.safe_load(text), raw)
    return config.resolve(raw)
