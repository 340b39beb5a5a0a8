# Event files, jets and toys → HDF5 datasets.


rule dataset_dimuon:
    input:
        script=script("build_dimuon"),
        events=lambda w: plan.part_files(CFG, w.dataset, YIELDS, ROOT),
    output:
        f"{R}/datasets/{{dataset}}.h5",
    log:
        f"{R}/logs/dataset/{{dataset}}.log",
    benchmark:
        f"{R}/benchmarks/dataset/{{dataset}}.tsv"
    wildcard_constraints:
        dataset=of_kind("dimuon"),
    conda:
        env("generate")
    threads: NEEDS["dataset"].threads
    resources:
        mem_mb=memory_of("dataset", lambda w: dataset_mb(CFG, w.dataset)),
        runtime=time_of("dataset", lambda w: work.dataset(CFG, w.dataset)),
    params:
        code=code_of("build_dimuon"),
        settings=lambda w: as_json(CFG.datasets[w.dataset].model_dump()),
    shell:
        "exec python {input.script:q} --dataset {wildcards.dataset} --settings {params.settings:q}"
        " --events {input.events:q} --output {output:q} > {log:q} 2>&1"


rule dataset_momenta:
    input:
        script=script("build_momenta"),
    output:
        f"{R}/datasets/{{dataset}}.h5",
    log:
        f"{R}/logs/dataset/{{dataset}}.log",
    benchmark:
        f"{R}/benchmarks/dataset/{{dataset}}.tsv"
    wildcard_constraints:
        dataset=of_kind("momenta"),
    conda:
        env("generate")
    threads: NEEDS["dataset"].threads
    resources:
        mem_mb=memory_of("dataset", lambda w: dataset_mb(CFG, w.dataset)),
        runtime=time_of("dataset", lambda w: work.dataset(CFG, w.dataset)),
    params:
        code=code_of("build_momenta"),
        settings=lambda w: as_json(CFG.datasets[w.dataset].model_dump()),
        seed=CFG.seed,
    shell:
        "exec python {input.script:q} --dataset {wildcards.dataset} --settings {params.settings:q}"
        " --root-seed {params.seed} --output {output:q} > {log:q} 2>&1"


rule dataset_tagging:
    input:
        script=script("build_tagging"),
        jets=lambda w: plan.part_files(CFG, w.dataset, YIELDS, ROOT),
    output:
        f"{R}/datasets/{{dataset}}.h5",
    log:
        f"{R}/logs/dataset/{{dataset}}.log",
    benchmark:
        f"{R}/benchmarks/dataset/{{dataset}}.tsv"
    wildcard_constraints:
        dataset=of_kind("tagging"),
    conda:
        env("jets")
    threads: NEEDS["dataset"].threads
    resources:
        mem_mb=memory_of("dataset", lambda w: dataset_mb(CFG, w.dataset)),
        runtime=time_of("dataset", lambda w: work.dataset(CFG, w.dataset)),
    params:
        code=code_of("build_tagging"),
        jets=lambda w: plan.part_ranges(CFG, w.dataset, YIELDS, ROOT),
        settings=lambda w: as_json(CFG.datasets[w.dataset].model_dump()),
    shell:
        "exec python {input.script:q} --dataset {wildcards.dataset} --settings {params.settings:q}"
        " --jets {params.jets} --output {output:q} > {log:q} 2>&1"


rule dataset_external:
    input:
        script=script("build_external"),
        files=lambda w: [shipped(CFG.datasets[w.dataset].files[split]) for split in plan.SPLITS],
    output:
        f"{R}/datasets/{{dataset}}.h5",
    log:
        f"{R}/logs/dataset/{{dataset}}.log",
    benchmark:
        f"{R}/benchmarks/dataset/{{dataset}}.tsv"
    wildcard_constraints:
        dataset=of_kind("external"),
    conda:
        env("jets")
    threads: NEEDS["external"].threads
    resources:
        mem_mb=NEEDS["external"].mem(),
        runtime=NEEDS["external"].minutes(),
    params:
        code=code_of("build_external"),
        settings=lambda w: as_json(CFG.with_observables(CFG.datasets[w.dataset])),
    shell:
        "exec python {input.script:q} --dataset {wildcards.dataset} --settings {params.settings:q}"
        " --files {input.files:q} --output {output:q} > {log:q} 2>&1"


rule dataset_detector:
    input:
        script=script("build_detector"),
        events=lambda w: plan.part_files(CFG, w.dataset, YIELDS, ROOT),
        cards=[shipped(f"config/detector/{card}.yaml") for card in plan.CARDS],
        reference=lambda w: [
            shipped(f"config/detector/reference/{process}_{card}.npz")
            for process in CFG.datasets[w.dataset].samples
            for card in plan.CARDS
        ],
    output:
        f"{R}/datasets/{{dataset}}.h5",
    log:
        f"{R}/logs/dataset/{{dataset}}.log",
    benchmark:
        f"{R}/benchmarks/dataset/{{dataset}}.tsv"
    wildcard_constraints:
        dataset=of_kind("detector"),
    conda:
        env("jets")
    threads: NEEDS["dataset"].threads
    resources:
        mem_mb=memory_of("dataset", lambda w: dataset_mb(CFG, w.dataset)),
        runtime=time_of("dataset", lambda w: work.dataset(CFG, w.dataset)),
    params:
        code=code_of("build_detector"),
        tools=versions("jets", "fastjet"),
        settings=lambda w: as_json(CFG.datasets[w.dataset].model_dump()),
        seed=CFG.seed,
    shell:
        "exec python {input.script:q} --dataset {wildcards.dataset} --settings {params.settings:q}"
        " --events {input.events:q} --cards {input.cards:q} --reference {input.reference:q}"
        " --root-seed {params.seed} --output {output:q} > {log:q} 2>&1"
