# Event files → the jets in them, part by part.


rule jets:
    input:
        script=script("find_jets"),
        events=f"{R}/events/{{sample}}/{{part}}.root",
        detector=lambda w: (
            []
            if CFG.samples[w.sample].detector == "none"
            else shipped(f"config/detector/{CFG.samples[w.sample].detector_card}.yaml")
        ),
    output:
        f"{R}/jets/{{sample}}/{{part}}.parquet",
    log:
        f"{R}/logs/jets/{{sample}}/{{part}}.log",
    benchmark:
        f"{R}/benchmarks/jets/{{sample}}/{{part}}.tsv"
    # before more events are made: they are deleted then
    priority: 1
    conda:
        env("jets")
    threads: NEEDS["jets"].threads
    resources:
        mem_mb=NEEDS["jets"].mem(),
        runtime=time_of("jets", lambda w: work.part(CFG, "jets", w.sample)),
    params:
        code=code_of("find_jets"),
        tools=versions("jets", "fastjet"),
        settings=lambda w: as_json(CFG.with_observables(CFG.samples[w.sample].jets)),
        seed=CFG.seed,
    shell:
        "exec python {input.script:q} --sample {wildcards.sample} --part {wildcards.part}"
        " --settings {params.settings:q} --events {input.events:q}"
        " --detector {input.detector:q} --root-seed {params.seed}"
        " --output {output:q} > {log:q} 2>&1"
