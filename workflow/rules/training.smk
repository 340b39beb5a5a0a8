# Datasets → trained networks, batch by batch of a scan.


rule train:
    input:
        script=script("train_ensemble"),
        dataset=lambda w: f"{R}/datasets/{batch_of(w).dataset}.h5",
        pretrained=pretrained_models,
    output:
        weights=f"{R}/models/{{scan}}/{{batch}}/weights.safetensors",
        runs=f"{R}/models/{{scan}}/{{batch}}/runs.csv",
        history=f"{R}/models/{{scan}}/{{batch}}/history.csv",
        spec=f"{R}/models/{{scan}}/{{batch}}/spec.json",
    log:
        f"{R}/logs/train/{{scan}}/{{batch}}.log",
    benchmark:
        f"{R}/benchmarks/train/{{scan}}/{{batch}}.tsv"
    wildcard_constraints:
        scan=scans_of(taggers=False),
    # before the short jobs of studies and figures, which fill what cores the last ones leave
    priority: 1
    conda:
        env("train")
    threads: CFG.training.threads
    resources:
        mem_mb=NEEDS["train"].mem(),
        runtime=time_of("train", lambda w: work.training(batch_of(w))),
        gpu=NEEDS["train"].gpu if GPU else 0,
        # No parameter: neither code nor params may tell one device from another, or a move to
        # a GPU would train everything again.
        device=CFG.device if GPU else "cpu",
    params:
        code=code_of("train_ensemble"),
        tools=versions("train", "pytorch", "numpy"),
        scan=lambda w: as_json(typed.scan_spec(CFG, w.scan)),
        pretrained=lambda w: (
            f"--pretrained {R}/models/{CFG.scans[w.scan].pretrained}"
            if CFG.scans[w.scan].pretrained
            else ""
        ),
        folder=lambda w, output: str(Path(output.weights).parent),
        checkpoint=lambda w: f"{R}/checkpoints/{w.scan}/{w.batch}",
    shell:
        "exec python {input.script:q} --scan {params.scan:q} --batch {wildcards.batch}"
        " --device {resources.device}"
        " --dataset {input.dataset:q} {params.pretrained} --code {params.code}"
        " --checkpoint {params.checkpoint:q} --output {params.folder:q} > {log:q} 2>&1"


rule train_tagger:
    input:
        script=script("train_taggers"),
        dataset=lambda w: f"{R}/datasets/{batch_of(w).dataset}.h5",
    output:
        weights=f"{R}/models/{{scan}}/{{batch}}/weights.safetensors",
        runs=f"{R}/models/{{scan}}/{{batch}}/runs.csv",
        history=f"{R}/models/{{scan}}/{{batch}}/history.csv",
        spec=f"{R}/models/{{scan}}/{{batch}}/spec.json",
        scores=f"{R}/models/{{scan}}/{{batch}}/scores.npz",
        roc=f"{R}/models/{{scan}}/{{batch}}/roc.csv",
    log:
        f"{R}/logs/train/{{scan}}/{{batch}}.log",
    benchmark:
        f"{R}/benchmarks/train/{{scan}}/{{batch}}.tsv"
    wildcard_constraints:
        scan=scans_of(taggers=True),
    conda:
        env("train")
    threads: lambda w: taggerscans.threads(typed.scan_spec(CFG, w.scan))
    resources:
        mem_mb=memory_of("train", lambda w: taggerscans.memory_mb(typed.scan_spec(CFG, w.scan))),
        runtime=time_of("train", lambda w: work.training(batch_of(w))),
        gpu=lambda w: (
            NEEDS["train"].gpu * taggerscans.devices(typed.scan_spec(CFG, w.scan)) if GPU else 0
        ),
        device=CFG.device if GPU else "cpu",  # no parameter, as above
    params:
        # Only the architecture of this batch: editing another one retrains nothing here.
        code=lambda w: fingerprint("train_taggers", taggerscans.module(batch_of(w))),
        tools=versions("train", "pytorch", "numpy"),
        scan=lambda w: as_json(plan.tagger_spec(CFG, w.scan)),
        runs=lambda w: [run.name for run in batch_of(w).runs],
        folder=lambda w, output: str(Path(output.weights).parent),
        checkpoint=lambda w: f"{R}/checkpoints/{w.scan}/{w.batch}",
    shell:
        "exec python {input.script:q} --scan {params.scan:q} --batch {wildcards.batch}"
        " --runs {params.runs:q} --device {resources.device}"
        " --dataset {input.dataset:q} --code {params.code}"
        " --checkpoint {params.checkpoint:q} --output {params.folder:q} > {log:q} 2>&1"
