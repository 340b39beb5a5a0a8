"""Takes Snakemake's default limit of started jobs away, which costs more than it is good for.

Its scheduler asks to be woken after the limit's time span whenever it wakes: each job that ends
adds one more alarm a second, for the rest of the run. After a hundred jobs that is a fifth of a
core (Snakemake 9.27).
"""

from typing import Any

DEFAULT = (100, 1.0)  # jobs, seconds


def drop_default(scheduler: Any) -> None:
    """Take the limit off a ``JobScheduler``; another than the default was asked for, and stays."""
    limit = scheduler.job_rate_limiter
    if limit and (limit.max_jobs, limit.timespan) == DEFAULT:
        scheduler.job_rate_limiter = None
