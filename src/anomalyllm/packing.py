"""A fitted detector as named tensors and a plain description, and put together again from them.

Tensors are NumPy arrays; what networks are is left to `packing_networks`, which alone needs torch.
"""

from __future__ import annotations

import dataclasses
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from anomalyllm.banking import judges_of
from anomalyllm.config import DetectorConfig
from anomalyllm.extras import require_networks
from anomalyllm.fitted import Fitted, TrainingFacts
from anomalyllm.judges import Judge
from anomalyllm.model.bank import Bank, Scale
from anomalyllm.scoring.novelty import Novelty
from anomalyllm.training.record import Measurement, TrainingRecord
from anomalyllm.windows.scaling import Scaler

Tensors: TypeAlias = dict[str, NDArray[Any]]
BANK_FIELDS = ("starts", "windows", "energy", "stillness", "centre", "axes")


def all_tensors(fitted: Fitted) -> Tensors:
    """Every tensor of a detector by name."""
    scaler = fitted.scaler
    tensors = {f"scaler.{part}": getattr(scaler, part) for part in ("mean", "deviation", "constant")}
    if fitted.retrieval:
        tensors |= _retrieval_tensors(fitted)
    if _is_torchs(fitted):
        from anomalyllm.packing_networks import tensors_of_networks

        tensors |= tensors_of_networks(fitted)
    return {name: np.ascontiguousarray(tensor) for name, tensor in sorted(tensors.items())}


def described_pair(fitted: Fitted) -> dict[str, Any] | None:
    """What the pretrained pair is beside its tensors, ready for JSON; None where there is none."""
    if fitted.config.pair is None:
        return None
    from anomalyllm import packing_networks

    return packing_networks.described_pair(fitted)


def _is_torchs(fitted: Fitted) -> bool:
    """Whether some judge is a network, so that torch is there anyway."""
    return fitted.has_networks or fitted.config.pair is not None


def _retrieval_tensors(fitted: Fitted) -> Tensors:
    novelty = fitted.novelty
    tensors = {f"novelty.{field}": getattr(novelty, field) for field in ("still", "low", "high")}
    banks = {judge.bank.length: judge.bank for judge in fitted.retrieval}
    for scale in fitted.scales:
        banks[scale.bank.length] = scale.bank
        tensors[f"usual.{scale.bank.length}"] = scale.usual
    for length, bank in banks.items():
        tensors |= {f"bank.{length}.{field}": getattr(bank, field) for field in BANK_FIELDS}
    return tensors


def assembled(manifest: dict[str, Any], tensors: Tensors, device: str) -> Fitted:
    """A fitted detector from its description and its tensors.

    Raises:
        KeyError, TypeError, ValueError, ConfigError: the two do not make a whole.
    """
    fitted = without_networks(manifest, tensors)
    judges = fitted.judges
    if manifest.get("pair") is not None:
        require_networks("the pretrained pair of this detector")
        from anomalyllm.packing_networks import pair_judges_of

        judges = (*judges, *pair_judges_of(manifest["pair"], judges, tensors))
    if _describes_networks(manifest, fitted.config):
        require_networks("the networks of this detector")
        from anomalyllm.packing_networks import network_judge_of

        judges = (*judges, network_judge_of(manifest, fitted.config, tensors, device))
    return dataclasses.replace(fitted, judges=judges)


def without_networks(manifest: dict[str, Any], tensors: Tensors) -> Fitted:
    """The part of a fitted detector that is arithmetic; its judges are those that retrieve, or none.

    Raises:
        KeyError, TypeError, ValueError, ConfigError: description and tensors do not make a whole.
    """
    config = DetectorConfig.from_mapping(manifest["config"])
    channels = tuple(manifest["channels"])
    judges: tuple[Judge, ...] = ()
    scales: tuple[Scale, ...] = ()
    novelty = Novelty.none(len(channels))
    if config.evidence == "retrieval":
        judges, scales, novelty = _retrieval(config, tensors)
    return Fitted(
        config=config,
        channels=channels,
        period=manifest["period"],
        seed=manifest["seed"],
        scaler=Scaler(*(tensors[f"scaler.{part}"] for part in ("mean", "deviation", "constant"))),
        judges=judges,
        scales=scales,
        novelty=novelty,
        unit=float(manifest["unit"]),
        threshold=float(manifest["threshold"]),
        teacher_label=manifest["teacher"]["label"],
        teacher_shape=manifest["teacher"]["shape"],
        training=_facts(manifest["training"]),
    )


def _describes_networks(manifest: dict[str, Any], config: DetectorConfig) -> bool:
    """Whether networks judge, alone or beside others; the teacher and the tensors must say the same."""
    shaped = bool(manifest["teacher"]["shape"])
    held = any(name.startswith("networks.") for name in manifest["tensors"])
    alone = config.evidence == "networks"
    if not shaped == held or (alone and not shaped) or (shaped and not (alone or config.finetune)):
        raise ValueError("evidence, teacher and tensors do not agree on whether there are networks")
    return shaped


def _retrieval(config: DetectorConfig, tensors: Tensors) -> tuple[tuple[Judge, ...], tuple[Scale, ...], Novelty]:
    """The judges that compare with normal windows, the scales of places, and what is novel."""
    still, low, high = (tensors[f"novelty.{field}"] for field in ("still", "low", "high"))
    novelty = Novelty(still, low, high, config.retrieval.novelty)
    lengths = {*config.retrieval.lengths, *config.retrieval.place_lengths}
    banks = {length: _bank(length, tensors) for length in lengths}
    scales = tuple(Scale(banks[length], tensors[f"usual.{length}"]) for length in config.retrieval.place_lengths)
    return judges_of(banks, novelty, config), scales, novelty


def _facts(training: dict[str, Any]) -> TrainingFacts:
    facts = dict(training)
    record = facts.pop("record")
    history = tuple(Measurement(**row) for row in record["history"])
    return TrainingFacts(
        **{**facts, "notes": tuple(facts["notes"])},
        record=TrainingRecord(history, record["best_step"], record["steps"]),
    )


def _bank(length: int, tensors: Tensors) -> Bank:
    return Bank(length, *(tensors[f"bank.{length}.{field}"] for field in BANK_FIELDS))
