"""Commands that work on an installation: they are given ``here`` and need not spell its options again."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from api.cli.context import AsJson, Home, Lang, context_of


def _option(name: str, kind: object, default: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)


PLACE: Final = (
    _option("home", Path | None, Home),
    _option("as_json", bool, AsJson),
    _option("lang", str | None, Lang),
)


def placed(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options ``--home``, ``--json`` and ``--lang``; it is called with ``here``, the ``Context`` they name."""
    own = [p for p in inspect.signature(command, eval_str=True).parameters.values() if p.name != "here"]

    def run(**values: Any) -> None:
        home, as_json, lang = (values.pop(option.name) for option in PLACE)
        command(here=context_of(home, as_json=as_json, language=lang), **values)

    parameters = [*(p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own), *PLACE]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    run.__doc__, run.__name__ = command.__doc__, command.__name__
    return run
