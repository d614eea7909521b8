"""What the networks of a fitted detector cost; kept apart, since it needs torch."""

from __future__ import annotations

import copy
import time

import numpy as np
import torch
from torch import nn

from anomalyllm.config import DetectorConfig
from anomalyllm.data.series import Series
from anomalyllm.evaluation.speed.clock import quickest
from anomalyllm.evaluation.speed.parts import flops_of
from anomalyllm.finetuning import of_networks
from anomalyllm.fitted import Fitted
from anomalyllm.judges import Prepared
from anomalyllm.model.inference import to_tensor
from anomalyllm.model.pair import PROTOTYPES, Pair, seen
from anomalyllm.pairing import pair_judges
from anomalyllm.teaching import training_data
from anomalyllm.training.loop import Run
from anomalyllm.windows.slicing import slide
from anomalyllm.windows.views import POINTS

STEP_SECONDS = 0.5  # of timing; three rounds at least
BATCH = 32  # windows over which operations are counted


def of_detector(fitted: Fitted, training: Series, prepared: Prepared, seed: int) -> dict[str, float]:
    """Of networks that were trained on `training`, else of the pretrained pair."""
    if fitted.has_networks:
        return {**_step(fitted, training, seed), **_trained(fitted, prepared)}
    judges = pair_judges(fitted)
    return _pretrained(judges[0].pair, sum(int(judge.retrieval.moving.sum()) for judge in judges)) if judges else {}


def _step(fitted: Fitted, training: Series, seed: int) -> dict[str, float]:
    """A training step on a copy of the networks."""
    config = _networks_config(fitted.config)
    values = fitted.prepare(training.values).values
    data = training_data(values, ~np.isfinite(training.values), config, fitted.seed)
    run = Run(copy.deepcopy(fitted.networks.distiller), data, config, seed)
    flops = flops_of(run.advance)
    times = quickest({"step": run.advance}, STEP_SECONDS, clock=time.process_time)
    return {"seconds_training_step": times["step"], "flops_training_step": float(flops)}


def _trained(fitted: Fitted, prepared: Prepared) -> dict[str, float]:
    """Operations of one window, and parameters."""
    judge = fitted.networks
    distiller = judge.distiller.eval()
    if len(prepared.values) < judge.window:
        return parameters(distiller)
    batch = to_tensor(distiller, slide(prepared.values, judge.window)[:BATCH])
    channels, prototypes, window = distiller.student.prototypes.shape
    with torch.no_grad():
        teacher = flops_of(lambda: distiller.teacher(batch)) / len(batch)
        student = flops_of(lambda: distiller.student(batch)) / len(batch)
    retrieval = 2.0 * channels * prototypes * window  # the similarity to every prototype, which the student asks for
    return {
        "flops_window_teacher": teacher,
        "flops_window_student": student - retrieval,
        "flops_window_prototypes": retrieval,
        **parameters(distiller),
    }


def _pretrained(pair: Pair, channels: int) -> dict[str, float]:
    """Of the pair, which reads a window of each length and channel; nothing of it is trained on the series."""
    sight = seen(torch.zeros(1, POINTS), torch.zeros(1, PROTOTYPES, POINTS), torch.ones(1, PROTOTYPES))
    with torch.no_grad():
        teacher, student = flops_of(lambda: pair.teacher(sight.window)), flops_of(lambda: pair.student(sight))
    return {
        "flops_window_teacher": float(channels * teacher),
        "flops_window_student": float(channels * student),
        **parameters(pair),
    }


def parameters(module: nn.Module) -> dict[str, float]:
    """Numbers that training on the series changes, and those that sleep; a bank of windows is neither."""
    awake = sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)
    asleep = sum(parameter.numel() for parameter in module.parameters() if not parameter.requires_grad)
    return {"parameters_trained": float(awake), "parameters_asleep": float(asleep)}


def _networks_config(config: DetectorConfig) -> DetectorConfig:
    return config if config.evidence == "networks" else of_networks(config)
