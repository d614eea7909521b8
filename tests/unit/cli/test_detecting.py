"""What is said of where scores come from."""

from __future__ import annotations

import pytest

from anomalyllm.cli.detecting import judged_by
from anomalyllm.presets import preset


@pytest.mark.parametrize(
    ("settings", "teacher", "words"),
    [
        ({"retrieval.lengths": [16, 32, 64]}, "none", "windows of 16, 32 and 64 rows"),
        ({"retrieval.lengths": [16, 32]}, "none", "windows of 16 and 32 rows"),
        ({"retrieval.lengths": [40]}, "none", "windows of 40 rows"),
        ({"retrieval.lengths": [16, 32], "finetune": True}, "none", "windows of 16 and 32 rows"),  # networks went
        ({"retrieval.lengths": [16, 32], "finetune": True}, "gpt2", "windows of 16 and 32 rows, teacher gpt2"),
        ({"evidence": "networks", "window.length": 48}, "gpt2", "window 48, teacher gpt2"),
    ],
)
def test_what_scores_come_from_in_words(settings: dict[str, object], teacher: str, words: str) -> None:
    """A detector that compares with normal windows must not be said to have a teacher."""
    assert judged_by(preset("default").with_settings(settings), teacher) == words
