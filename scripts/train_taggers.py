"""Rule `train_tagger`: a dataset → the trained taggers of one batch of a scan."""

from relearn.cli import main_guard
from relearn.training import arguments, taggerjob


def main() -> None:
    parser = arguments.parser(__doc__)
    names = "names of the batch's runs"
    parser.add_argument("--runs", nargs="+", required=True, dest="names", help=names)
    given = vars(parser.parse_args())
    output = given.pop("output")
    task = taggerjob.TaggerJob(**given)
    taggerjob.write(task, taggerjob.run(task), output)


if __name__ == "__main__":
    main_guard(main)
