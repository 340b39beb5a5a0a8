"""Rule `train_tagger`: a dataset → the trained taggers of one batch of a scan."""

import argparse
import json
from pathlib import Path

from relearn.cli import main_guard
from relearn.training import taggerjob


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scan", type=json.loads, required=True, help="JSON of the scan")
    parser.add_argument("--batch", required=True)
    parser.add_argument("--runs", nargs="+", required=True, help="names of the batch's runs")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--code", default="", help="fingerprint of the code")
    parser.add_argument("--checkpoint", type=Path, help="folder; kept only until the end")
    parser.add_argument("--output", type=Path, required=True, help="folder of the batch")
    arguments = parser.parse_args()

    task = taggerjob.TaggerJob(
        spec=arguments.scan,
        batch=arguments.batch,
        names=arguments.runs,
        dataset=arguments.dataset,
        device=arguments.device,
        code=arguments.code,
        checkpoints=arguments.checkpoint,
    )
    taggerjob.write(task, taggerjob.run(task), arguments.output)


if __name__ == "__main__":
    main_guard(main)
