"""A GPT-2 that does not ask, at every pass, whether several sequences were packed into one row.

transformers looks for that in the positions, and looking waits until the device has done all that it was given: a card
would stand still once in every step. Rows of patches are one sequence each, so the answer is known.
"""

from __future__ import annotations

from torch import nn

NAME = "sdpa_of_one_sequence"


def never_packed(language_model: nn.Module) -> None:
    """Attention stays what it was, bit for bit, without a mask but the causal one; others than GPT-2 stay as they are.

    transformers makes masks for the kinds of attention it knows; this one has another name, and so gets none.
    """
    config = getattr(language_model, "config", None)
    if type(language_model).__name__ != "GPT2Model" or getattr(config, "_attn_implementation", None) != "sdpa":
        return
    from transformers import AttentionInterface
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    AttentionInterface.register(NAME, sdpa_attention_forward)
    config._attn_implementation = NAME  # type: ignore[union-attr]
