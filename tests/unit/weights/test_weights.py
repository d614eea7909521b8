"""The weights in the package: there, small, and of the kind that today's code writes."""

from __future__ import annotations

from pathlib import Path

from anomalyllm.model.pair import load_pair, save_pair
from anomalyllm.weights import shipped_pair


def test_the_file_is_what_saving_it_again_gives(tmp_path: Path) -> None:
    """A file of an older form would load today and not after the next change."""
    with shipped_pair() as path:
        pair, content = load_pair(path), path.read_bytes()
    save_pair(tmp_path / "again.safetensors", pair)
    assert (tmp_path / "again.safetensors").read_bytes() == content
    assert len(content) <= 10 * 2**20
    assert pair.teacher.label == "compact, 700 steps on generated series"
