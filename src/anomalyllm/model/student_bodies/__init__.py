"""The bodies that a student may have, by name: what mixes its tokens, one file each.

A body is a `Body`: it maps tokens (B, C, M, D) to tokens (B, C, M, D). Scaling, prototypes, embedding and head are the
student's. To add one, write it and name it in `BODIES`; `student.body` then takes the name in every preset, and it is
saved, loaded and exported like the others (docs/extending.md).
"""

from __future__ import annotations

from collections.abc import Callable

from anomalyllm.config import StudentConfig
from anomalyllm.errors import ConfigError
from anomalyllm.model.student_bodies.base import Body
from anomalyllm.model.student_bodies.graph import GraphBody
from anomalyllm.model.student_bodies.gru import GRUBody
from anomalyllm.model.student_bodies.tcn import TCNBody
from anomalyllm.model.student_bodies.timesnet import TimesNetBody
from anomalyllm.model.student_bodies.transformer import TransformerBody
from anomalyllm.settings import unknown_name

BODIES: dict[str, Callable[[StudentConfig, int], Body]] = {
    "transformer": TransformerBody,
    "tcn": TCNBody,
    "timesnet": TimesNetBody,
    "gru": GRUBody,
    "graph": GraphBody,
}


def build_body(config: StudentConfig, tokens: int, *, joint: bool) -> Body:
    """The body called `config.body` for `tokens` tokens of each channel.

    Args:
        config: its widths and number of layers.
        tokens: M.
        joint: whether one vector speaks for all channels.

    Raises:
        ConfigError: no such body, or one that looks across channels where each is judged alone.
    """
    require_body(config.body)
    body = BODIES[config.body](config, tokens)
    if body.across_channels and not joint:
        came = 'channel_mode "separate", which trains on a few channels at a time and judges each alone'
        raise ConfigError(f"channels together for student.body {config.body!r}", came, 'set channel_mode to "joint"')
    return body


def require_body(name: str) -> None:
    """Refuses a name that no body has, before a long run.

    Raises:
        ConfigError: no such body.
    """
    if name not in BODIES:
        raise unknown_name("student.body", name, BODIES)


__all__ = ["BODIES", "Body", "build_body", "require_body"]
