"""What is said of where scores come from."""

from __future__ import annotations

import pytest

from anomalyllm.cli.detecting import judged_by
from anomalyllm.presets import preset


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"retrieval.lengths": [16, 32, 64]}, "windows of 16, 32 and 64 rows"),
        ({"retrieval.lengths": [16, 32]}, "windows of 16 and 32 rows"),
        ({"retrieval.lengths": [40]}, "windows of 40 rows"),
        ({"evidence": "networks", "window.length": 48}, "window 48, teacher compact (untrained)"),
    ],
)
def test_what_scores_come_from_in_words(settings: dict[str, object], words: str) -> None:
    """A detector that compares with normal windows must not be said to have a teacher."""
    assert judged_by(preset("default").with_settings(settings), "compact (untrained)") == words
