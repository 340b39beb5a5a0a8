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
    conda:
        env("train")
    threads: CFG.training.threads
    resources:
        mem_mb=NEEDS["train"].mem(),
        runtime=lambda w, attempt: NEEDS["train"].minutes(batch_of(w).est_seconds)(w, attempt),
        gpu=NEEDS["train"].gpu if GPU else 0,
        # No parameter: neither code nor params may tell one device from another, or a move to
        # a GPU would train everything again.
        device=CFG.device if GPU else "cpu",
    params:
        code=fingerprint("train_ensemble"),
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
        "python {input.script} --scan {params.scan:q} --batch {wildcards.batch}"
        " --device {resources.device}"
        " --dataset {input.dataset:q} {params.pretrained} --code {params.code}"
        " --checkpoint {params.checkpoint:q} --output {params.folder:q} > {log:q} 2>&1"
