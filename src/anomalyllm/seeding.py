"""One seed in, generators out. Global random state is never touched.

Every use of chance asks for a generator by name (and step): what is drawn depends on the seed and the name alone, not
on what was drawn before. That is why a training run that was killed goes on exactly as if it had not been.
"""

from __future__ import annotations

import zlib

import numpy as np

from anomalyllm.errors import ConfigError


def generator(seed: int, purpose: str, step: int = 0) -> np.random.Generator:
    """An independent NumPy generator for (`seed`, `purpose`, `step`)."""
    return np.random.default_rng(_sequence(seed, purpose, step))


def torch_seed(seed: int, purpose: str, step: int = 0) -> int:
    """A 63-bit number for `torch.Generator.manual_seed`, independent for each (`seed`, `purpose`, `step`)."""
    return int(_sequence(seed, purpose, step).generate_state(1, np.uint64)[0] >> np.uint64(1))


def checked_seed(seed: object) -> int:
    """`seed` as an int.

    Raises:
        ConfigError: not a whole number of at least 0.
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ConfigError("seed to be a whole number of at least 0", repr(seed), "pass for example seed=0")
    return int(seed)


def _sequence(seed: int, purpose: str, step: int) -> np.random.SeedSequence:
    return np.random.SeedSequence([seed, zlib.crc32(purpose.encode()), step])
