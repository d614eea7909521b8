"""`anomalyllm bench speed`: what each part of a preset costs on this machine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from anomalyllm.cli.options import read_assignment
from anomalyllm.cli.output import print_json, print_lines
from anomalyllm.errors import ConfigError
from anomalyllm.extras import require_networks

if TYPE_CHECKING:
    from anomalyllm.evaluation.speed.measuring import Cost, Speed

COLUMNS = ("part", "ms", "GFLOP", "MB", "limit", "share", "GFLOP meanwhile", "peak MiB")


def run_speed(name: str, device: str, settings: Sequence[str], seconds: float, *, as_json: bool) -> None:
    """Prints a line for each part.

    Raises:
        ConfigError: no such preset, device or setting, no time to measure in, or no PyTorch.
    """
    from anomalyllm.detector import AnomalyLLM

    require_networks("bench speed")  # its products measure the machine, whatever the preset
    from anomalyllm.evaluation.speed.measuring import measure

    if not 0 < seconds < math.inf:
        raise ConfigError("--seconds to be above 0", f"{seconds:g}", "give a larger number")
    config = AnomalyLLM(name, settings=dict(map(read_assignment, settings))).resolved_config()
    found = measure(config, seconds, device)
    if as_json:
        print_json({"preset": name, **found.as_json()})
        return
    print_lines(*headline(name, found), cost_table(found))


def headline(name: str, speed: Speed) -> tuple[str, str]:
    """What was measured, and the limits; a line each."""
    limits = ", ".join(f"{precision} {value / 1e9:,.0f} GFLOP/s" for precision, value in speed.limits.products.items())
    copying = f"copy {speed.limits.copying / 1e9:,.1f} GB/s"
    threads = f"{speed.threads} thread{'s' if speed.threads > 1 else ''}"
    return (
        f"{name} on {speed.device}, {threads}: {speed.about}",
        f"limits: {limits}, {copying}; the least {speed.clock} time of all rounds counts",
    )


def cost_table(speed: Speed) -> Any:
    """A line for each part."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in COLUMNS:
        table.add_column(column, justify="left" if column in ("part", "limit") else "right")
    for cost in speed.costs:
        table.add_row(*_cells(cost))
    return table


def _cells(cost: Cost) -> tuple[str, ...]:
    peak = "" if math.isnan(cost.peak_mebibytes) else f"{cost.peak_mebibytes:,.0f}"
    amounts = (f"{cost.milliseconds:,.3f}", f"{cost.gigaflops:,.3f}", f"{cost.megabytes:,.3f}")
    return cost.part, *amounts, cost.limit, f"{cost.share:.1%}", f"{cost.worth:,.3f}", peak
