"""The teacher: its patches, the one freeze policy, and that it stays asleep through training."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2Model, LlamaConfig, LlamaModel

from anomalyllm.config import TeacherConfig
from anomalyllm.model.teacher import Teacher, freeze
from conftest import sine, small_detector


def tiny_gpt2(blocks: int = 2) -> GPT2Model:
    torch.manual_seed(0)
    return GPT2Model(
        GPT2Config(
            vocab_size=1, n_positions=32, n_embd=16, n_layer=blocks, n_head=2, bos_token_id=None, eos_token_id=None
        )
    )


def teacher(*, joint: bool, channels: int = 2, stride: int = 4, **settings: object) -> Teacher:
    config = TeacherConfig(patch=8, patch_stride=stride, output=5, **settings)
    return Teacher(config, tiny_gpt2(), channels=channels, joint=joint).eval()


def test_patches_are_padded_by_a_stride_of_the_last_value_and_flattened_time_first() -> None:
    windows = torch.arange(2 * 16, dtype=torch.float32).reshape(1, 2, 16)
    patches = teacher(joint=True).patches(windows)
    assert patches.shape == (1, 4, 16)  # floor((16 + 4 - 8) / 4) + 1
    for index in range(4):
        for sample in range(8):
            for channel in range(2):
                time = min(index * 4 + sample, 15)
                assert patches[0, index, sample * 2 + channel] == windows[0, channel, time]


def test_leftover_samples_are_dropped() -> None:
    assert teacher(joint=False, stride=5).patches(torch.zeros(1, 1, 16)).shape == (1, 3, 8)


def test_separate_channels_get_a_vector_each_and_do_not_see_each_other() -> None:
    network = teacher(joint=False)
    windows = torch.randn(3, 2, 16, generator=torch.Generator().manual_seed(1))
    both = network(windows)
    assert both.shape == (3, 2, 5)
    alone = network(windows[:, 1:])
    torch.testing.assert_close(both[:, 1:], alone)


def test_joint_channels_share_one_vector_and_all_matter() -> None:
    network = teacher(joint=True)
    windows = torch.randn(3, 2, 16, generator=torch.Generator().manual_seed(1))
    vector = network(windows)
    assert vector.shape == (3, 1, 5)
    changed = windows.clone()
    changed[:, 1] += 1
    assert not torch.allclose(network(changed), vector)


def test_the_model_is_causal_over_patches() -> None:
    """GPT-2 reads from left to right: a change in the last patch leaves earlier hidden states as they were."""
    model = tiny_gpt2().eval()
    tokens = torch.randn(1, 6, 16, generator=torch.Generator().manual_seed(2))
    changed = tokens.clone()
    changed[:, -1] = torch.arange(16) % 3  # a constant would vanish in the LayerNorm
    before = model(inputs_embeds=tokens).last_hidden_state
    after = model(inputs_embeds=changed).last_hidden_state
    torch.testing.assert_close(before[:, :-1], after[:, :-1])
    assert not torch.allclose(before[:, -1], after[:, -1])


def awake(model: torch.nn.Module) -> set[str]:
    return {name for name, parameter in model.named_parameters() if parameter.requires_grad}


def test_freeze_wakes_positions_and_norms_only() -> None:
    model = tiny_gpt2(1)
    freeze(model, train_feed_forward=False)
    norms = {f"{name}.{part}" for name in ("h.0.ln_1", "h.0.ln_2", "ln_f") for part in ("weight", "bias")}
    assert awake(model) == norms | {"wpe.weight"}
    freeze(model, train_feed_forward=True)
    matrices = {f"h.0.mlp.{name}.{part}" for name in ("c_fc", "c_proj") for part in ("weight", "bias")}
    assert awake(model) == norms | {"wpe.weight"} | matrices


def test_freeze_knows_models_without_a_position_table() -> None:
    """Any causal model will do: Llama has RMS norms and rotary positions."""
    shape = {"hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2, "num_key_value_heads": 2}
    model = LlamaModel(LlamaConfig(vocab_size=4, num_hidden_layers=1, **shape))
    freeze(model, train_feed_forward=False)
    expected = {"layers.0.input_layernorm.weight", "layers.0.post_attention_layernorm.weight", "norm.weight"}
    assert awake(model) == expected
    config = TeacherConfig(patch=8, patch_stride=8, output=3)
    assert Teacher(config, model, channels=1, joint=True)(torch.zeros(2, 1, 16)).shape == (2, 1, 3)


@pytest.mark.parametrize("preset", ["trained", "paper"])
@pytest.mark.parametrize("feed_forward", [False, True])
def test_the_sleeping_teacher(preset: str, feed_forward: bool) -> None:
    """After training the frozen tensors are byte-equal to the first ones, and every other parameter has moved."""
    settings = {"teacher.train_feed_forward": feed_forward, "training.patience": 100}
    untrained = small_detector(preset, max_steps=1, settings={**settings, "training.learning_rate": 1e-30})
    trained = small_detector(preset, max_steps=5, settings=settings)
    first, last = (detector.fit(sine(300, 2))._fitted.networks.distiller for detector in (untrained, trained))
    before, after = dict(first.named_parameters()), dict(last.named_parameters())
    frozen = {name for name, parameter in after.items() if not parameter.requires_grad}
    assert any(".attn.c_attn.weight" in name for name in frozen)
    assert any(".mlp.c_fc.weight" in name for name in frozen) is not feed_forward
    for name in after:
        one, other = before[name].detach().numpy(), after[name].detach().numpy()
        if name in frozen:
            assert one.tobytes() == other.tobytes(), name
        elif not name.endswith(("key.bias", "wte.weight")):  # softmax does not see a key's bias
            assert not np.array_equal(one, other), name
