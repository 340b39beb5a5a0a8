"""Rule `generate_delphes`: a Pythia card → one part of a sample through Delphes, as a ROOT file."""

import argparse
import json

from relearn.cli import main_guard
from relearn.generate.delphes import generate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", required=True)
    parser.add_argument("--part", required=True, help="train-0000, validation-0000, …")
    parser.add_argument(
        "--settings", type=json.loads, required=True, help="JSON of the sample in the config"
    )
    parser.add_argument("--card", required=True, help="Pythia's settings of the process")
    parser.add_argument("--detector", nargs="*", default=[], help="a Delphes card of your own")
    parser.add_argument("--root-seed", type=int, default=0)
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()

    made = generate(
        arguments.settings,
        arguments.sample,
        arguments.part,
        arguments.output,
        card=arguments.card,
        detector_card=next(iter(arguments.detector), None),
        root_seed=arguments.root_seed,
    )
    print(
        f"{arguments.sample} {arguments.part}: {made['events']} events in {made['seconds']:.1f} s "
        f"({made['events'] / made['seconds']:.0f}/s), {made['failed_events']} failed, card "
        f"{made['delphes']['card']}"
    )


if __name__ == "__main__":
    main_guard(main)
