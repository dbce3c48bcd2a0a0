"""What the command line itself refuses (an option that is missing, unknown or out of range), as one sentence in both languages."""

from __future__ import annotations

import re
from typing import Final

from pydantic import ValidationError
from typer.exceptions import TyperException

from api.refusals import refused
from geo.errors import InputError, ParameterError

_COMMAND: Final = re.compile(r"^No such command '(.*)'\.$", re.DOTALL)
_EXTRA: Final = re.compile(r"^Got unexpected extra argument\(?s?\)? \((.*)\)$", re.DOTALL)


def usage_refused(problem: TyperException) -> ParameterError:
    """Return the sentence on a command line that cannot be understood, and where its help is."""
    told = _told(problem)
    command = getattr(getattr(problem, "ctx", None), "command_path", "xunge")
    return ParameterError(f"{told.en}; see {command} --help", f"{told.zh}；用法见 {command} --help", rows=told.rows)


def _told(problem: TyperException) -> InputError:
    kind, message = type(problem).__name__, str(getattr(problem, "message", ""))
    option = str(getattr(problem, "option_name", ""))
    name = _name(problem)
    if kind == "MissingParameter":
        return ParameterError(f"{name} is missing; give it", f"缺少参数 {name}，请补上", rows=[name])
    if kind == "NoSuchOption":
        near = "、".join(getattr(problem, "possibilities", None) or ())
        return ParameterError(
            f"There is no option {option}{f', perhaps {near}' if near else ''}",
            f"没有选项 {option}{f'，是否为 {near}' if near else ''}",
            rows=[option],
        )
    if kind == "BadOptionUsage":
        needs = "requires" in message
        return ParameterError(
            message.rstrip("."), f"选项 {option} {'后须给出值' if needs else '不带值'}", rows=[option]
        )
    if isinstance(problem.__cause__, ValidationError):
        return refused([{**problem.__cause__.errors()[0], "loc": (name,)}])
    if found := _COMMAND.match(message):
        return ParameterError(f"There is no command {found[1]}", f"没有命令“{found[1]}”", rows=[found[1]])
    if found := _EXTRA.match(message):
        return ParameterError(f"{found[1]} is too much", f"多余的内容“{found[1]}”，请去掉", rows=[found[1]])
    return ParameterError(
        f"{name}: {message}" if name else message, f"参数 {name} 的值不可用，请改正".replace("  ", " ")
    )


def _name(problem: TyperException) -> str:
    """Return how a parameter is written: ``--stop``, or the name of an argument."""
    spelt = list(getattr(getattr(problem, "param", None), "opts", ()))
    return max(spelt, key=len) if spelt else ""
