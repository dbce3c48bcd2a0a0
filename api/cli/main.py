"""The command ``xunge``: one sentence for every error, exit codes from the error tree, ``--json`` everywhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

import typer
from pydantic import ValidationError
from typer.exceptions import TyperException

from api.cli import (
    calls,
    data,
    exports,
    grids,
    hot_places,
    indicators,
    installation,
    patrol,
    patrol_sweep,
    positions,
    posts,
    published,
    reports,
    serving,
    staffing,
)
from api.cli.output import Output
from api.cli.usage import usage_refused
from api.refusals import refused
from geo.errors import CancelledError, ParameterError, XungeError

app = typer.Typer(
    name="xunge",
    help="巡格：警情、布点、巡逻与网格 / where calls happen, posts, patrols and grids",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("init")(installation.init)
app.command("doctor")(installation.doctor)
app.command("backup")(installation.backup)
app.command("demo")(serving.demo)
app.command("serve")(serving.serve)
app.command("verify")(published.verify)
app.command("heat")(exports.heat)
app.command("forecast")(hot_places.forecast)
app.command("export")(exports.export)
app.add_typer(data.app, name="import", help="导入路网、网格、警情、屯警点、必巡点、巡组 / import data")
app.add_typer(calls.app, name="calls", help="警情：清洗标记、警情族、字段方案、地址库 / calls")
app.add_typer(posts.app, name="posts", help="屯警布点 / posts")
app.add_typer(hot_places.app, name="hotspots", help="热点、近重复关注、集中度 / hot places")
app.add_typer(grids.app, name="grids", help="网格：检查、修复、编号、对比、发布 / grids")
app.add_typer(indicators.app, name="indicators", help="指标登记表 / indicators")
app.add_typer(reports.app, name="report", help="研判报告：日报、周报、月报 / reports")
patrol.app.command("sweep")(patrol_sweep.sweep)
patrol.app.command("rounds")(patrol_sweep.rounds)
app.add_typer(patrol.app, name="patrol", help="巡逻规划 / patrols")
app.add_typer(staffing.app, name="staffing", help="勤务配置：各小时巡组数与排班 / units by hour and shifts")
app.add_typer(positions.app, name="positions", help="定位与见警 / positions and presence")


def _print_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"xunge {version('xunge')}")
        raise typer.Exit


@app.callback()
def root(
    version_: bool = typer.Option(
        False, "--version", callback=lambda value: _print_version(wanted=value), is_eager=True, help="版本 / version"
    ),
) -> None:
    """巡格 xunge."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; expected errors leave with one sentence and their exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    language = _language(given)
    output = Output(as_json="--json" in given, language=language)
    try:
        code = app(args=given, prog_name="xunge", standalone_mode=False)
    except XungeError as problem:
        output.fail(problem)
    except ValidationError as problem:
        output.fail(refused(problem.errors()))
    except TyperException as problem:
        if type(problem).__name__ == "NoArgsIsHelpError":
            typer.echo(getattr(problem, "message", ""), err=True)
            raise SystemExit(ParameterError.exit_code) from None
        output.fail(usage_refused(problem))
    except (KeyboardInterrupt, typer.Abort):
        output.fail(CancelledError("Stopped", "已停止"))
    except BrokenPipeError:
        # The reader of a pipe has gone (such as head): nothing is left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    if code == CancelledError.exit_code:
        output.fail(CancelledError("Stopped", "已停止"))
    raise SystemExit(code or 0)


def _language(arguments: Sequence[str]) -> str:
    for i, word in enumerate(arguments):
        if word == "--lang" and i + 1 < len(arguments):
            return arguments[i + 1]
        if word.startswith("--lang="):
            return word.split("=", 1)[1]
    return os.environ.get("XUNGE_LANGUAGE", "zh")
