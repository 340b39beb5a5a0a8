# Tables and figures → claims, provenance, one page.

from snakemake import __version__ as SNAKEMAKE

TABLES = [table for study in STUDIES for table in plan.tables(CFG, study)]


rule claims:
    input:
        script=script("score_claims"),
        claims=shipped("config/claims.yaml"),
        tables=TABLES,
    output:
        f"{R}/claims.csv",
    log:
        f"{R}/logs/report/claims.log",
    benchmark:
        f"{R}/benchmarks/report/claims.tsv"
    conda:
        env("plot")
    threads: NEEDS["report"].threads
    resources:
        mem_mb=NEEDS["report"].mem(),
        runtime=NEEDS["report"].minutes(),
    params:
        code=code_of("score_claims"),
        scale=CFG.scale,
        folder=lambda w, input: str(Path(input.tables[0]).parent),
    shell:
        "exec python {input.script:q} --claims {input.claims:q} --tables {params.folder:q}"
        " --scale {params.scale} --output {output:q} > {log:q} 2>&1"


rule provenance:
    input:
        f"{R}/claims.csv",
        figures(),
        script=script("write_provenance"),
    output:
        f"{R}/provenance.json",
    log:
        f"{R}/logs/report/provenance.log",
    benchmark:
        f"{R}/benchmarks/report/provenance.tsv"
    conda:
        env("train")
    threads: NEEDS["report"].threads
    resources:
        mem_mb=NEEDS["report"].mem(),
        runtime=NEEDS["report"].minutes(),
    params:
        code=code_of("write_provenance"),
        config=as_json(CFG.model_dump()),
        folder=lambda w, output: str(Path(output[0]).parent),
        snakemake=SNAKEMAKE,
    shell:
        "exec python {input.script:q} --config-json {params.config:q} --snakemake {params.snakemake}"
        " --benchmarks {params.folder}/benchmarks --models {params.folder}/models"
        " --output {output:q} > {log:q} 2>&1"


rule report:
    input:
        script=script("build_report"),
        page=[shipped(f"scripts/relearn/report/page.{part}") for part in ("html", "css", "js")],
        claims=f"{R}/claims.csv",
        provenance=f"{R}/provenance.json",
        figures=[plan.figure(CFG, study, "png") for study in STUDIES],
        tables=TABLES,
        captions=[shipped(f"workflow/report/{study}.rst") for study in STUDIES],
    output:
        f"{R}/report.html",
    log:
        f"{R}/logs/report/report.log",
    benchmark:
        f"{R}/benchmarks/report/report.tsv"
    conda:
        env("plot")
    threads: NEEDS["report"].threads
    resources:
        mem_mb=NEEDS["report"].mem(),
        runtime=NEEDS["report"].minutes(),
    params:
        code=code_of("build_report"),
    shell:
        "exec python {input.script:q} --claims {input.claims:q} --figures {input.figures:q}"
        " --tables {input.tables:q} --captions {input.captions:q}"
        " --provenance {input.provenance:q} --output {output:q} > {log:q} 2>&1"
