# Trained networks → tables → figures: one pair of rules for each study of the config.

for study in STUDIES:

    rule:
        name:
            f"measure_{study}"
        input:
            script=script("measure_study"),
            models=[
                file for scan in CFG.studies[study].scans for file in plan.model_files(CFG, scan)
            ],
            datasets=[f"{R}/datasets/{name}.h5" for name in plan.study_datasets(CFG, study)],
        output:
            plan.tables(CFG, study),
        log:
            f"{R}/logs/measure/{study}.log",
        benchmark:
            f"{R}/benchmarks/measure/{study}.tsv"
        group:
            "study"
        conda:
            env("train")
        threads: NEEDS["measure"].threads
        resources:
            mem_mb=memory_of("measure", lambda w, study=study: study_mb(CFG, study)),
            runtime=time_of("measure", lambda w, study=study: work.study(CFG, study)),
        params:
            code=code_of("measure_study", f"relearn.studies.{study}"),
            tools=versions("train", "pytorch", "numpy"),
            study=study,
            scans=CFG.studies[study].scans,
            where=as_json(CFG.studies[study].where),
            options=as_json(CFG.studies[study].options),
            models=lambda w: f"{R}/models",
        shell:
            "exec python {input.script:q} --study {params.study} --scans {params.scans:q}"
            " --where {params.where:q} --models {params.models:q} --datasets {input.datasets:q}"
            " --options {params.options:q} --output {output:q} > {log:q} 2>&1"

    rule:
        name:
            f"fig_{study}"
        input:
            script=script("draw_figure"),
            tables=plan.tables(CFG, study),
        output:
            pdf=plan.figure(CFG, study, "pdf"),
            png=report(
                plan.figure(CFG, study, "png"),
                caption=f"../report/{study}.rst",
                category="figures",
            ),
        log:
            f"{R}/logs/draw/{study}.log",
        benchmark:
            f"{R}/benchmarks/draw/{study}.tsv"
        group:
            "study"
        conda:
            env("plot")
        threads: NEEDS["draw"].threads
        resources:
            mem_mb=NEEDS["draw"].mem(),
            runtime=NEEDS["draw"].minutes(),
        params:
            code=code_of("draw_figure", f"relearn.figures.{study}"),
            tools=versions("plot", "matplotlib-base"),
            study=study,
            options=as_json(CFG.studies[study].options),
        shell:
            "exec python {input.script:q} --study {params.study} --tables {input.tables:q}"
            " --options {params.options:q} --pdf {output.pdf:q} --png {output.png:q}"
            " > {log:q} 2>&1"


rule figures:
    input:
        figures(),
