"""What a study looks at: the trained networks of its scans, and the test events.

PyTorch is imported when a network is asked for: studies of tables alone start in half the time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from relearn import batchfiles
from relearn.data import hdf5
from relearn.errors import UserError

if TYPE_CHECKING:
    import torch


@dataclass
class StudyInputs:
    """Networks and events of one study.

    Attributes
    ----------
    runs
        One row per trained network: the columns of ``runs.csv``, and `folder`, where its
        weights are.
    datasets
        Files of the datasets, by name.
    options
        The study's own settings.
    """

    runs: pd.DataFrame
    datasets: Mapping[str, Path]
    options: Mapping[str, Any] = field(default_factory=dict)
    _blocks: dict[tuple[str, str], hdf5.Block] = field(default_factory=dict, repr=False)
    _tensors: dict[str, "torch.Tensor"] = field(default_factory=dict, repr=False)

    @classmethod
    def from_files(
        cls,
        scan_folders: Iterable[str | Path],
        dataset_paths: Iterable[str | Path],
        options: Mapping[str, Any],
        where: Mapping[str, Sequence[Any]] | None = None,
    ) -> "StudyInputs":
        """Read the runs of every scan; events and weights are read when asked for.

        A network that several scans trained alike, by name and settings, is that of the first.

        Parameters
        ----------
        scan_folders
            ``results/<scale>/models/<scan>`` of each scan.
        dataset_paths
            HDF5 files; the file's stem is the dataset's name.
        options
            The study's own settings.
        where
            Columns of ``runs.csv`` and the values that networks of the study may have there.

        Raises
        ------
        UserError
            If a scan or a part of it is not trained or damaged, or no network is left.
        """
        tables = []
        for scan in scan_folders:
            for folder in batchfiles.batch_folders(Path(scan)):
                table = batchfiles.read_runs(folder)
                tables.append(table.assign(folder=str(folder), alike=batchfiles.training(folder)))
        runs = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
        for column, values in (where or {}).items():
            runs = runs[runs[column].isin(values)]
        if tables:
            runs = runs.drop_duplicates(["run", "alike"]).drop(columns="alike")
            runs = runs.reset_index(drop=True)
            if runs.empty:
                raise UserError(f"no network of the study fulfils its `where` {where}: change it")
        return cls(runs, {Path(path).stem: Path(path) for path in dataset_paths}, dict(options))

    def data(self, dataset: str, split: str = "test") -> hdf5.Block:
        """Return the inputs (n, d) and targets (n, k) of a split, in natural units.

        Raises
        ------
        UserError
            If the dataset is not one of this study's.
        """
        if dataset not in self.datasets:
            raise UserError(
                f"the study needs the dataset {dataset!r}: add it under studies.<study>.datasets "
                f"(it has {', '.join(self.datasets) or 'none'})"
            )
        key = (dataset, split)
        if key not in self._blocks:
            self._blocks[key] = hdf5.read(self.datasets[dataset], split)
        return self._blocks[key]

    def network(self, row: Mapping[str, Any]) -> "torch.nn.Module":
        """Return the network of a row of `runs`: physical inputs → physical outputs."""
        from relearn import models

        return models.load(Path(row["folder"]), row["run"]).eval()

    def test_inputs(self, dataset: str) -> "torch.Tensor":
        """Return the test events' features as a tensor (n, d)."""
        import torch

        if dataset not in self._tensors:
            self._tensors[dataset] = torch.from_numpy(
                np.asarray(self.data(dataset).inputs, dtype=np.float32)
            )
        return self._tensors[dataset]

    def predictions(
        self,
        row: Mapping[str, Any],
        dataset: str | None = None,
        network: "torch.nn.Module | None" = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the truth and what a network says, over the test events.

        Parameters
        ----------
        row
            A row of `runs`.
        dataset
            Whose test events; by default those of the dataset that it was trained on.
        network
            The row's network, where it is loaded already.

        Returns
        -------
        true, predicted : array (n, k)
            In natural units, float64.
        """
        import torch

        dataset = dataset or row["dataset"]
        network = network if network is not None else self.network(row)
        with torch.inference_mode():
            predicted = network(self.test_inputs(dataset)).double().numpy()
        return self.data(dataset).targets[row["target"]], predicted

    def history(self) -> pd.DataFrame:
        """Return the losses of every run: scan, run, epoch, train_loss, validation_loss.

        Raises
        ------
        UserError
            If a file is missing or damaged.
        """
        tables = [
            batchfiles.read_history(Path(folder)).assign(scan=scan)
            for scan, folder in dict.fromkeys(
                zip(self.runs["scan"], self.runs["folder"], strict=True)
            )
        ]
        return pd.concat(tables, ignore_index=True)
