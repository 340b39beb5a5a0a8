"""Lists the figures of the config: what each shows and the command that redraws it."""

import argparse

from relearn import config
from relearn.cli import main_guard
from relearn.studylist import STUDIES


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="default")
    scale = parser.parse_args().scale
    resolved = config.load(scale)
    width = max(len(study) for study in resolved.studies)
    for study in resolved.studies:
        print(f"fig_{study:<{width}}  {STUDIES[study].title}")
    option = "" if scale == "default" else f" --config scale={scale}"
    print(f"\nRedraw one: snakemake --cores 1 fig_{next(iter(resolved.studies))}{option}")


if __name__ == "__main__":
    main_guard(main)
