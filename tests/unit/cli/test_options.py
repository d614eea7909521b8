"""Options in, library arguments out."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from anomalyllm import AnomalyLLM
from anomalyllm.cli.models import checkpoint_of
from anomalyllm.cli.options import DataOptions, DetectorOptions, OutputOptions, read_assignment, read_config
from anomalyllm.errors import ConfigError
from anomalyllm.presets import PRESETS


def options(**changed: object) -> DetectorOptions:
    nothing = dict.fromkeys(
        ("preset", "config", "teacher", "blocks", "window", "stride", "prototypes", "max_steps", "alarms_per")
    )
    return DetectorOptions(**{**nothing, "settings": [], "seed": 0, "device": "cpu", **changed})  # type: ignore[arg-type]


def test_options_are_the_constructor_s_arguments() -> None:
    """Nothing given means the library's own defaults, and no argument is out of the command line's reach."""
    arguments = options().arguments()
    assert set(arguments) == set(inspect.signature(AnomalyLLM).parameters)
    assert AnomalyLLM(**arguments).resolved_config() == AnomalyLLM().resolved_config()


def test_options_that_are_given(tmp_path: Path) -> None:
    given = options(preset="paper", teacher="compact", window=64, settings=["training.batch=8", "loss.form=cosine"])
    config = AnomalyLLM(**given.arguments()).resolved_config()
    assert (config.preset, config.teacher.name, config.window.length) == ("paper", "compact", 64)
    assert (config.training.batch, config.loss.form) == (8, "cosine")
    (tmp_path / "c.json").write_text('{"training": {"batch": 9}}')
    config = AnomalyLLM(**options(config=tmp_path / "c.json").arguments()).resolved_config()
    assert (config.preset, config.training.batch) == ("default", 9)


def test_finetuning_is_asked_for_by_an_option_or_by_the_file(tmp_path: Path) -> None:
    """Without the option, the word of the file holds."""
    assert AnomalyLLM(**options(finetune=True).arguments()).resolved_config().finetune
    (tmp_path / "c.toml").write_text("finetune = true")
    assert AnomalyLLM(**options(config=tmp_path / "c.toml").arguments()).resolved_config().finetune


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a.b=32", 32),
        ("a.b=1e-3", 0.001),
        ("a.b=true", True),
        ("a.b=none", None),
        ("a.b=None", None),
        ("a.b=null", None),
        ('a.b=["jitter"]', ["jitter"]),
        ("a.b=cosine", "cosine"),
        (" a.b = c=d ", "c=d"),
        ("a.b=", ""),
    ],
)
def test_assignments(text: str, value: object) -> None:
    assert read_assignment(text) == ("a.b", value)


@pytest.mark.parametrize("text", ["a.b", "=3", ""])
def test_assignments_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError, match="a setting as name=value"):
        read_assignment(text)


def test_the_shipped_files_can_be_named() -> None:
    folder = Path(__file__).resolve().parents[3] / "configs"
    shipped = {path.stem: read_config(path).preset for path in folder.iterdir() if path.stem in PRESETS}
    assert shipped == {name: name for name in PRESETS}


def test_columns_and_files() -> None:
    assert DataOptions("x.csv", None, "a, b c ,d", "t", None).reading() == {
        "columns": ["a", "b c", "d"],
        "time_column": "t",
        "label_column": None,
    }
    assert DataOptions("x.csv", None, None, None, None).reading()["columns"] is None
    output = OutputOptions(False, Path("e.json"), None, Path("p.png"), None, False)
    assert output.files() == {"out": Path("e.json"), "plot": Path("p.png")}


def test_a_checkpoint_is_beside_the_model_however_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = tmp_path / "m" / "in"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    assert checkpoint_of(Path("x")) == Path("x.checkpoint")
    assert checkpoint_of(Path("y/x.v1/")) == Path("y/x.v1.checkpoint")
    assert checkpoint_of(Path()) == tmp_path / "m" / "in.checkpoint"
    assert checkpoint_of(Path("..")) == tmp_path / "m.checkpoint"
    assert checkpoint_of(Path("/")) == Path("/.checkpoint")
