# The resolved config, paths and functions that every stage uses.

from snakemake.jobs import GroupJob
from snakemake.logging import logger as SNAKEMAKE_LOG
from snakemake.settings.types import DeploymentMethod

DEPLOYMENT = workflow.deployment_settings.deployment_method

try:
    CFG = typed.resolve(config)
    studychecks.check_studies(CFG)
    # Snakemake has no targets yet while it reads this.
    studychecks.check_targets(CFG, sys.argv[1:] if workflow.is_main_process else [])
    for line in advice.advice(CFG, ROOT) if workflow.is_main_process else []:
        print(f"relearn: {line}", file=sys.stderr)
    delphescards.require(plan.delphes_samples(CFG), conda=DeploymentMethod.CONDA in DEPLOYMENT)
    COSTS = jobcosts.read(Path(shipped("config/costs.yaml")))
    YIELDS = plan.read_yields(Path(shipped("config/yields.yaml")))
    PARTS = {sample: plan.parts(CFG, sample, YIELDS, ROOT) for sample in CFG.samples}
    SCANS = {scan: plan.scan_batches(CFG, scan) for scan in plan.used_scans(CFG)}
    if workflow.is_main_process:
        taggercheck.check(CFG, Path(shipped("scripts/check_taggers.py")))
except errors.UserError as error:
    raise WorkflowError(str(error))

R = plan.results_dir(CFG)
GPU = device.gpu_meant(CFG.device)
STUDIES = list(CFG.studies)


RUNLOG = []  # the one of this run, once it has started
LISTED = 20  # failed jobs, in the end


wildcard_constraints:
    sample="[a-z][a-z0-9_]*",
    part=r"(train|validation|test)-\d{4}",
    dataset="[a-z][a-z0-9_]*",
    scan="[a-z][a-z0-9_]*",
    batch=r"\d{4}",
    study="[a-z][a-z0-9_]*",


def script(name):
    """The path of a command-line file: an input of its rule, so that editing it reruns."""
    return shipped(f"scripts/{name}.py")


def code_of(script, *modules):
    """The hash of a script's code, made when a job is planned: on a cluster each job reads the whole
    workflow, and plans itself alone."""
    return lambda wildcards: fingerprint(script, *modules)


def memory_of(name, more):
    """The memory of a job, MB: its kind's, and what it needs besides."""
    return lambda wildcards, attempt: NEEDS[name].mem(more(wildcards))(wildcards, attempt)


def time_of(name, job):
    """The run time of a job, minutes, for the work that it has."""
    return lambda wildcards, attempt: (
        NEEDS[name].minutes(COSTS.seconds(job(wildcards)))(wildcards, attempt)
    )


def say(text):
    print(f"relearn: {text}", file=sys.stderr, flush=True)


def attach_runlog(workflow):
    """Tell the terminal how far the run is; --verbose and --printshellcmds add Snakemake's account."""
    jobs = [(job.jobid, job.rule.name, job.wildcards_dict) for job in workflow.dag.needrun_jobs()]
    waiting = progress.jobs_of(CFG, SCANS, jobs, COSTS.seconds)
    handler = runlog.RunLog(
        progress.Progress(waiting, workflow.cores if workflow.local_exec else None),
        lambda text: print(text, file=sys.stderr, flush=True),
    )
    shown = workflow.output_settings
    runlog.tell_why(GroupJob)
    runlog.attach(SNAKEMAKE_LOG, handler, whole=shown.verbose or shown.printshellcmds)
    RUNLOG.append(handler)


def to_run(workflow):
    """What a run is going to make, in a line."""
    rules = [(job.rule.name, job.wildcards_dict) for job in workflow.dag.needrun_jobs()]
    events = sum(name.startswith("generate") for name, _ in rules)
    batches = [wildcards for name, wildcards in rules if name.startswith("train")]
    trainings = sum(len(SCANS[one["scan"]][int(one["batch"])].runs) for one in batches)
    studies = sum(name.startswith("measure") for name, _ in rules)
    return (
        f"scale {CFG.scale}, to make: {events} event files, {trainings} trainings in "
        f"{len(batches)} jobs, {studies} studies; device {CFG.device} "
        f"({'asks for a GPU' if GPU else 'CPU'})"
    )


def open_next(workflow):
    """What a finished run has made for the eye, one line each."""
    made = {file for job in workflow.dag.jobs for file in job.output}
    if f"{R}/report.html" in made:
        return [
            f"scale {CFG.scale} is complete. Open next:",
            f"{R}/report.html   everything on one page",
            f"{R}/claims.csv    what the talks say against what was measured",
            f"{R}/figures/      every figure, PDF and PNG",
        ]
    targets = sorted(
        str(file) for job in workflow.dag.targetjobs for file in job.output or job.input
    )
    return ["what was asked for is there. Open next:", *targets[:3]]


def figures():
    return [plan.figure(CFG, study, suffix) for study in STUDIES for suffix in ("pdf", "png")]


def as_json(value):
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def env(name):
    """A pinned environment of envs/, for `conda:`."""
    return str(ROOT / "envs" / f"{name}.yaml")


def detector_card(sample):
    """The card of the detector that a sample's events pass; none at particle level."""
    card = plan.detector_file(CFG.samples[sample], Path())
    return shipped(str(card)) if card else []


def samples_through(*detectors, kept=True):
    """The samples of some detectors whose event files stay, or those whose do not."""
    names = [
        name
        for name, sample in CFG.samples.items()
        if sample.detector in detectors and plan.keeps_events(CFG, name) == kept
    ]
    return "|".join(names) or "no_such_sample"


def of_kind(kind):
    names = [name for name, dataset in CFG.datasets.items() if dataset.kind == kind]
    return "|".join(names) or "no_such_dataset"


def scans_of(taggers):
    """The scans of one kind, for `wildcard_constraints`."""
    return "|".join(scan for scan in CFG.scans if plan.is_tagger(CFG, scan) == taggers) or "none-0"


def batch_of(w):
    return SCANS[w.scan][int(w.batch)]


def pretrained_models(w):
    start = CFG.scans[w.scan].pretrained
    return plan.model_files(CFG, start) if start else []


onstart:
    try:
        files.require_writable(Path(R))
        slurm.require_states(getattr(workflow.executor_settings, "status_command", None))
    except errors.UserError as error:
        raise WorkflowError(str(error))
    atwork.begin()
    say(to_run(workflow))
    attach_runlog(workflow)
    ratelimit.drop_default(workflow.scheduler)


onsuccess:
    atwork.end()
    say("\n  ".join(open_next(workflow)))


onerror:
    atwork.end()
    failed = [f"{name}: {path or 'no log'}" for name, path in RUNLOG[0].failed.items()]
    if len(failed) > LISTED:
        failed[LISTED:] = [f"and {len(failed) - LISTED} more"]
    say(
        "\n  ".join(
            [
                "stopped; what is finished is kept, and the same command goes on from here. "
                f"Whole log: {', '.join(log)}",
                *failed,
            ]
        )
    )
