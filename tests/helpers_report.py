"""Made-up results, and the page that is made of them."""

import csv
import json
import struct
import zlib
from pathlib import Path

from relearn import config, provenance
from relearn.report import page
from relearn.scoring import COLUMNS
from relearn.studylist import STUDIES

TALK = "000, Chitturi & Onyisi, ACAT 2017: “10 nodes: almost perfect”"


def png(width: int, height: int) -> bytes:
    """Return a white picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    lines = zlib.compress((b"\0" + b"\xff" * width) * height)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def claim(name: str, **changes) -> dict:
    """Return a row of claims.csv."""
    row = {
        "id": name,
        "source": TALK,
        "statement": f"Statement of {name}.",
        "expected": "> 0.999",
        "measured": 0.99951,
        "uncertainty": 0.00012,
        "verdict": "reproduced",
        "scale": "nano",
        "threshold": "ours",
        "study": "pt_nodes",
        "n": 5,
        "reason": "all as stated",
    }
    return row | changes


def network(name: str, **changes) -> dict:
    """Return a row of a main table."""
    row = {
        "run": name,
        "scan": "pt_nodes",
        "dataset": "zmumu",
        "target": "pt",
        "hidden": "10",
        "activation": "leaky_relu",
        "trial": 0,
        "parameters": 101,
        "status": "ok",
        "epochs": 20,
        "r": 0.9991,
    }
    return row | changes


def write_csv(path: Path, rows: list[dict], columns=None) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, columns or list(rows[0]))
        table.writeheader()
        table.writerows(rows)


class Results:
    """Made-up results of a scale, in a folder; a test changes them, then builds the page."""

    def __init__(self, folder: Path, studies=("pt_nodes", "pt_weights"), scale="nano"):
        self.folder, self.studies = folder, studies
        for name in ("figures", "tables", "report", "benchmarks/train/pt_nodes"):
            (folder / name).mkdir(parents=True)
        self.claims([claim("ten_nodes"), claim("nine_nodes", verdict="differs")])
        for study in studies:
            (folder / f"figures/{study}.png").write_bytes(png(40, 30))
            (folder / f"figures/{study}.pdf").write_bytes(b"%PDF-1.7")
            (folder / f"report/{study}.rst").write_text(f"Caption of **{study}**, :math:`p_T`.\n")
            for path in self.tables_of(study):
                write_csv(path, [network("mlp-h10-t0"), network("mlp-h20-t1", r="", trial=1)])
        times = "s\th:m:s\tmax_rss\tcpu_time\n75.0\t0:01:15\t310.0\t70\n"
        (folder / "benchmarks/train/pt_nodes/0000.tsv").write_text(times)
        resolved = config.load(scale)
        found = provenance.collect(resolved.model_dump(), folder / "benchmarks", folder / "models")
        (folder / "provenance.json").write_text(json.dumps(found, sort_keys=True))

    def tables_of(self, study: str) -> list[Path]:
        stems = [study, *(f"{study}_{extra}" for extra in STUDIES[study].extras)]
        return [self.folder / f"tables/{stem}.csv" for stem in stems]

    def claims(self, rows: list[dict]) -> None:
        write_csv(self.folder / "claims.csv", rows, COLUMNS)

    def files(self) -> dict[str, list[Path]]:
        """Return option → files, as `build_report.py` takes them."""
        return {
            "claims": [self.folder / "claims.csv"],
            "figures": [self.folder / f"figures/{study}.png" for study in self.studies],
            "tables": [path for study in self.studies for path in self.tables_of(study)],
            "captions": [self.folder / f"report/{study}.rst" for study in self.studies],
            "provenance": [self.folder / "provenance.json"],
            "output": [self.folder / "report.html"],
        }

    def build(self, **changes: list[Path]) -> str:
        """Return the page; `changes` give other files for some options."""
        files = self.files() | changes
        return page.build(
            files["claims"][0],
            files["figures"],
            files["tables"],
            files["captions"],
            files["provenance"][0],
            files["output"][0],
        )
