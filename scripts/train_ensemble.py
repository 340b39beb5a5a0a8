"""Rule `train`: a dataset → the trained networks of one batch of a scan."""

from pathlib import Path

from relearn.cli import main_guard
from relearn.training import arguments, job


def main() -> None:
    parser = arguments.parser(__doc__)
    parser.add_argument("--pretrained", type=Path, help="folder of the scan to start from")
    given = vars(parser.parse_args())
    output = given.pop("output")
    task = job.Job(**given)
    job.write(task, job.run(task), output)


if __name__ == "__main__":
    main_guard(main)
