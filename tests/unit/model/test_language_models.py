"""Where a teacher's blocks come from: compact, a folder, the hub; and what is said when they cannot be had."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from anomalyllm import AnomalyLLM
from anomalyllm.errors import ConfigError, TeacherError
from anomalyllm.model import language_models
from anomalyllm.model.language_models import load_language_model, rebuild, teacher_origin
from anomalyllm.pairing import named_pair


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small GPT-2 with its head, as it lies on a hub or in a folder."""
    folder = tmp_path_factory.mktemp("tiny-gpt2")
    torch.manual_seed(3)
    shape = {"vocab_size": 11, "n_positions": 64, "n_embd": 16, "n_layer": 3, "n_head": 2}
    GPT2LMHeadModel(GPT2Config(**shape, bos_token_id=0, eos_token_id=0)).save_pretrained(folder)
    return folder


def test_compact_is_drawn_from_the_seed_and_says_that_it_is_untrained() -> None:
    one, same, other = (load_language_model("compact", 3, seed) for seed in (1, 1, 2))
    assert one.label == "compact (untrained)"
    weights = [model.module.h[0].attn.c_attn.weight for model in (one, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert weights[0].shape == (128, 384)
    assert len(one.module.h) == 3


def test_compact_may_be_deeper_and_of_another_width() -> None:
    """Heads keep their 32 numbers; what it is by default must not change with what it may be."""
    deep, wide, narrow = (load_language_model("compact", *of) for of in ((12, 0), (1, 0, 1024), (2, 0, 64)))
    assert [len(model.module.h) for model in (deep, wide, narrow)] == [12, 1, 2]
    assert [model.module.config.n_head for model in (deep, wide, narrow)] == [4, 32, 2]
    assert wide.module.h[0].attn.c_attn.weight.shape == (1024, 3072)
    plain, asked = load_language_model("compact", 3, 0).module, load_language_model("compact", 3, 0, 128).module
    for name, tensor in plain.state_dict().items():
        assert torch.equal(tensor, asked.state_dict()[name]), name
    said = "expected at most 12 blocks, as 'compact' has, got blocks=13; ask for fewer"
    with pytest.raises(TeacherError, match=said):
        load_language_model("compact", 13, 0)


@pytest.mark.parametrize("name", ["compact-pretrained", "gpt2", "./somewhere"])
def test_a_width_is_refused_where_weights_have_one(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_language_model(name, 1, 0, 64)
    assert str(caught.value) == (
        f"expected no teacher.width for {name!r}, whose weights have one, got 64; "
        "leave it out, or use --teacher compact, which is built to measure"
    )


@pytest.mark.parametrize("width", [None, 64])
def test_no_language_model_is_embedding_and_head(width: int | None) -> None:
    """What is left to measure what a language model is worth."""
    model = load_language_model("none", 6, 0, width)
    assert model.label == "no language model"
    assert not model.module.state_dict()
    tokens = torch.randn(2, 3, width or 128)
    for module in (model.module, rebuild(model.config)):
        assert module(inputs_embeds=tokens, use_cache=False).last_hidden_state is tokens
        assert module.config.hidden_size == (width or 128)
    assert teacher_origin("none") == "nowhere: no language model, an embedding and a head alone"


@pytest.mark.parametrize("name", ["none", "compact"])
def test_a_detector_with_a_small_teacher_comes_back_from_disk(name: str, tmp_path: Path) -> None:
    from conftest import sine, small_detector

    settings = {"teacher.name": name, "teacher.width": 32, "teacher.blocks": 4}
    detector = small_detector(max_steps=4, settings=settings).fit(sine(300))
    detector.save(tmp_path)
    loaded = AnomalyLLM.load(tmp_path)
    assert loaded.teacher_ == detector.teacher_
    assert loaded._fitted.networks.distiller.teacher.patch_embedding.conv.weight.shape[0] == 32
    X = sine(200, seed=3)
    assert loaded.decision_function(X).tobytes() == detector.decision_function(X).tobytes()


def test_global_random_state_is_untouched() -> None:
    torch.manual_seed(9)
    before = torch.get_rng_state()
    model = load_language_model("compact", 1, 0)
    rebuild(model.config)
    assert torch.equal(before, torch.get_rng_state())


def test_a_folder_is_cut_to_its_first_blocks_with_its_own_weights(checkpoint: Path) -> None:
    model = load_language_model(str(checkpoint), 2, 0)
    stored = load_file(checkpoint / "model.safetensors")
    assert model.label == checkpoint.name
    assert len(model.module.h) == 2
    for name, tensor in model.module.state_dict().items():
        if name != "wte.weight":
            assert torch.equal(tensor, stored[f"transformer.{name}"]), name
    assert model.module.wte.weight.shape == (1, 16)  # patches are not tokens


def test_a_rebuilt_model_has_the_same_tensors(checkpoint: Path) -> None:
    """What an artefact needs: the shape from its description, without the folder or the hub."""
    for model in (load_language_model(str(checkpoint), 2, 0), load_language_model("compact", 3, 0)):
        shapes = {name: tensor.shape for name, tensor in model.module.state_dict().items()}
        assert {name: tensor.shape for name, tensor in rebuild(model.config).state_dict().items()} == shapes


def test_any_causal_model_that_takes_embeddings(tmp_path: Path) -> None:
    shape = {"hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2, "num_key_value_heads": 2}
    LlamaForCausalLM(LlamaConfig(vocab_size=8, num_hidden_layers=2, **shape)).save_pretrained(tmp_path)
    model = load_language_model(str(tmp_path), 1, 0)
    assert len(model.module.layers) == 1
    assert model.module(inputs_embeds=torch.zeros(1, 3, 16)).last_hidden_state.shape == (1, 3, 16)


def test_a_detector_with_a_folder_as_teacher(checkpoint: Path, tmp_path: Path) -> None:
    """The folder may go once the detector is saved: the artefact is whole."""
    from conftest import sine

    settings = {"training.batch": 8, "student.prototypes": 8}
    detector = AnomalyLLM("trained", teacher=str(checkpoint), blocks=2, max_steps=2, settings=settings).fit(sine(300))
    assert detector.teacher_ == checkpoint.name
    detector.save(tmp_path / "model")
    (checkpoint / "config.json").rename(checkpoint / "gone.json")
    try:
        loaded = AnomalyLLM.load(tmp_path / "model")
        assert loaded.decision_function(sine(200)).tobytes() == detector.decision_function(sine(200)).tobytes()
    finally:
        (checkpoint / "gone.json").rename(checkpoint / "config.json")


def test_a_checkpoint_with_missing_tensors_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    """Random weights in place of absent ones would look like a teacher and be none."""
    tensors = load_file(checkpoint / "model.safetensors")
    del tensors["transformer.h.0.mlp.c_fc.weight"]
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    (tmp_path / "config.json").write_bytes((checkpoint / "config.json").read_bytes())
    with pytest.raises(TeacherError, match=r"without 'h\.0\.mlp\.c_fc\.weight'"):
        load_language_model(str(tmp_path), 1, 0)


@pytest.mark.parametrize("content", [None, "{}", "not json"])
def test_a_folder_that_holds_no_model(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(TeacherError, match="--teacher compact") as caught:
        load_language_model(str(tmp_path), 1, 0)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "a/b/c"])
def test_a_path_that_is_not_there(name: str) -> None:
    with pytest.raises(TeacherError, match=r"no folder at .*pass a folder that holds the weights"):
        load_language_model(name, 1, 0)


def test_a_hub_that_cannot_be_reached_is_said_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*_: object, **__: object) -> None:
        raise OSError("no route")

    monkeypatch.setattr(socket, "create_connection", nobody)
    began = time.monotonic()
    with pytest.raises(TeacherError) as caught:
        load_language_model("nobody/has-this-model", 6, 0)
    assert time.monotonic() - began < 10
    said = str(caught.value)
    assert "no answer from the hub" in said
    assert "a folder" in said
    assert "--teacher compact" in said
    assert "\n" not in said


def test_a_hub_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking up a host can hang without a time-out; so can a connection that nobody answers."""
    monkeypatch.setattr(language_models, "HUB_PATIENCE", 0.2)

    def hang(*_: object, **__: object) -> None:
        time.sleep(3)
        raise OSError("too late")

    monkeypatch.setattr(language_models.urllib.request, "urlopen", hang)
    began = time.monotonic()
    assert not language_models._hub_answers("gpt2")
    assert time.monotonic() - began < 2


def test_offline_mode_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(language_models.urllib.request, "urlopen", lambda *_, **__: pytest.fail("asked"))
    assert not language_models._hub_answers("gpt2")


def test_a_refusal_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise language_models.urllib.error.HTTPError("", 404, "", {}, None)  # type: ignore[arg-type]

    monkeypatch.setattr(language_models.urllib.request, "urlopen", refuse)
    assert language_models._hub_answers("gpt2")


def test_a_model_in_the_cache_needs_no_hub(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = AutoModel.from_pretrained
    monkeypatch.setattr(language_models, "_is_cached", lambda name: name == "gpt2")
    monkeypatch.setattr(language_models, "_hub_answers", lambda name: pytest.fail("asked"))
    monkeypatch.setattr("transformers.AutoConfig.from_pretrained", _redirected("AutoConfig", checkpoint))
    monkeypatch.setattr(AutoModel, "from_pretrained", lambda _name, **kw: loaded(str(checkpoint), **kw))
    assert load_language_model("gpt2", 1, 0).label == "gpt2"
    assert teacher_origin("gpt2") == "the local cache of the model hub"


def _redirected(kind: str, folder: Path):
    import transformers

    original = getattr(transformers, kind).from_pretrained
    return lambda _name, **keywords: original(str(folder), **keywords)


def test_origins(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language_models, "_hub_answers", lambda name: False)
    assert "untrained" in teacher_origin("compact")
    assert teacher_origin(str(checkpoint)) == f"folder {checkpoint}"
    assert teacher_origin("nobody/has-this") == "the model hub (not in the local cache; reachable: no)"


def test_real_gpt2_attention_has_our_names_and_shapes(shared_weights: Path) -> None:
    """Real, foreign tensors fit a model that we build: every one of them, by name and shape. (Half of GPT-2 only:
    the feed-forward matrices are not in this file, so nothing here is called gpt2.)"""
    tensors = load_file(shared_weights / "gpt2-small_attn_h0-h5.safetensors")
    model = rebuild({"model_type": "gpt2", "vocab_size": 1, "n_layer": 6, "bos_token_id": None, "eos_token_id": None})
    report = model.load_state_dict(tensors, strict=False)
    assert not report.unexpected_keys
    absent = {"wte.weight"} | {f"h.{i}.mlp.{name}.weight" for i in range(6) for name in ("c_fc", "c_proj")}
    assert set(report.missing_keys) == absent


def test_the_pretrained_compact_has_the_blocks_of_the_shipped_pair() -> None:
    """Else "random against pretrained" would compare chance with chance."""
    found = load_language_model("compact-pretrained", 2, seed=0)
    drawn = load_language_model("compact", 2, seed=0)
    blocks = named_pair("shipped").teacher.language_model.state_dict()
    for name, tensor in found.module.state_dict().items():
        if name != "wte.weight":  # patches are not tokens
            assert torch.equal(tensor, blocks[name]), name
    assert not torch.equal(found.module.state_dict()["wpe.weight"], drawn.module.state_dict()["wpe.weight"])
    assert found.label == "compact, pretrained on generated series"
    assert found.config == drawn.config
    assert "pretrained" in teacher_origin("compact-pretrained")
    with pytest.raises(TeacherError):
        load_language_model("compact-pretrained", 4, seed=0)
