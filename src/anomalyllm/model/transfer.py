"""From NumPy to the device that the networks are on, without waiting for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def moved(array: NDArray[Any], device: torch.device) -> Tensor:
    """A copy of `array` on `device`, of the same kind of numbers.

    To a card the copy goes by pinned memory, which the card fetches by itself while the processor goes on: NumPy makes
    the next batch meanwhile. torch keeps the pinned memory until the card has read it.
    """
    tensor = torch.from_numpy(np.array(array))  # a copy, laid out alike: whoever lent the array may change it
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)
