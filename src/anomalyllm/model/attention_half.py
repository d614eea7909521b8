"""The attention half of a GPT-2: a checkpoint that lacks the feed-forward matrices, and a model that does without them.

Some exports of GPT-2 hold attention, LayerNorms and the position table alone. Drawing the absent matrices would put
noise between trained layers, so they are skipped: x ← x + attention(norm(x)), no more. That is not GPT-2, and nothing
here calls it so.
"""

from __future__ import annotations

import re
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from anomalyllm.errors import TeacherError
from anomalyllm.model.chance import torch_chance

HEAD_WIDTH = 64  # of every GPT-2 that was published: the file does not say how many heads there are
SKIPPED_WIDTH = 1  # of a feed-forward layer of zeros, which adds nothing and costs nothing
OF_A_BLOCK = re.compile(r"h\.(\d+)\.attn\.c_attn\.weight")
FEED_FORWARD = re.compile(r"h\.\d+\.mlp\.c_(fc|proj)\.weight")
A_FILE = "name a safetensors file with GPT-2's attention (h.0.attn.c_attn.weight, …), or use --teacher compact"


def attention_file(name: str) -> Path | None:
    """The file that `name` means if it is one, or a folder that holds one without a description; else None."""
    path = Path(name)
    if path.is_file() and path.suffix == ".safetensors":
        return path
    if not path.is_dir() or (path / "config.json").exists():
        return None
    files = sorted(path.glob("*.safetensors"))
    return files[0] if len(files) == 1 else None


def attention_half(path: Path, blocks: int) -> nn.Module:
    """A GPT-2 of the first `blocks` blocks in `path`, with its attention, norms and positions, without feed-forward.

    Args:
        path: safetensors under Hugging Face's names; 16-bit numbers become 32-bit ones.
        blocks: at least 1 and at most what the file has.

    Raises:
        TeacherError: damaged, other tensors, a whole GPT-2 (which needs its config.json), or too few blocks.
    """
    tensors = _read(path)
    there = [int(found[1]) for found in map(OF_A_BLOCK.fullmatch, tensors) if found]
    if not there or "wpe.weight" not in tensors:
        raise TeacherError(f"the attention half of a GPT-2 in {path}", "other tensors", A_FILE)
    if any(map(FEED_FORWARD.fullmatch, tensors)):
        remedy = "put it into a folder with its config.json, and name the folder"
        raise TeacherError(f"a file without feed-forward matrices at {path}", "one that has them", remedy)
    if blocks > len(there):
        raise TeacherError(f"at most {len(there)} blocks, as {path.name} has", f"blocks={blocks}", "ask for fewer")
    positions, width = tensors["wpe.weight"].shape
    module = _empty(blocks, positions, width, path)
    wanted = {name: weight for name, weight in module.state_dict().items() if ".mlp." not in name and "wte" not in name}
    for name, weight in wanted.items():
        came = tuple(tensors[name].shape) if name in tensors else "no such tensor"
        if came != tuple(weight.shape):
            raise TeacherError(f"{name} of shape {tuple(weight.shape)} in {path}", str(came), A_FILE)
    module.load_state_dict({name: tensors[name].float() for name in wanted}, strict=False)
    return module


def _empty(blocks: int, positions: int, width: int, path: Path) -> nn.Module:
    """The architecture; its feed-forward layers and its token table are zeros."""
    from transformers import GPT2Config, GPT2Model

    if width % HEAD_WIDTH:
        raise TeacherError(f"a width that heads of {HEAD_WIDTH} divide in {path}", str(width), A_FILE)
    config = GPT2Config(
        vocab_size=1,
        n_positions=positions,
        n_embd=width,
        n_layer=blocks,
        n_head=width // HEAD_WIDTH,
        n_inner=SKIPPED_WIDTH,
        bos_token_id=None,
        eos_token_id=None,
    )
    with torch_chance(0):
        module = GPT2Model(config)
    for name, weight in module.named_parameters():
        if ".mlp." in name or name == "wte.weight":
            nn.init.zeros_(weight)
    return module


def _read(path: Path) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt") as file:
            tensors: dict[str, Tensor] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise TeacherError(f"a whole safetensors file at {path}", str(error), A_FILE) from error
    return tensors
