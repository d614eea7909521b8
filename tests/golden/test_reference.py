"""The network and the losses equal the recorded numbers of the authors' own code, for every recorded configuration.

All sizes are read from the files, so that another draw of them can be put in their place. Judged in float64 within
1e-9, and in float32 within 1e-5, relative to the largest recorded value.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import GPT2Config, GPT2Model

from anomalyllm.config import LossConfig
from anomalyllm.model.distiller import Distiller, build
from anomalyllm.model.losses import discrepancy, distillation_rows, loss_terms
from anomalyllm.presets import preset
from anomalyllm.training.loop import optimiser

PARTS = ("normal", "aug1", "aug2", "edge")
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-5}


class Recorded:
    """One recorded configuration: its sizes, its expected values, and our network with its weights."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name
        self.meta = json.loads((folder / f"{name}.json").read_text())
        self.cases = load_file(folder / f"{name}.cases.safetensors")
        sizes = self.meta["config"]
        teacher, student = sizes["teacher"], sizes["student"]
        self.config = preset("paper").with_settings(
            {
                "window.length": sizes["window_size"],
                "teacher.patch": teacher["patch_size"],
                "teacher.patch_stride": teacher["stride"],
                "teacher.output": teacher["output_size"],
                "teacher.kept_features": teacher["kept_features"],
                "teacher.train_feed_forward": teacher["tune_mlp"],
                "student.patch": student["patch_size"],
                "student.prototypes": student["prototypes"],
                "student.width": student["d_model"],
                "student.heads": student["heads"],
                "student.feed_forward": student["feed_forward"],
                "student.layers": student["encoder_layers"],
                "training.learning_rate": self.meta["adam"]["lr"],
                "training.betas": self.meta["adam"]["betas"],
                "training.weight_decay": self.meta["adam"]["weight_decay_l2_added_to_gradient"],
                **{f"loss.{key}": value for key, value in self.meta["loss_weights"].items()},
            }
        )

    def network(self, dtype: torch.dtype, *, dropout: bool = True) -> Distiller:
        sizes = self.meta["config"]
        language_model = gpt2(self.folder / "teacher_gpt2.safetensors", sizes["teacher"], dropout=dropout)
        config = self.config
        if not dropout:
            config = config.with_settings({"teacher.dropout": 0.0, "student.dropout": 0.0})
        channels, window = sizes["input_channels"], sizes["window_size"]
        distiller = build(config, language_model, channels=channels, window=window, seed=0)
        weights = load_file(self.folder / f"{self.name}.weights.safetensors")
        report = distiller.load_state_dict({ours(key): value for key, value in weights.items()}, strict=False)
        assert not report.unexpected_keys
        assert all(".language_model." in key for key in report.missing_keys)
        return distiller.to(dtype).eval()

    def inputs(self, part: str, dtype: torch.dtype) -> torch.Tensor:
        return self.cases[f"inputs.{part}"].to(dtype)

    def expected(self, what: str, part: str, dtype: torch.dtype) -> torch.Tensor:
        return self.cases[f"{what}{'_f64' if dtype == torch.float64 else ''}.{part}"]


def gpt2(path: Path, sizes: dict, *, dropout: bool) -> GPT2Model:
    """The recorded GPT-2, cut to the blocks that the configuration uses."""
    tensors = {key.removeprefix("teacher.gpt2."): value.float() for key, value in load_file(path).items()}
    rate = 0.1 if dropout else 0.0
    config = GPT2Config(
        vocab_size=len(tensors["wte.weight"]),
        n_positions=len(tensors["wpe.weight"]),
        n_embd=sizes["d_model"],
        n_layer=sizes["gpt2_layers"],
        n_head=sizes["heads"],
        resid_pdrop=rate,
        embd_pdrop=rate,
        attn_pdrop=rate,
        bos_token_id=None,
        eos_token_id=None,
    )
    model = GPT2Model(config)
    wanted = model.state_dict().keys()
    model.load_state_dict({key: value for key, value in tensors.items() if key in wanted})
    return model


def ours(key: str) -> str:
    return key.replace(".head.batchnorm.", ".head.norm.").replace("teacher.gpt2.", "teacher.language_model.")


def theirs(key: str) -> str:
    return key.replace(".head.norm.", ".head.batchnorm.").replace("teacher.language_model.", "teacher.gpt2.")


def difference(found: torch.Tensor, expected: torch.Tensor) -> float:
    """Largest difference, relative to the largest expected value."""
    scale = expected.double().abs().max().clamp_min(1e-12)
    return float((found.detach().double() - expected.double()).abs().max() / scale)


def test_reference_has_configurations(shared_fixtures: Path) -> None:
    """Without this, a folder that was emptied would make every loop below pass."""
    assert list((shared_fixtures / "network").glob("*.cases.safetensors"))


@pytest.fixture(scope="session")
def recorded(shared_fixtures: Path) -> list[Recorded]:
    folder = shared_fixtures / "network"
    return [Recorded(folder, path.name.split(".")[0]) for path in sorted(folder.glob("*.cases.safetensors"))]


@pytest.mark.parametrize("dtype", TOLERANCE, ids=["float64", "float32"])
def test_reference_outputs_prototypes_and_scores(recorded: list[Recorded], dtype: torch.dtype) -> None:
    for case in recorded:
        network = case.network(dtype)
        for part in PARTS if dtype == torch.float64 else PARTS[:3]:  # flat windows magnify float32 rounding × 300
            with torch.inference_mode():
                pair = network(case.inputs(part, dtype))
            found = {"teacher": pair.teacher[:, 0], "student": pair.student[:, 0], "score": pair.discrepancy[:, 0]}
            for what, value in found.items():
                apart = difference(value, case.expected(f"eval.{what}", part, dtype))
                assert apart < TOLERANCE[dtype], (case.name, part, what, apart)
            assert torch.equal(pair.choice, case.cases[f"eval.prototype_index.{part}"]), (case.name, part)


def test_reference_edge_windows_in_float32(recorded: list[Recorded]) -> None:
    """Flat windows: within the 2e-3 that rounding alone makes of them, and never NaN."""
    for case in recorded:
        with torch.inference_mode():
            pair = case.network(torch.float32)(case.inputs("edge", torch.float32))
        expected = case.expected("eval.score", "edge", torch.float64)
        assert torch.allclose(pair.discrepancy[:, 0].double(), expected, atol=2e-3), case.name


def test_reference_similarities(recorded: list[Recorded]) -> None:
    for case in recorded:
        student = case.network(torch.float64).student
        for part in PARTS[:3]:  # of flat windows the record holds rounding; their choice is judged above
            similarity = student(case.inputs(part, torch.float64)).similarity
            expected = torch.nan_to_num(case.cases[f"eval.prototype_similarity.{part}"], nan=0.0)
            assert difference(similarity, expected) < 1e-5, (case.name, part)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=["float64", "float32"])
def test_reference_training_losses_and_rows(recorded: list[Recorded], dtype: torch.dtype) -> None:
    for case in recorded:
        network = case.network(dtype, dropout=False).train()
        pair = network(torch.cat([case.inputs(part, dtype) for part in PARTS[:3]]))
        teacher, student = pair.teacher[:, 0], pair.student[:, 0]
        terms = loss_terms(teacher, student, case.config.loss)
        recorded_losses = case.meta["loss_f64" if dtype == torch.float64 else "loss"]
        for what, value in recorded_losses.items():
            found = getattr(terms, what).item()
            assert found == pytest.approx(value, rel=TOLERANCE[dtype]), (case.name, what)
        synthetic = torch.arange(len(teacher)) >= len(teacher) // 3
        rows = distillation_rows(teacher, student, synthetic, "log")
        expected_rows = case.cases.get("train.row_loss_f64", case.cases.get("train.row_loss"))
        assert expected_rows is not None
        assert difference(rows, expected_rows) < 1e-5, case.name


def test_reference_gradients_and_frozen_parameters(recorded: list[Recorded]) -> None:
    """Every recorded gradient, and exactly the recorded list of trained parameters."""
    for case in recorded:
        network = case.network(torch.float64, dropout=False).train()
        pair = network(torch.cat([case.inputs(part, torch.float64) for part in PARTS[:3]]))
        loss_terms(pair.teacher[:, 0], pair.student[:, 0], case.config.loss).total.backward()
        trained = {theirs(key): value for key, value in network.named_parameters() if value.requires_grad}
        assert sorted(trained) == sorted(case.meta["trained_parameters"]), case.name
        for name, parameter in trained.items():
            assert parameter.grad is not None, name
            norm = case.meta["gradient_l2_norm_f64"][name]
            assert parameter.grad.norm().item() == pytest.approx(norm, rel=1e-8, abs=1e-12), (case.name, name)
            if f"train.grad.{name}" in case.cases:  # the largest are recorded by their norm only
                expected = case.cases[f"train.grad.{name}"]
                apart = (parameter.grad - expected).abs().max()
                assert apart < 1e-6 * expected.abs().max() + 1e-12, (case.name, name, apart)


def test_reference_batchnorm_statistics(recorded: list[Recorded]) -> None:
    for case in recorded:
        network = case.network(torch.float64, dropout=False).train()
        network(torch.cat([case.inputs(part, torch.float64) for part in PARTS[:3]]))
        norm = network.student.head.norm
        for key, value in case.cases.items():
            if key.startswith("train.bn_running"):
                found = norm.running_mean if "mean" in key else norm.running_var
                assert difference(found, value) < 1e-5, (case.name, key)


def test_reference_optimiser_run(recorded: list[Recorded]) -> None:
    """Three steps on the same batch: the losses before and after each, then the scores."""
    for case in recorded:
        network = case.network(torch.float64, dropout=False)
        adam = optimiser(network, case.config)
        batch = torch.cat([case.inputs(part, torch.float64) for part in PARTS[:3]])
        key = next(key for key in case.meta["adam"] if key.startswith("losses_f64"))
        for step, expected in enumerate(case.meta["adam"][key]):
            network.train()
            pair = network(batch)
            terms = loss_terms(pair.teacher[:, 0], pair.student[:, 0], case.config.loss)
            assert [term.item() for term in terms] == pytest.approx(expected, rel=1e-8), (case.name, step)
            if step < case.meta["adam"]["steps_on_same_batch"]:
                adam.zero_grad()
                terms.total.backward()
                adam.step()
        scores = network.eval()(case.inputs("normal", torch.float64)).discrepancy[:, 0]
        assert difference(scores, case.cases["adam.score_after_f64.normal"]) < 1e-8, case.name


def keep(stations: dict[str, torch.Tensor], name: str, module: torch.nn.Module) -> None:
    """Notes what goes into a module and what comes out."""

    def note(_module: torch.nn.Module, inputs: tuple, output: object) -> None:
        stations[name] = getattr(output, "last_hidden_state", output)
        if inputs:
            stations[f"{name}/in"] = inputs[0]

    module.register_forward_hook(note)


def test_reference_intermediate_values(recorded: list[Recorded]) -> None:
    """The first window of the normal part, station by station: where a difference begins, it shows."""
    for case in recorded:
        network = case.network(torch.float64)
        window = case.inputs("normal", torch.float64)[:1]
        stations: dict[str, torch.Tensor] = {}
        teacher, student = network.teacher, network.student
        stations["teacher.patches"] = teacher.patches(window)
        stations["teacher.embedded"] = teacher.patch_embedding(stations["teacher.patches"])
        keep(stations, "student.after_layer0", student.encoder[0])
        keep(stations, "student.encoded", student.encoder_norm)
        keep(stations, "student.head", student.head)
        keep(stations, "student.batchnorm", student.head.norm)
        keep(stations, "teacher.gpt2_output", teacher.language_model)
        keep(stations, "teacher.head_per_patch", teacher.head)
        network(window)
        stations["student.tokens"] = stations["student.after_layer0/in"]
        stations["student.flat"] = stations["student.head/in"]
        for key, expected in case.cases.items():
            station = key.removeprefix("detail.")
            if key.startswith("detail."):
                assert difference(stations[station], expected) < 1e-5, (case.name, station)


def test_reference_losses_alone(shared_fixtures: Path) -> None:
    folder = shared_fixtures / "network"
    meta = json.loads((folder / "loss_only.json").read_text())
    tensors = load_file(folder / "loss_only.safetensors")
    weights = LossConfig(**meta["loss_weights"])
    assert meta["cases"]
    for name, case in meta["cases"].items():
        teacher = tensors[f"{name}.teacher"].double().requires_grad_()
        student = tensors[f"{name}.student"].double().requires_grad_()
        terms = loss_terms(teacher, student, weights)
        for what, value in case["loss_f64"].items():
            assert getattr(terms, what).item() == pytest.approx(value, rel=1e-9), (name, what)
        terms.total.backward()
        assert teacher.grad is not None
        if name != "zero_teacher_row":  # there the published formula's gradient is about 1e16
            assert torch.isfinite(teacher.grad).all()
            assert torch.isfinite(student.grad).all()


def test_reference_identical_rows_have_a_finite_gradient() -> None:
    """A student that has learned a row exactly must not turn the next step into NaN."""
    teacher = torch.ones(3, 4, requires_grad=True)
    student = torch.ones(3, 4, requires_grad=True)
    discrepancy(teacher, student).sum().backward()
    assert np.array_equal(student.grad.numpy(), np.zeros((3, 4)))
