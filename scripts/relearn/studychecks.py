"""What a config and a command line ask of the studies: stopped before Snakemake looks for jobs."""

from collections.abc import Iterable
from typing import Any

from relearn.config import Config
from relearn.configkeys import perhaps
from relearn.configstudies import Study
from relearn.configtaggers import TaggerScan
from relearn.errors import UserError
from relearn.studylist import NETWORKS, STUDIES, TAGGERS

KINDS = ("tower", "eflow")  # of jets


def check_studies(config: Config) -> None:
    """Stop at a study or an option that does not exist, or at what a study cannot look at.

    Raises
    ------
    UserError
        Naming the key and what is allowed.
    """
    for name, study in config.studies.items():
        if name not in STUDIES:
            raise UserError(f"studies.{name}: no such study; allowed: {', '.join(sorted(STUDIES))}")
        unknown = set(study.options) - set(STUDIES[name].options)
        if unknown:
            raise UserError(
                f"studies.{name}.options: unknown {', '.join(sorted(unknown))}; "
                f"allowed: {', '.join(sorted(STUDIES[name].options)) or 'none'}"
            )
        for key, value in study.options.items():
            _check_option(f"studies.{name}.options.{key}", value, STUDIES[name].options[key])
        _check_what(f"studies.{name}", study, STUDIES[name].of, config)


def _check_option(key: str, value: Any, default: Any) -> None:
    if isinstance(default, str):
        if value not in KINDS:
            raise UserError(f"{key}: {value!r} is no kind of jets; allowed: {', '.join(KINDS)}")
        return
    least = min(default, 1)  # a number of jets, or which jet
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise UserError(f"{key}: has to be a whole number from {least} on (it is {value!r})")


def _check_what(key: str, study: Study, of: tuple[str, ...], config: Config) -> None:
    if not study.scans and not study.datasets:
        raise UserError(f"{key}: needs `scans` or `datasets` to look at")
    if of not in (NETWORKS, TAGGERS):
        if study.scans:
            raise UserError(f"{key}.scans: it looks at no networks, at `datasets` alone")
        for dataset in study.datasets:
            if (kind := config.datasets[dataset].kind) not in of:
                raise UserError(
                    f"{key}.datasets: {dataset} is of kind {kind}; allowed: {', '.join(of)}"
                )
        return
    for scan in study.scans:
        if isinstance(config.scans[scan], TaggerScan) != (of == TAGGERS):
            other = "taggers" if of == NETWORKS else "fully connected networks"
            raise UserError(f"{key}.scans: {scan} trains {other}; it looks at {of[0]}")


def check_targets(config: Config, words: Iterable[str]) -> None:
    """Stop at a figure or a result that a scale does not have, before Snakemake finds no rule.

    Parameters
    ----------
    config
        Of the scale.
    words
        Of the command line; those that are no such target are left alone.

    Raises
    ------
    UserError
        Naming the target, what is meant perhaps, and the cure.
    """
    figures = [f"fig_{study}" for study in config.studies]
    for target in words:
        if target.startswith("fig_") and target not in figures:
            raise UserError(
                f"there is no figure {target}{perhaps(target, figures)} at scale {config.scale}: "
                f"`make figures SCALE={config.scale}` lists them"
            )
        place = target.split("/")
        if len(place) > 3 and place[0] == "results" and place[1] != config.scale:
            raise UserError(
                f"{target} is no result of the scale {config.scale}: say which, with "
                "`--config scale=…` at the end"
            )
