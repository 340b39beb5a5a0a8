from dataclasses import replace

from relearn import config, scans
from relearn.config import scan_spec

CONFIG = config.load("default")
SPECS = {
    name: scan_spec(CONFIG, name)
    for name, scan in CONFIG.scans.items()
    if scan.architecture == "mlp"
}


def test_names_are_unique_and_say_the_point():
    for spec in SPECS.values():
        names = [run.name for run in scans.expand(spec)]
        assert len(names) == len(set(names))
    names = {run.name for run in scans.expand(SPECS["pt_layers"])}
    assert "mlp-h10x3-relu-zmumu-pt-t2" in names


def test_grid_is_the_product_of_the_lists():
    spec = SPECS["pt_nodes"]
    assert len(scans.expand(spec)) == 20 * 2 * 5


def test_seeds_depend_on_the_name_and_the_root_alone():
    one = {run.name: run.seed for run in scans.expand(SPECS["pt_nodes"])}
    other = {run.name: run.seed for run in scans.expand(SPECS["pt_nodes"] | {"seed": 1})}
    assert len(set(one.values())) == len(one)
    assert not set(one.values()) & set(other.values())


def test_adding_points_leaves_the_others_as_they_are():
    spec = SPECS["pt_nodes"]
    more = spec | {"axes": spec["axes"] | {"hidden": [[30], *spec["axes"]["hidden"]]}}
    assert set(scans.expand(spec)) <= set(scans.expand(more))


def test_a_scan_can_add_trials_to_the_points_of_another():
    one, more = (scans.expand(SPECS[name]) for name in ("pt_layers", "pt_dip"))
    assert {run.trial for run in one} == set(range(3))
    assert {run.trial for run in more} == set(range(3, 23))

    def points(runs):
        return {run.name.rpartition("-t")[0] for run in runs}

    assert points(more) < points(one)
    seeds = {run.name: run.seed for run in scans.expand(SPECS["pt_layers"] | {"trials": 23})}
    assert all(run.seed == seeds[run.name] for run in more)


def test_batches_hold_every_network_once_on_one_dataset():
    for spec in SPECS.values():
        batches = scans.batches(spec)
        names = [run.name for batch in batches for run in batch.runs]
        assert sorted(names) == sorted(run.name for run in scans.expand(spec))
        for number, batch in enumerate(batches):
            assert batch.name == f"{number:04d}"
            assert {run.dataset for run in batch.runs} == {batch.dataset}
            assert len(batch.runs) == 1 or batch.est_seconds <= spec["batch_seconds"]


def test_parameters_of_a_known_network():
    run = next(run for run in scans.expand(SPECS["pt_layers"]) if run.hidden == (10, 3))
    assert run.sizes == (8, 10, 3, 1)
    assert run.parameters == 9 * 10 + 11 * 3 + 4


def test_run_survives_json():
    run = scans.expand(SPECS["norm_squared_intuitive"])[0]
    assert scans.from_dict(scans.to_dict(run)) == run
    assert run.activation == ("relu", "linear")


def test_trials_of_a_point_stay_in_one_job_if_they_fit():
    def points(batch):
        return {run.name.rpartition("-t")[0] for run in batch.runs}

    for spec in SPECS.values():
        batches = scans.batches(spec)
        assert sum(len(points(batch)) for batch in batches) == len(
            {point for batch in batches for point in points(batch)}
        )
    alone = scans.batches(SPECS["square"] | {"batch_seconds": 0.001})
    assert [len(batch.runs) for batch in alone] == [1] * 7 * 5


def test_estimates_grow_with_all_that_costs():
    run = next(run for run in scans.expand(SPECS["pt_layers"]) if run.activation[0] == "relu")
    spec = SPECS["pt_layers"]
    usual = scans.seconds(run, spec, 16000, together=10)
    more = spec["training"] | {"epochs": 2 * spec["training"]["epochs"]}
    assert scans.seconds(run, spec | {"training": more}, 16000, together=10) == 2 * usual
    assert scans.seconds(run, spec, 32000, together=10) == 2 * usual
    assert scans.seconds(run, spec, 16000, together=5) > usual
    for dearer in (
        replace(run, hidden=(11,)),
        replace(run, hidden=(10, 2), activation=("relu", "relu")),
        replace(run, activation=("tanh",)),
        replace(run, dropout=0.1),
    ):
        assert scans.seconds(dearer, spec, 16000, together=10) > usual
