"""Rule `jets`: one event file → the jets in it, as a Parquet file."""

import argparse
import json

from relearn.cli import main_guard
from relearn.data import cutreport, jetfile
from relearn.data.jets import find, origin
from relearn.seeds import derive


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", required=True)
    parser.add_argument("--part", required=True)
    parser.add_argument("--settings", type=json.loads, required=True, help="JSON of the jets")
    parser.add_argument("--events", required=True, help="event file")
    parser.add_argument("--detector", nargs="*", default=[], help="card with track resolutions")
    parser.add_argument("--root-seed", type=int, default=0)
    parser.add_argument("--output", required=True)
    arguments = parser.parse_args()

    seed = derive("jets", arguments.sample, arguments.part, root=arguments.root_seed)
    card = next(iter(arguments.detector), None)
    found = find(arguments.events, arguments.settings, card, seed)
    about = {
        "sample": arguments.sample,
        "part": arguments.part,
        "settings": arguments.settings,
        "origin": origin(arguments.events),
        "events": found.events,
        "spectrum": found.spectrum.tolist(),
        "hat_spectrum": found.hat_spectrum.tolist(),
    }
    jetfile.write(arguments.output, found.jets, about)
    print(
        f"{arguments.sample} {arguments.part}: {len(found.jets)} jets in {found.events} events "
        f"({len(found.jets) / found.events:.4f} each)"
    )
    for line in cutreport.of_jets(found.jets):
        print(line)


if __name__ == "__main__":
    main_guard(main)
