"""The parts of a preset that trains networks on the series: a step of training, piece by piece, and a scoring batch."""

from __future__ import annotations

import copy
from functools import partial

import numpy as np
import torch

from anomalyllm.config import DetectorConfig
from anomalyllm.evaluation.speed.around import before, behind, timed_series
from anomalyllm.evaluation.speed.limits import Shape
from anomalyllm.evaluation.speed.parts import Part, Plan, bytes_of
from anomalyllm.model.distiller import Distiller
from anomalyllm.model.inference import ROWS_PER_BATCH, forbidden, gather_evidence, to_tensor
from anomalyllm.model.language_models import FUSED_GELU, TEACHERS, LanguageModel, load_language_model
from anomalyllm.model.losses import LossTerms, loss_terms
from anomalyllm.seeding import generator
from anomalyllm.teaching import Started, start
from anomalyllm.training.loop import Run
from anomalyllm.windows.augment import views
from anomalyllm.windows.choice import patch_count

ROWS = 4_000  # of the series
MOST_WINDOWS = 64  # in a step, where a preset has more: the share of what the machine can do is the same
PASSES = 7  # of Adam over what is trained: four numbers read, three written


def network_plan(config: DetectorConfig, device: str = "cpu") -> Plan:
    """The parts of `config`, whose evidence is "networks"."""
    batch = min(config.training.batch, MOST_WINDOWS)
    config = config.with_settings({"training.batch": batch})
    series = timed_series(ROWS)
    teacher = timed_teacher(config)
    started = start(series, config, 0, device, teacher)
    config = started.untrained.config
    assert config.window.length is not None
    parts = (
        *before(series, started.untrained),
        *TrainingStep(started).parts(),
        *whole(started),
        *behind(series, started.untrained),
    )
    rows = 3 * batch * patch_count(config, config.window.length)
    width = int(teacher.module.config.hidden_size)  # type: ignore[union-attr, arg-type]
    shapes = tuple(Shape(rows, inner * width, columns * width) for inner, columns in ((1, 3), (1, 1), (1, 4), (4, 1)))
    about = f"{teacher.label}, {config.teacher.precision}; steps of {batch} windows and two views of each"
    return Plan(parts, shapes, about)


def timed_teacher(config: DetectorConfig) -> LanguageModel:
    """A teacher that is built here, or a GPT-2 with random weights in place of what would have to be fetched.

    Of times, size decides.
    """
    teacher = config.teacher
    if teacher.name in TEACHERS:
        return load_language_model(teacher.name, teacher.blocks, 0, teacher.width)
    from transformers import GPT2Config, GPT2Model

    shape = GPT2Config(
        vocab_size=1,
        n_layer=teacher.blocks,
        activation_function=FUSED_GELU,
        bos_token_id=None,
        eos_token_id=None,
    )
    return LanguageModel(GPT2Model(shape), {}, "a GPT-2 with random weights")


class TrainingStep:
    """One training step taken apart: each piece works on what the pieces before it once made."""

    def __init__(self, started: Started) -> None:
        self.config = started.untrained.config
        self.data = started.data
        self.distiller = started.untrained.networks.distiller.train()
        self.starts = self.data.batch(0, 0, self.config.training.batch)
        self.windows = np.ascontiguousarray(self.data.windows[self.starts])
        first, second = views(self.windows, self.config.augment, generator(0, "views"))
        self.batch = torch.cat([to_tensor(self.distiller, part) for part in (self.windows, first, second)])
        barred = forbidden(self.distiller, self.starts, self.data.bank, self.windows.shape[-1])
        self.barred = None if barred is None else barred.repeat(3, 1)
        self.taught = self.distiller.teacher(self.batch).flatten(0, 1)
        self.learned = self.distiller.student(self.batch, self.barred).vector.flatten(0, 1)
        self.terms = self.compare()

    def parts(self) -> tuple[Part, ...]:
        """In the order of the step."""
        precision = "bfloat16" if self.distiller.teacher.halved else "float32"
        teacher, student = self.distiller.teacher, self.distiller.student
        vectors = bytes_of(self.taught, self.learned)
        weights = bytes_of(self.distiller) + awake_bytes(self.distiller)
        return (
            Part("windowing", self.cut, 2 * self.windows.nbytes, flops=0),
            Part("synthetic anomalies", self.alter, 3 * self.windows.nbytes, flops=0),
            Part("teacher", self.teach, bytes_of(teacher, self.batch, self.taught), precision=precision),
            Part("student", self.learn, bytes_of(student, self.batch, self.learned)),
            Part("losses", self.compare, vectors, flops=0),
            Part("backward", self.backward, weights + vectors, precision=precision),
        )

    def cut(self) -> torch.Tensor:
        """Windows as a tensor."""
        return to_tensor(self.distiller, self.data.windows[self.starts])

    def alter(self) -> object:
        """Two views of each window."""
        return views(self.windows, self.config.augment, generator(0, "views"))

    def teach(self) -> torch.Tensor:
        """The teacher's vectors, ready for gradients."""
        self.distiller.train()
        return self.distiller.teacher(self.batch)  # type: ignore[no-any-return]

    def learn(self) -> object:
        """The student's vectors, ready for gradients."""
        self.distiller.train()
        return self.distiller.student(self.batch, self.barred)

    def compare(self) -> LossTerms:
        """The losses."""
        return loss_terms(self.taught, self.learned, self.config.loss)

    def backward(self) -> None:
        """Gradients of everything that is awake."""
        self.distiller.zero_grad(set_to_none=True)
        self.terms.total.backward(retain_graph=True)  # type: ignore[no-untyped-call]


def whole(started: Started) -> tuple[Part, ...]:
    """The optimiser, a whole training step and a scoring batch, on networks of their own, which they change."""
    distiller = copy.deepcopy(started.untrained.networks.distiller)
    precision = "bfloat16" if distiller.teacher.halved else "float32"
    run = Run(distiller, started.data, started.untrained.config, 0)
    run.advance()  # leaves gradients for the optimiser
    weights, trained = bytes_of(distiller), awake_bytes(distiller)
    starts = np.arange(min(ROWS_PER_BATCH, len(started.data.windows)), dtype=np.int64)
    score = partial(gather_evidence, distiller, started.data.windows, starts)
    read = bytes_of(np.ascontiguousarray(started.data.windows[starts]))
    return (
        Part("optimiser", run.optimiser.step, PASSES * trained, flops=0),
        Part("training step", run.advance, 2 * weights + PASSES * trained, precision=precision),
        Part(f"scoring {len(starts)} windows", score, weights + read, precision=precision),
    )


def awake_bytes(distiller: Distiller) -> int:
    """Of all that training changes."""
    return sum(parameter.nbytes for parameter in distiller.parameters() if parameter.requires_grad)
