"""Networks as named tensors, and put together again: the part of `packing` that needs torch."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from anomalyllm.config import DetectorConfig
from anomalyllm.fitted import Fitted
from anomalyllm.judges import Judge, RetrievalJudge
from anomalyllm.model.distiller import build
from anomalyllm.model.language_models import rebuild
from anomalyllm.model.pair import described_teacher, rebuilt, teacher_of
from anomalyllm.network_judge import NetworkJudge
from anomalyllm.pairing import PairJudge, pair_judge, pair_judges
from anomalyllm.scoring.calibrate import Calibration
from anomalyllm.teaching import network_judge

Floats = NDArray[np.float64]
Tensors: TypeAlias = dict[str, NDArray[Any]]


def tensors_of_networks(fitted: Fitted) -> Tensors:
    """Those of the networks that were trained on the series, and of the pretrained pair, where there are any."""
    return _of_pair(fitted) | (_of_trained(fitted.networks) if fitted.has_networks else {})


def described_pair(fitted: Fitted) -> dict[str, Any] | None:
    """What the pair is beside its tensors, ready for JSON; None where it was left out."""
    judges = pair_judges(fitted)
    return {"teacher": described_teacher(judges[0].pair), "unit": judges[0].unit} if judges else None


def pair_judges_of(described: dict[str, Any], retrieval: tuple[Judge, ...], tensors: Tensors) -> tuple[PairJudge, ...]:
    """The judges that the pretrained pair is, from its description, the judges that it sits beside, and its tensors.

    Raises:
        KeyError, ArtefactError: they do not make a whole.
    """
    weights = _weights(tensors, "pair.")
    pair = rebuilt(weights, teacher_of(described["teacher"]), "the saved detector")
    return tuple(
        pair_judge(judge, pair, tensors[f"pair_usual.{judge.window}"], float(described["unit"]))
        for judge in retrieval
        if isinstance(judge, RetrievalJudge) and f"pair_usual.{judge.window}" in tensors
    )


def network_judge_of(manifest: dict[str, Any], config: DetectorConfig, tensors: Tensors, device: str) -> NetworkJudge:
    """The judge that was trained on the series.

    Raises:
        KeyError, ValueError: tensors and description do not make a whole.
    """
    assert config.window.length is not None
    language_model = rebuild(manifest["teacher"]["shape"])
    distiller = build(config, language_model, channels=len(manifest["channels"]), window=config.window.length, seed=0)
    try:
        distiller.load_state_dict(_weights(tensors, "networks."))
    except RuntimeError as error:
        raise ValueError(str(error).splitlines()[-1].strip()) from error
    return dataclasses.replace(
        network_judge(distiller.to(device).eval(), tensors["bank"], config),
        calibration=Calibration(*_pair("calibration", tensors)),
        mismatch_calibration=Calibration(*_pair("mismatch_calibration", tensors)),
        unit=float(manifest.get("networks_unit", 1.0)),  # absent where the detector is older than finetuning
    )


def _pair(name: str, tensors: Tensors) -> tuple[Floats, Floats]:
    return tensors[f"{name}.centre"], tensors[f"{name}.spread"]


def _of_trained(judge: NetworkJudge) -> Tensors:
    tensors = {f"networks.{name}": _array(tensor) for name, tensor in judge.distiller.state_dict().items()}
    return tensors | {
        "bank": judge.bank,
        "calibration.centre": judge.calibration.centre,
        "calibration.spread": judge.calibration.spread,
        "mismatch_calibration.centre": judge.mismatch_calibration.centre,
        "mismatch_calibration.spread": judge.mismatch_calibration.spread,
    }


def _of_pair(fitted: Fitted) -> Tensors:
    """The pretrained pair, once, and what is usual for each length; nothing where there is none."""
    tensors: Tensors = {}
    for judge in pair_judges(fitted):
        tensors |= {f"pair.{name}": _array(tensor) for name, tensor in judge.pair.state_dict().items()}
        tensors[f"pair_usual.{judge.window}"] = judge.usual
    return tensors


def _array(tensor: Tensor) -> NDArray[Any]:
    """As NumPy has it; bfloat16, which NumPy has not, stands as int16, bit for bit."""
    there = tensor.detach().cpu().contiguous()
    array: NDArray[Any] = (there.view(torch.int16) if there.dtype == torch.bfloat16 else there).numpy()
    return array


def _tensor(array: NDArray[Any]) -> Tensor:
    """The same again; a copy, since torch may write to its own."""
    tensor = torch.tensor(array)
    return tensor.view(torch.bfloat16) if array.dtype == np.int16 else tensor


def _weights(tensors: Tensors, prefix: str) -> dict[str, Tensor]:
    """Those whose names begin so, without that, as torch has them."""
    return {name.removeprefix(prefix): _tensor(of) for name, of in tensors.items() if name.startswith(prefix)}
