"""Rule `train_tagger`: a dataset → the trained taggers of one batch of a scan."""

import sys

from relearn.cli import main_guard
from relearn.training import arguments, parallel, tagger_settings, taggerjob


def main() -> None:
    parser = arguments.parser(__doc__)
    names = "names of the batch's runs"
    parser.add_argument("--runs", nargs="+", required=True, dest="names", help=names)
    given = vars(parser.parse_args())
    output = given.pop("output")
    task = taggerjob.TaggerJob(**given)
    devices = tagger_settings.devices(task.spec)
    if devices > 1 and not parallel.launched():
        parallel.launch(sys.argv, devices)
        return
    with parallel.group():
        outcome = taggerjob.run(task)
        if parallel.rank() == 0:
            taggerjob.write(task, outcome, output)


if __name__ == "__main__":
    main_guard(main)
