"""The grids that come with the package: `configs/experiments` of the repository, `grids` of an installed copy."""

from __future__ import annotations

from pathlib import Path

from anomalyllm.evaluation.experiments.grid import Grid, read_grid
from anomalyllm.settings import unknown_name

INSTALLED = Path(__file__).parent / "grids"  # pyproject.toml puts the repository's folder here when it is built
REPOSITORY = Path(__file__).parents[4] / "configs" / "experiments"


def shipped_grids() -> dict[str, Path]:
    """The files by the name of their experiment, sorted."""
    folder = INSTALLED if INSTALLED.is_dir() else REPOSITORY
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def grid_called(name: str) -> Grid:
    """The grid of an experiment that comes with the package, or of any TOML file.

    Raises:
        ConfigError: no such experiment or file, or not a grid.
    """
    if name.endswith(".toml"):
        return read_grid(Path(name))
    known = shipped_grids()
    if name not in known:
        raise unknown_name("experiment", name, known)
    return read_grid(known[name])
