"""Builds every tagger of some scans, untrained: the scans (JSON, standard input) → a list of them.

Read by `relearn.taggercheck`, before the workflow has a job.
"""

import json
import sys

from relearn.cli import main_guard
from relearn.errors import UserError
from relearn.models import taggerfile
from relearn.taggerruns import expand
from relearn.training import onetagger


def main() -> None:
    for spec in json.load(sys.stdin):
        for run in expand(spec):
            try:
                taggerfile.untrained(run)
                onetagger.settings_of(run, spec)
            except (UserError, TypeError, ValueError, RuntimeError) as error:
                reason = " ".join(str(error).split())
                raise UserError(
                    f"scans.{spec['name']}: {run.name} cannot be built: {reason}"
                ) from None
            print(run.name)


if __name__ == "__main__":
    main_guard(main)
