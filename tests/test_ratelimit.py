"""Snakemake's default limit goes, another one stays."""

from types import SimpleNamespace

from snakemake.cli import get_argument_parser
from snakemake.scheduling.job_scheduler import JobRateLimiter
from snakemake.settings.types import MaxJobsPerTimespan

from relearn import ratelimit


def after(limit: str | None) -> JobRateLimiter | None:
    made = JobRateLimiter(MaxJobsPerTimespan.parse_choice(limit)) if limit else None
    scheduler = SimpleNamespace(job_rate_limiter=made)
    ratelimit.drop_default(scheduler)
    return scheduler.job_rate_limiter


def test_the_default_of_this_snakemake_is_taken_off():
    assert after(get_argument_parser().get_default("max_jobs_per_timespan")) is None


def test_a_limit_that_is_given_stays():
    assert after("7/2s").max_jobs == 7 and after("100/2s").timespan == 2 and after(None) is None
