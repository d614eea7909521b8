"""Half of a GPT-2: its own tensors under the right names, no feed-forward, and never called gpt2."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import GPT2Config, GPT2Model

from anomalyllm import AnomalyLLM
from anomalyllm.errors import TeacherError
from anomalyllm.model.attention_half import attention_file
from anomalyllm.model.chance import torch_chance
from anomalyllm.model.language_models import load_language_model, rebuild, teacher_origin
from conftest import sine


@pytest.fixture(scope="module")
def whole() -> GPT2Model:
    with torch_chance(3):
        return GPT2Model(GPT2Config(vocab_size=5, n_positions=16, n_embd=128, n_layer=3, n_head=2)).eval()


@pytest.fixture
def half(whole: GPT2Model, tmp_path: Path) -> Path:
    """As such a file is: 16-bit, the feed-forward biases left, the matrices and the token table not."""
    there = {name: tensor.half() for name, tensor in whole.state_dict().items() if "wte" not in name}
    path = tmp_path / "half.safetensors"
    save_file(
        {name: tensor for name, tensor in there.items() if not name.endswith(("c_fc.weight", "mlp.c_proj.weight"))},
        path,
    )
    return path


def test_its_own_tensors_are_there_and_no_other(half: Path) -> None:
    model = load_language_model(str(half), 2, 0)
    stored = load_file(half)
    assert len(model.module.h) == 2
    for name, tensor in model.module.state_dict().items():
        if ".mlp." in name or name == "wte.weight":
            assert not tensor.any(), f"{name} is not in the file, so it adds nothing"
        else:
            assert torch.equal(tensor, stored[name].float()), name


def test_a_block_is_its_attention_alone(half: Path, whole: GPT2Model) -> None:
    """The slow way, on the whole model's own layers: x + attention(norm(x)), block by block."""
    tokens = torch.randn(2, 8, 128, generator=torch.Generator().manual_seed(0))
    found = load_language_model(str(half), 2, 0).module.eval()(inputs_embeds=tokens).last_hidden_state
    state = tokens + whole.wpe.weight[:8]
    later = torch.ones(8, 8, dtype=torch.bool).triu(1)
    for block in whole.h[:2]:
        parts = block.attn.c_attn(block.ln_1(state)).split(128, dim=-1)
        query, key, value = (part.reshape(2, 8, 2, 64).transpose(1, 2) for part in parts)
        weights = (query @ key.transpose(-1, -2) / 8).masked_fill(later, -torch.inf).softmax(-1)
        state = state + block.attn.c_proj((weights @ value).transpose(1, 2).reshape(2, 8, 128))
    assert torch.allclose(found, whole.ln_f(state), atol=5e-3)  # the file has 16 bits
    assert not torch.allclose(found, whole(inputs_embeds=tokens).last_hidden_state, atol=0.02), "it is not the whole"


def test_it_is_named_for_what_it_is(half: Path) -> None:
    """A result of it must never stand in a row that is called gpt2."""
    assert load_language_model(str(half), 2, 0).label == "gpt2 attention h0-h1, feed-forward skipped"
    assert load_language_model(str(half), 1, 0).label == "gpt2 attention h0, feed-forward skipped"
    assert load_language_model(str(half.parent), 1, 0).label == "gpt2 attention h0, feed-forward skipped"
    assert teacher_origin(str(half)) == f"{half}: the attention half of a GPT-2, which is not GPT-2"


def test_it_is_rebuilt_without_the_file(half: Path) -> None:
    model = load_language_model(str(half), 2, 0)
    again = rebuild(model.config)
    again.load_state_dict(model.module.state_dict(), strict=True)
    tokens = torch.randn(1, 4, 128, generator=torch.Generator().manual_seed(0))
    one, other = (module.eval()(inputs_embeds=tokens).last_hidden_state for module in (model.module, again))
    assert torch.equal(one, other)


def test_a_detector_with_half_a_gpt2_says_so(half: Path) -> None:
    settings = {"training.batch": 8, "student.prototypes": 8}
    detector = AnomalyLLM("trained", teacher=str(half), blocks=2, max_steps=2, settings=settings).fit(sine(300))
    assert detector.teacher_ == "gpt2 attention h0-h1, feed-forward skipped"


def test_a_folder_with_a_description_is_no_half(half: Path) -> None:
    """With config.json the folder claims to be whole, and a checkpoint that lacks tensors is refused as before."""
    (half.parent / "config.json").write_text("{}")
    assert attention_file(str(half.parent)) is None
    assert attention_file("compact") is None
    (half.parent / "config.json").unlink()
    save_file({"x": torch.zeros(1)}, half.parent / "second.safetensors")
    assert attention_file(str(half.parent)) is None, "which of two is not for us to say"


def other_tensors(path: Path) -> None:
    save_file({"weight": torch.zeros(3)}, path)


def with_feed_forward(path: Path) -> None:
    save_file({**load_file(path), "h.0.mlp.c_fc.weight": torch.zeros(128, 512)}, path)


def lacking(path: Path) -> None:
    tensors = load_file(path)
    del tensors["h.0.ln_1.weight"]
    save_file(tensors, path)


def misshapen(path: Path) -> None:
    save_file({**load_file(path), "h.1.attn.c_proj.weight": torch.zeros(3, 128)}, path)


def narrow(path: Path) -> None:
    save_file({"wpe.weight": torch.zeros(16, 48), "h.0.attn.c_attn.weight": torch.zeros(48, 144)}, path)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:500])


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (other_tensors, "the attention half of a GPT-2 in .*got other tensors; .*--teacher compact"),
        (with_feed_forward, "a file without feed-forward matrices .*config.json"),
        (lacking, r"h\.0\.ln_1\.weight of shape \(128,\) in .*no such tensor"),
        (misshapen, r"h\.1\.attn\.c_proj\.weight of shape \(128, 128\) in .*got \(3, 128\)"),
        (narrow, "a width that heads of 64 divide in .*got 48"),
        (cut, "a whole safetensors file at"),
    ],
)
def test_what_does_not_fit_is_refused(half: Path, damage: object, said: str) -> None:
    damage(half)  # type: ignore[operator]
    blocks = 1 if damage is narrow else 2
    with pytest.raises(TeacherError, match=said) as caught:
        load_language_model(str(half), blocks, 0)
    assert "\n" not in str(caught.value)


def test_no_more_blocks_than_the_file_has(half: Path) -> None:
    with pytest.raises(TeacherError, match="at most 3 blocks, as half.safetensors has, got blocks=4; ask for fewer"):
        load_language_model(str(half), 4, 0)


def test_the_real_file_is_read(shared_weights: Path) -> None:
    """Foreign tensors: GPT-2's own attention, 12 heads, 1,024 positions; how well it hears is another question."""
    path = shared_weights / "gpt2-small_attn_h0-h5.safetensors"
    model = load_language_model(str(path), 2, 0)
    assert (model.config["n_embd"], model.config["n_head"], model.config["n_positions"]) == (768, 12, 1024)
    stored = load_file(path)
    assert torch.equal(model.module.h[1].attn.c_attn.weight, stored["h.1.attn.c_attn.weight"].float())
    assert model.module.eval()(inputs_embeds=torch.randn(1, 8, 768)).last_hidden_state.isfinite().all()
