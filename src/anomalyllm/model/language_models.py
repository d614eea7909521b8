"""Where a teacher's blocks come from: built here (`TEACHERS`), a name on the model hub, a folder, or half of a GPT-2.

Another teacher that is built here is one entry of `TEACHERS` (docs/extending.md). Every other source ends as a Hugging
Face model without its head, cut to the first n blocks and with a one-row token table (patches are not tokens, so the
real table, a third of GPT-2, would only fill memory).
"""

from __future__ import annotations

import json
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from anomalyllm.config import HEAD_WIDTH
from anomalyllm.errors import ConfigError, TeacherError
from anomalyllm.model.attention_half import attention_file, attention_half
from anomalyllm.model.chance import torch_chance
from anomalyllm.weights import shipped_pair

COMPACT = "compact"
COMPACT_PRETRAINED = "compact-pretrained"
NONE = "none"
COMPACT_SHAPE = {"n_embd": 128, "n_layer": 3, "n_head": 4, "n_positions": 256}
MOST_BLOCKS = 12  # of `compact`; as many as GPT-2 has
GPT2_GELU = "gelu_new"
FUSED_GELU = "gelu_pytorch_tanh"  # the same function in one kernel instead of eight
HUB_PATIENCE = 5.0  # seconds in which the hub must answer before we say that it does not
WEIGHT_FILES = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin")
CANNOT_LOAD = (OSError, ValueError, RuntimeError, LookupError, TypeError, AttributeError, ImportError, SafetensorError)
TWO_WAYS = "pass a folder that holds the weights (--teacher DIR), or use --teacher compact, which needs none"


class LanguageModel(NamedTuple):
    """A teacher's blocks and how to speak of them."""

    module: nn.Module
    config: dict[str, Any]  # what rebuilds the module without its source
    label: str  # what is printed, e.g. "compact (untrained)"


class BuiltTeacher(NamedTuple):
    """A teacher that is built here. Its module takes `inputs_embeds` and has `config.hidden_size`."""

    build: Callable[[int, int, int | None], LanguageModel]  # of blocks, seed and width (None: its own)
    origin: str  # where its weights come from
    rebuild: Callable[[dict[str, Any]], nn.Module] | None = None
    """From `LanguageModel.config` to an empty module; needed by one whose `model_type` is its own name."""


class NoLanguageModel(nn.Module):
    """Tokens as they came: a teacher without a language model is its embedding and its head."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.config = SimpleNamespace(hidden_size=width)

    def forward(self, inputs_embeds: Tensor, **_how: object) -> SimpleNamespace:
        """What every language model answers."""
        return SimpleNamespace(last_hidden_state=inputs_embeds)


def load_language_model(name: str, blocks: int, seed: int, width: int | None = None) -> LanguageModel:
    """The first `blocks` blocks of the model called `name`.

    Args:
        name: one of `TEACHERS`: "compact", "compact-pretrained" (with the weights of the shipped pair's teacher, a
            language model of generated series) or "none"; a folder with `config.json` and safetensors, a name on the
            hub, or a file with the attention half of a GPT-2 (or a folder with that file alone): its feed-forward half
            is skipped, and the label says so.
        blocks: at least 1 and at most what the model has.
        seed: draws the weights of "compact", which has no trained ones.
        width: of a model that is built here; None: its own.

    Raises:
        TeacherError: no such folder, too few blocks, the hub is out of reach, not a model that takes embeddings.
        ConfigError: a width for weights that have one.
    """
    if name in TEACHERS:
        return TEACHERS[name].build(blocks, seed, width)
    _refuse_width(name, width)
    half = attention_file(name)
    if half is not None:
        return _half(half, blocks)
    if Path(name).is_dir():
        return _pretrained(name, name, blocks, local=True)
    if name.startswith((".", "/", "~")) or name.count("/") > 1 or "\\" in name:
        raise TeacherError("a folder with a language model", f"no folder at {name!r}", TWO_WAYS)
    cached = _is_cached(name)
    if not cached:
        _require_hub(name)
    return _pretrained(name, name, blocks, local=cached)


def rebuild(config: dict[str, Any]) -> nn.Module:
    """An empty language model from the `config` of a `LanguageModel`; its weights come from an artefact."""
    from transformers import AutoConfig, AutoModel

    values = dict(config)
    built = TEACHERS.get(values["model_type"])
    if built is not None and built.rebuild is not None:
        return built.rebuild(values)
    with torch_chance(0):
        module: nn.Module = AutoModel.from_config(  # type: ignore[no-untyped-call]
            AutoConfig.for_model(values.pop("model_type"), **values)
        )
    return module


def teacher_origin(name: str) -> str:
    """One sentence for `doctor`: where this teacher's weights would come from, without loading them."""
    if name in TEACHERS:
        return TEACHERS[name].origin
    if attention_file(name) is not None:
        return f"{attention_file(name)}: the attention half of a GPT-2, which is not GPT-2"
    if Path(name).is_dir():
        return f"folder {name}"
    try:
        cached = _is_cached(name)
    except TeacherError:
        return "nowhere: no such folder, and not a name that the model hub could have"
    if cached:
        return "the local cache of the model hub"
    return f"the model hub (not in the local cache; reachable: {'yes' if _hub_answers(name) else 'no'})"


def _compact(blocks: int, seed: int, width: int | None) -> LanguageModel:
    from transformers import GPT2Config, GPT2Model

    _check_blocks(COMPACT, blocks, MOST_BLOCKS)
    width = width or COMPACT_SHAPE["n_embd"]
    shape = {**COMPACT_SHAPE, "n_layer": blocks, "n_embd": width, "n_head": max(1, width // HEAD_WIDTH)}
    config = GPT2Config(vocab_size=1, activation_function=FUSED_GELU, bos_token_id=None, eos_token_id=None, **shape)  # type: ignore[arg-type]
    with torch_chance(seed):
        module = GPT2Model(config)
    return LanguageModel(module, _minimal(config), "compact (untrained)")


def _compact_pretrained(blocks: int, _seed: int, width: int | None) -> LanguageModel:
    """The first blocks of the shipped pair's teacher; its position table and last norm come with them."""
    _refuse_width(COMPACT_PRETRAINED, width)
    _check_blocks(COMPACT_PRETRAINED, blocks, COMPACT_SHAPE["n_layer"])
    drawn = _compact(blocks, 0, None)
    prefix, wanted = "teacher.language_model.", drawn.module.state_dict()
    with shipped_pair() as path:
        tensors = load_file(path)
    drawn.module.load_state_dict({name: tensors.get(prefix + name, wanted[name]) for name in wanted})
    return drawn._replace(label="compact, pretrained on generated series")


def _none(_blocks: int, _seed: int, width: int | None) -> LanguageModel:
    """Of the width that `compact` has; there are no blocks to count."""
    module = NoLanguageModel(width or COMPACT_SHAPE["n_embd"])
    return LanguageModel(module, {"model_type": NONE, **vars(module.config)}, "no language model")


TEACHERS: dict[str, BuiltTeacher] = {
    COMPACT: BuiltTeacher(
        _compact, "built here, untrained: a GPT-2 of width 128 and 3 blocks, or as asked, with random weights"
    ),
    COMPACT_PRETRAINED: BuiltTeacher(_compact_pretrained, "this package: compact, pretrained on generated series"),
    NONE: BuiltTeacher(
        _none,
        "nowhere: no language model, an embedding and a head alone",
        lambda config: NoLanguageModel(config["hidden_size"]),
    ),
}
"""Teachers that need no file, by name. Another may be added while the program runs."""


def _refuse_width(name: str, width: int | None) -> None:
    if width is not None:
        remedy = "leave it out, or use --teacher compact, which is built to measure"
        raise ConfigError(f"no teacher.width for {name!r}, whose weights have one", str(width), remedy)


def _half(path: Path, blocks: int) -> LanguageModel:
    module = attention_half(path, blocks)
    which = "h0" if blocks == 1 else f"h0-h{blocks - 1}"
    return LanguageModel(module, _minimal(module.config), f"gpt2 attention {which}, feed-forward skipped")


def _pretrained(source: str, label: str, blocks: int, *, local: bool) -> LanguageModel:
    from transformers import AutoConfig, AutoModel
    from transformers.utils import logging

    level = logging.get_verbosity()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # unused heads are not news
    try:
        config = AutoConfig.from_pretrained(source, local_files_only=local)
        _check_blocks(label, blocks, config.num_hidden_layers)
        config.num_hidden_layers = blocks
        if getattr(config, "activation_function", None) == GPT2_GELU:
            config.activation_function = FUSED_GELU
        module, report = AutoModel.from_pretrained(
            source, config=config, local_files_only=local, dtype=torch.float32, output_loading_info=True
        )
    except CANNOT_LOAD as error:
        said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise TeacherError(f"a language model at {label!r}", said[:200], TWO_WAYS) from error
    finally:
        logging.set_verbosity(level)
        logging.enable_progress_bar()  # type: ignore[no-untyped-call]
    _check_complete(label, report)
    return LanguageModel(_without_token_table(module), _minimal(config), _trained_label(label))


def _check_complete(label: str, report: dict[str, Any]) -> None:
    """Weights that the checkpoint lacks would silently be random: refuse, and name the first."""
    missing = sorted(str(key) for key in report.get("missing_keys", ()))
    if missing:
        came = f"a checkpoint without {missing[0]!r} ({len(missing)} tensors are absent)"
        raise TeacherError(f"all weights of {label!r}", came, TWO_WAYS)


def _trained_label(label: str) -> str:
    return Path(label).name if Path(label).is_dir() else label


def _without_token_table(module: Any) -> nn.Module:
    table = nn.Embedding(1, int(module.config.hidden_size))
    nn.init.zeros_(table.weight)
    module.set_input_embeddings(table)
    module.config.vocab_size = 1
    checked: nn.Module = module
    return checked


def _minimal(config: Any) -> dict[str, Any]:
    """The configuration as plain JSON, without where it came from."""
    values = json.loads(config.to_json_string(use_diff=True))
    values = {key: value for key, value in values.items() if not key.startswith("_") and key != "transformers_version"}
    values.update(model_type=config.model_type, vocab_size=1, bos_token_id=None, eos_token_id=None)
    return values


def _check_blocks(label: str, blocks: int, available: int) -> None:
    if blocks > available:
        raise TeacherError(f"at most {available} blocks, as {label!r} has", f"blocks={blocks}", "ask for fewer")


def _is_cached(name: str) -> bool:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        has = [isinstance(try_to_load_from_cache(name, file), str) for file in ("config.json", *WEIGHT_FILES)]
        return has[0] and any(has[1:])
    except HFValidationError as error:
        raise TeacherError("compact, a folder, or a name as the model hub has them", repr(name), TWO_WAYS) from error


def _require_hub(name: str) -> None:
    if not _hub_answers(name):
        raise TeacherError(f"the weights of {name!r} from the model hub", "no answer from the hub", TWO_WAYS)


def _hub_answers(name: str) -> bool:
    """Whether the hub can be asked for `name` within `HUB_PATIENCE` seconds.

    A thread, because looking up a host's address has no time-out of its own.
    """
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}:
        return False
    from huggingface_hub import hf_hub_url

    request = urllib.request.Request(hf_hub_url(name, "config.json"), method="HEAD")  # noqa: S310 - the hub's own https
    answered = threading.Event()

    def ask() -> None:
        try:
            with urllib.request.urlopen(request, timeout=HUB_PATIENCE):  # noqa: S310
                answered.set()
        except urllib.error.HTTPError:
            answered.set()  # a refusal is an answer: loading will say what is wrong
        except (OSError, ValueError):
            return

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(HUB_PATIENCE)
    return answered.is_set()
