"""Options in groups: a command takes dataclasses of settings, Typer sees one flat list of options.

`@grouped` reads the dataclasses among a command's parameters. A field such as
`vector_size: Annotated[int, typer.Option(help="...")] = 100` becomes the option --vector-size with this default and
help; the command receives the dataclass, made of what was typed and checked by its own `__post_init__`. So an option
is declared once, beside its rule, whatever number of commands have it.
"""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Annotated, Any, get_args, get_type_hints

import typer


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """The command as Typer wants it: every field of a dataclass an option of its own."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: kind for name, kind in hints.items() if is_dataclass(kind)}
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        if parameter.name in groups:
            parameters += _options(parameter.name, groups[parameter.name])
        else:
            kind = inspect.Parameter.KEYWORD_ONLY
            parameters.append(parameter.replace(kind=kind, annotation=hints[parameter.name]))

    def flat(**values: Any) -> None:
        built = {
            group: kind(**{field.name: values.pop(_flat_name(group, field.name)) for field in fields(kind)})
            for group, kind in groups.items()
        }
        command(**values, **built)

    flat.__name__, flat.__doc__, flat.__module__ = command.__name__, command.__doc__, command.__module__
    flat.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    flat.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return flat


def given_options(context: typer.Context, group: str | None = None) -> dict[str, str]:
    """The fields of a group, or the parameters of a command without groups, that stand on the command line, rather than
    at their defaults, each with its option."""
    prefix = "" if group is None else _flat_name(group, "")
    return {
        option.name.removeprefix(prefix): (
            option.secondary_opts if option.secondary_opts and context.params[option.name] is False else option.opts
        )[0]
        for option in context.command.params
        if option.name is not None and option.name.startswith(prefix) and _is_typed(context, option.name)
    }


def typed_line(context: typer.Context) -> str:
    """The command line as it could be typed into a shell again, options in the order of --help."""
    words = context.command_path.split()
    for parameter in context.command.params:
        if parameter.name is None or not _is_typed(context, parameter.name):
            continue
        value = context.params[parameter.name]
        values = value if isinstance(value, list | tuple) else [value]
        texts = [str(getattr(each, "value", each)) for each in values]
        if parameter.param_type_name == "argument":
            words += texts
        elif isinstance(value, bool):
            words.append((parameter.opts if value else parameter.secondary_opts)[0])
        else:
            words += [word for text in texts for word in (parameter.opts[0], text)]
    return shlex.join(words)


def _is_typed(context: typer.Context, name: str) -> bool:
    """Whether an option stands on the command line."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _flat_name(group: str, field: str) -> str:
    """Fields of two groups may have one name, Typer's parameters may not."""
    return f"{group}__{field}"


def _options(group: str, kind: Any) -> Iterator[inspect.Parameter]:
    hints = get_type_hints(kind, include_extras=True)
    for field in fields(kind):
        value_type, option = get_args(hints[field.name])
        option = copy(option)
        if option.default is ...:  # in Annotated, Typer keeps an option's first name there; this one has no name yet
            option.default = "--" + field.name.replace("_", "-")
        yield inspect.Parameter(
            _flat_name(group, field.name),
            inspect.Parameter.KEYWORD_ONLY,
            default=_default(field),
            annotation=Annotated[value_type, option],
        )


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()
