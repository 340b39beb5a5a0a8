"""Rule `generate`: a Pythia card → one part of a sample, as a ROOT file."""

import argparse
import json

from relearn.cli import main_guard
from relearn.generate.events import Settings, generate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", required=True)
    parser.add_argument("--part", required=True, help="train-0000, validation-0000, …")
    parser.add_argument("--settings", required=True, help="JSON of the sample in the config")
    parser.add_argument("--card", required=True, help="Pythia's settings of the process")
    parser.add_argument("--detector", nargs="*", default=[], help="card of the embedded detector")
    parser.add_argument("--root-seed", type=int, default=0)
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()

    settings = Settings(**json.loads(arguments.settings))
    made = generate(
        settings,
        arguments.sample,
        arguments.part,
        arguments.output,
        card=arguments.card,
        detector_card=next(iter(arguments.detector), None),
        root_seed=arguments.root_seed,
    )
    print(
        f"{arguments.sample} {arguments.part}: {settings.events_per_part} events in "
        f"{made['seconds']:.1f} s ({settings.events_per_part / made['seconds']:.0f}/s), "
        f"{made['tried_events']} tried, "
        f"{made['failed_events']} failed, cross section {made['cross_section_pb']:.4g} ± "
        f"{made['cross_section_error_pb']:.2g} pb, Pythia {made['pythia']['version']}"
    )


if __name__ == "__main__":
    main_guard(main)
