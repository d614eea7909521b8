"""Golden numbers of the whole network from weights filled with a fixed ramp: no random generator can move them.

They pin what the recorded numbers of the authors' network do not reach: the `default` student (level token, LayerNorm
head, prototypes scaled by themselves) and the `compact` teacher reading channels one by one.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from anomalyllm.model.distiller import Distiller, Pair, build
from anomalyllm.model.language_models import load_language_model
from anomalyllm.presets import preset

WINDOW = 64


def fill_with_a_ramp(distiller: Distiller) -> None:
    """Each tensor becomes a gentle wave over its own entries, each at another phase, scaled like fresh weights."""
    with torch.no_grad():
        for place, (name, tensor) in enumerate(sorted(distiller.state_dict().items())):
            if not tensor.is_floating_point():
                continue
            ramp = torch.arange(tensor.numel(), dtype=torch.float64).reshape(tensor.shape)
            wave = torch.sin(0.7 * ramp + place)
            is_gain = name.endswith("weight") and tensor.ndim == 1
            tensor.copy_(1 + 0.1 * wave if is_gain or "running_var" in name else 0.2 * wave)


def outputs(name: str) -> Pair:
    config = preset(name).with_settings(
        {
            "teacher.name": "compact",
            "teacher.blocks": 3,
            "teacher.patch": 8,
            "teacher.patch_stride": 8,
            "teacher.output": 4,
            "student.patch": 8,
            "student.prototypes": 6,
        }
    )
    language_model = load_language_model("compact", 3, 0).module
    distiller = build(config, language_model, channels=2, window=WINDOW, seed=0)
    fill_with_a_ramp(distiller)
    time = torch.arange(WINDOW, dtype=torch.float64)
    windows = torch.stack([torch.sin(0.2 * time), 0.5 + torch.cos(0.3 * time) * 0.01 * time]).repeat(2, 1, 1)
    windows[1, 0, 30:40] += 2
    with torch.inference_mode():
        return distiller.double().eval()(windows)


GOLDEN: dict[str, dict[str, list]] = {
    "trained": {
        "choice": [[3, 5], [0, 5]],
        "discrepancy": [[24.4166912, 24.452258], [23.0285626, 24.452258]],
        "mismatch": [[1.28422123, 1.21302549], [1.26187749, 1.21302549]],
        "teacher": [
            [-14.6342958, -4.46445306, 15.4289713, 2.80000991],
            [-13.4360985, -4.72774163, 14.2647721, 3.21363018],
        ],
        "student": [
            [-6.07021451, 5.58733391, -5.0106647, 4.80355217],
            [-5.97795927, 5.4938878, -4.91758587, 4.71239263],
        ],
    },
    "paper": {
        "choice": [[2, 5], [0, 5]],
        "discrepancy": [[21.3147472], [19.5880668]],
        "mismatch": [[1.02038533, 2.21102337], [1.03963994, 2.21102337]],
        "teacher": [
            [-13.9653434, -1.67730916, 14.5101216, 0.0233613933],
            [-12.7025096, -1.05786366, 13.1672995, -0.422687025],
        ],
        "student": [[3.34096545, 3.86593445, 4.13406001, 4.07551108], [3.34781206, 3.87057846, 4.13619297, 4.07499132]],
    },
}


@pytest.mark.parametrize("name", ["trained", "paper"])
def test_golden_outputs(name: str) -> None:
    pair = outputs(name)
    expected = GOLDEN[name]
    assert pair.choice.tolist() == expected["choice"]
    np.testing.assert_allclose(pair.discrepancy.numpy(), expected["discrepancy"], rtol=1e-6)
    np.testing.assert_allclose(pair.mismatch.numpy(), expected["mismatch"], rtol=1e-6)
    np.testing.assert_allclose(pair.teacher[:, 0].numpy(), expected["teacher"], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(pair.student[:, 0].numpy(), expected["student"], rtol=1e-6, atol=1e-9)
