"""A fitted detector as named tensors and a plain description, and put together again from them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from anomalyllm.banking import judges_of
from anomalyllm.config import DetectorConfig
from anomalyllm.fitted import Fitted, TrainingFacts
from anomalyllm.judges import Judge, NetworkJudge, RetrievalJudge
from anomalyllm.model.bank import Bank, Scale
from anomalyllm.model.distiller import build
from anomalyllm.model.language_models import rebuild
from anomalyllm.model.pair import described_teacher, rebuilt, teacher_of
from anomalyllm.pairing import pair_judge, pair_judges
from anomalyllm.scoring.calibrate import Calibration
from anomalyllm.scoring.novelty import Novelty
from anomalyllm.teaching import network_judge
from anomalyllm.training.record import Measurement, TrainingRecord
from anomalyllm.windows.scaling import Scaler

Floats = NDArray[np.float64]
BANK_FIELDS = ("starts", "windows", "energy", "stillness", "centre", "axes")


def all_tensors(fitted: Fitted) -> dict[str, Tensor]:
    """Every tensor of a detector by name, on the CPU."""
    tensors = {
        "scaler.mean": torch.from_numpy(fitted.scaler.mean),
        "scaler.deviation": torch.from_numpy(fitted.scaler.deviation),
        "scaler.constant": torch.from_numpy(fitted.scaler.constant),
    }
    if fitted.retrieval:
        tensors |= _retrieval_tensors(fitted)
    tensors |= _pair_tensors(fitted)
    if fitted.has_networks:
        tensors |= _network_tensors(fitted.networks)
    return {name: tensor.detach().cpu().contiguous() for name, tensor in sorted(tensors.items())}


def _network_tensors(judge: NetworkJudge) -> dict[str, Tensor]:
    tensors = {f"networks.{name}": tensor for name, tensor in judge.distiller.state_dict().items()}
    return tensors | {
        "bank": torch.from_numpy(judge.bank),
        "calibration.centre": torch.from_numpy(judge.calibration.centre),
        "calibration.spread": torch.from_numpy(judge.calibration.spread),
        "mismatch_calibration.centre": torch.from_numpy(judge.mismatch_calibration.centre),
        "mismatch_calibration.spread": torch.from_numpy(judge.mismatch_calibration.spread),
    }


def _retrieval_tensors(fitted: Fitted) -> dict[str, Tensor]:
    novelty = fitted.novelty
    tensors = {f"novelty.{field}": torch.from_numpy(getattr(novelty, field)) for field in ("still", "low", "high")}
    banks = {judge.bank.length: judge.bank for judge in fitted.retrieval}
    for scale in fitted.scales:
        banks[scale.bank.length] = scale.bank
        tensors[f"usual.{scale.bank.length}"] = torch.from_numpy(scale.usual)
    for length, bank in banks.items():
        tensors |= {f"bank.{length}.{field}": torch.from_numpy(getattr(bank, field)) for field in BANK_FIELDS}
    return tensors


def _pair_tensors(fitted: Fitted) -> dict[str, Tensor]:
    """The pretrained pair, once, and what is usual for each length; nothing where there is none."""
    tensors: dict[str, Tensor] = {}
    for judge in pair_judges(fitted):
        tensors |= {f"pair.{name}": tensor for name, tensor in judge.pair.state_dict().items()}
        tensors[f"pair_usual.{judge.window}"] = torch.from_numpy(judge.usual)
    return tensors


def described_pair(fitted: Fitted) -> dict[str, Any] | None:
    """What the pair is beside its tensors, ready for JSON; None where there is none."""
    judges = pair_judges(fitted)
    return {"teacher": described_teacher(judges[0].pair), "unit": judges[0].unit} if judges else None


def assembled(manifest: dict[str, Any], tensors: dict[str, Tensor], device: str) -> Fitted:
    """A fitted detector from its description and its tensors.

    Raises:
        KeyError, TypeError, ValueError, ConfigError: the two do not make a whole.
    """
    config = DetectorConfig.from_mapping(manifest["config"])
    channels = tuple(manifest["channels"])
    judges: tuple[Judge, ...] = ()
    scales: tuple[Scale, ...] = ()
    novelty = Novelty.none(len(channels))
    if config.evidence == "retrieval":
        judges, scales, novelty = _retrieval(config, tensors)
    judges = (*judges, *_pair_judges(manifest, judges, tensors))
    if _describes_networks(manifest, config):
        judges = (*judges, _network_judge(manifest, config, tensors, device))
    return Fitted(
        config=config,
        channels=channels,
        period=manifest["period"],
        seed=manifest["seed"],
        scaler=Scaler(*(tensors[f"scaler.{part}"].numpy() for part in ("mean", "deviation", "constant"))),
        judges=judges,
        scales=scales,
        novelty=novelty,
        unit=float(manifest["unit"]),
        threshold=float(manifest["threshold"]),
        teacher_label=manifest["teacher"]["label"],
        teacher_shape=manifest["teacher"]["shape"],
        training=_facts(manifest["training"]),
    )


def _pair_judges(
    manifest: dict[str, Any], retrieval: tuple[Judge, ...], tensors: dict[str, Tensor]
) -> tuple[Judge, ...]:
    """The judges that the pretrained pair is; none in detectors without one, or older ones."""
    described = manifest.get("pair")
    if described is None:
        return ()
    weights = {name.removeprefix("pair."): tensor for name, tensor in tensors.items() if name.startswith("pair.")}
    pair = rebuilt(weights, teacher_of(described["teacher"]), "the saved detector")
    return tuple(
        pair_judge(judge, pair, tensors[f"pair_usual.{judge.window}"].numpy(), float(described["unit"]))
        for judge in retrieval
        if isinstance(judge, RetrievalJudge) and f"pair_usual.{judge.window}" in tensors
    )


def _describes_networks(manifest: dict[str, Any], config: DetectorConfig) -> bool:
    """Whether networks judge, alone or beside others; the teacher and the tensors must say the same."""
    shaped = bool(manifest["teacher"]["shape"])
    held = any(name.startswith("networks.") for name in manifest["tensors"])
    alone = config.evidence == "networks"
    if not shaped == held or (alone and not shaped) or (shaped and not (alone or config.finetune)):
        raise ValueError("evidence, teacher and tensors do not agree on whether there are networks")
    return shaped


def _retrieval(
    config: DetectorConfig, tensors: dict[str, Tensor]
) -> tuple[tuple[Judge, ...], tuple[Scale, ...], Novelty]:
    """The judges that compare with normal windows, the scales of places, and what is novel."""
    still, low, high = (tensors[f"novelty.{field}"].numpy() for field in ("still", "low", "high"))
    novelty = Novelty(still, low, high, config.retrieval.novelty)
    lengths = {*config.retrieval.lengths, *config.retrieval.place_lengths}
    banks = {length: _bank(length, tensors) for length in lengths}
    scales = tuple(
        Scale(banks[length], tensors[f"usual.{length}"].numpy()) for length in config.retrieval.place_lengths
    )
    return judges_of(banks, novelty, config), scales, novelty


def _facts(training: dict[str, Any]) -> TrainingFacts:
    facts = dict(training)
    record = facts.pop("record")
    history = tuple(Measurement(**row) for row in record["history"])
    return TrainingFacts(
        **{**facts, "notes": tuple(facts["notes"])},
        record=TrainingRecord(history, record["best_step"], record["steps"]),
    )


def _bank(length: int, tensors: dict[str, Tensor]) -> Bank:
    return Bank(length, *(tensors[f"bank.{length}.{field}"].numpy() for field in BANK_FIELDS))


def _network_judge(
    manifest: dict[str, Any], config: DetectorConfig, tensors: dict[str, Tensor], device: str
) -> NetworkJudge:
    assert config.window.length is not None
    language_model = rebuild(manifest["teacher"]["shape"])
    distiller = build(config, language_model, channels=len(manifest["channels"]), window=config.window.length, seed=0)
    networks = {key.removeprefix("networks."): value for key, value in tensors.items() if key.startswith("networks.")}
    try:
        distiller.load_state_dict(networks)
    except RuntimeError as error:
        raise ValueError(str(error).splitlines()[-1].strip()) from error
    return dataclasses.replace(
        network_judge(distiller.to(device).eval(), tensors["bank"].numpy(), config),
        calibration=Calibration(*_pair("calibration", tensors)),
        mismatch_calibration=Calibration(*_pair("mismatch_calibration", tensors)),
        unit=float(manifest.get("networks_unit", 1.0)),  # absent where the detector is older than finetuning
    )


def _pair(name: str, tensors: dict[str, Tensor]) -> tuple[Floats, Floats]:
    return tensors[f"{name}.centre"].numpy(), tensors[f"{name}.spread"].numpy()
