# Cards → event files, part by part. Those that only jets are made of are deleted when the jets
# are found: `generate_temporary` and `generate_delphes_temporary`.


rule generate:
    input:
        script=script("generate_events"),
        card=lambda w: shipped(CFG.samples[w.sample].card),
        detector=lambda w: detector_card(w.sample),
    output:
        f"{R}/events/{{sample}}/{{part}}.root",
    log:
        f"{R}/logs/generate/{{sample}}/{{part}}.log",
    benchmark:
        f"{R}/benchmarks/generate/{{sample}}/{{part}}.tsv"
    wildcard_constraints:
        sample=samples_through("none", "embedded"),
    conda:
        env("generate")
    threads: NEEDS["generate"].threads
    resources:
        mem_mb=NEEDS["generate"].mem(),
        runtime=time_of("generate", lambda w: work.part(CFG, "generate", w.sample)),
    params:
        code=code_of("generate_events"),
        tools=versions("generate", "pythia8"),
        sample=lambda w: as_json(CFG.samples[w.sample].generation()),
        seed=CFG.seed,
    shell:
        "exec python {input.script:q} --sample {wildcards.sample} --part {wildcards.part}"
        " --settings {params.sample:q} --card {input.card:q}"
        " --detector {input.detector:q} --root-seed {params.seed}"
        " --output {output:q} > {log:q} 2>&1"


use rule generate as generate_temporary with:
    output:
        temp(f"{R}/events/{{sample}}/{{part}}.root"),
    wildcard_constraints:
        sample=samples_through("none", "embedded", kept=False),


rule generate_delphes:
    input:
        script=script("generate_delphes"),
        card=lambda w: shipped(CFG.samples[w.sample].card),
        detector=lambda w: detector_card(w.sample),
    output:
        f"{R}/events/{{sample}}/{{part}}.root",
    log:
        f"{R}/logs/generate/{{sample}}/{{part}}.log",
    benchmark:
        f"{R}/benchmarks/generate/{{sample}}/{{part}}.tsv"
    wildcard_constraints:
        sample=samples_through("delphes"),
    conda:
        env("delphes")
    threads: NEEDS["generate"].threads
    resources:
        mem_mb=NEEDS["generate"].mem(),
        runtime=time_of("generate", lambda w: work.part(CFG, "generate", w.sample)),
    params:
        code=code_of("generate_delphes"),
        tools=versions("delphes", "delphes"),
        sample=lambda w: as_json(CFG.samples[w.sample].generation()),
        seed=CFG.seed,
    shell:
        "exec python {input.script:q} --sample {wildcards.sample} --part {wildcards.part}"
        " --settings {params.sample:q} --card {input.card:q}"
        " --detector {input.detector:q} --root-seed {params.seed}"
        " --output {output:q} > {log:q} 2>&1"


use rule generate_delphes as generate_delphes_temporary with:
    output:
        temp(f"{R}/events/{{sample}}/{{part}}.root"),
    wildcard_constraints:
        sample=samples_through("delphes", kept=False),
