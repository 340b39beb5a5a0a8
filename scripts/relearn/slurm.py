"""Whether SLURM can say how its jobs ended: where it cannot, a run would wait for ever."""

import subprocess

from relearn.errors import UserError

DISABLED = "accounting storage is disabled"
LONGEST = 60  # s, for an answer


def require_states(command: str | None) -> None:
    """Ask for jobs in the way in which the SLURM plugin will.

    Parameters
    ----------
    command
        The plugin's ``status_command``; None where jobs do not go to SLURM.

    Raises
    ------
    UserError
        If there is no data base of accounts, which ``sacct`` reads. Any other trouble passes by
        itself or is the plugin's to report.
    """
    if command != "sacct":
        return
    try:
        asked = subprocess.run(
            ["sacct", "--noheader", "--allocations"],
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return
    if DISABLED in asked.stderr:
        raise UserError(
            f"`sacct` says that {DISABLED}, so that the run would never hear of its jobs: write"
            " `slurm-status-command: squeue` into profiles/slurm/config.yaml (docs/slurm.md)"
        )
