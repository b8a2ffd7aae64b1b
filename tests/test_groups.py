"""Dataclasses of settings as groups of options: one flat command for Typer, checked settings for the command."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from w2vplus.cli._groups import given_options, grouped


@dataclass(frozen=True)
class Size:
    width: Annotated[int, typer.Option(help="How wide.")] = 3
    least: Annotated[int, typer.Option("--least-size", "-l")] = 1
    names: Annotated[list[str] | None, typer.Option("--name")] = None

    def __post_init__(self) -> None:
        if self.width < 1:
            raise ValueError(f"--width must be at least 1, got {self.width}")


@dataclass(frozen=True)
class Weight:
    least: Annotated[float, typer.Option()] = 0.5
    is_dry: Annotated[bool, typer.Option("--dry/--wet")] = field(default_factory=lambda: True)


@pytest.fixture
def calls() -> list[tuple[object, ...]]:
    return []


@pytest.fixture
def app(calls: list[tuple[object, ...]]) -> typer.Typer:
    @grouped
    def pack(
        context: typer.Context, box: Annotated[str, typer.Argument()], *, size: Size, weight: Weight, loud: bool = False
    ) -> None:
        """Pack a box."""
        calls.append((box, size, weight, loud, given_options(context, "size"), given_options(context, "weight")))

    app = typer.Typer()
    app.command()(pack)
    return app


def test_a_group_is_made_of_its_options_and_their_defaults(app: typer.Typer, calls: list[tuple[object, ...]]) -> None:
    done = CliRunner().invoke(app, ["b", "--width", "7", "--least", "2.5", "--name", "x", "--name", "y", "--wet"])
    assert done.exit_code == 0, done.output
    ((box, size, weight, loud, of_size, of_weight),) = calls
    assert (box, size, weight, loud) == ("b", Size(7, 1, ["x", "y"]), Weight(2.5, False), False)
    assert of_size == {"width": "--width", "names": "--name"}
    assert of_weight == {"least": "--least", "is_dry": "--wet"}


def test_two_groups_may_have_fields_of_one_name(app: typer.Typer, calls: list[tuple[object, ...]]) -> None:
    assert CliRunner().invoke(app, ["b", "-l", "4"]).exit_code == 0
    assert calls == [("b", Size(least=4), Weight(), False, {"least": "--least-size"}, {})]


def test_help_shows_every_option_with_its_default(app: typer.Typer) -> None:
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "120"}).stdout
    assert "Pack a box." in shown and "How wide." in shown
    assert all(option in shown for option in ("--width", "--least-size", "--least", "--dry", "--wet", "--loud"))
    assert "size__" not in shown.lower()
    assert "default: 3" in shown and "default: 0.5" in shown


def test_a_group_that_refuses_its_values_is_not_passed_on(app: typer.Typer, calls: list[tuple[object, ...]]) -> None:
    outcome = CliRunner().invoke(app, ["b", "--width", "0"])
    assert isinstance(outcome.exception, ValueError) and calls == []
