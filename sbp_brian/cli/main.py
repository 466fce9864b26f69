"""The command line: ``sbp list``, ``run``, ``build``, ``sweep``, ``reproduce``, ``figures``, ``data``, ``doctor``, ...

Commands import what they need when they are called, so that help and lists are there at once.  Every failure is one
line on the standard error stream and a non-zero exit status; ``--debug`` shows the traceback.
"""

from __future__ import annotations

import sys

import click

from sbp_brian._version import __version__
from sbp_brian.cli.benchmark import benchmark
from sbp_brian.cli.build import build
from sbp_brian.cli.cache import cache
from sbp_brian.cli.catalogue import Catalogue
from sbp_brian.cli.completing import completion
from sbp_brian.cli.data import data
from sbp_brian.cli.describe import describe
from sbp_brian.cli.ending import clean_end
from sbp_brian.cli.export import export
from sbp_brian.cli.new import new
from sbp_brian.cli.output import figures, report
from sbp_brian.cli.reproduce import reproduce
from sbp_brian.cli.run import run
from sbp_brian.cli.show import show
from sbp_brian.cli.streams import patient
from sbp_brian.cli.sweep import sweep
from sbp_brian.cli.verify import verify
from sbp_brian.cli.warning_lines import one_line_warnings
from sbp_brian.errors import SBPError
from sbp_brian.interruption import handled, undisturbed
from sbp_brian.wording import unknown

__all__ = ["command_line"]

INTERRUPTED = 130  # what a shell reports for a program stopped by Ctrl+C


class Failure(click.ClickException):
    """An error of one line."""

    def __init__(self, message: str, exit_code: int = 1):
        super().__init__(" ".join(message.split()))
        self.exit_code = exit_code


class Commands(click.Group):
    """A group whose every failure is one line, which suggests the nearest command, and which knows --debug anywhere."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        one_line_warnings()
        # Brian2 writes the command into a file as UTF-8, which the name of a folder need not be
        sys.argv[:] = [each.encode(errors="backslashreplace").decode() for each in sys.argv]
        ctx.meta["sbp_brian.debug"] = "--debug" in args
        try:
            return super().parse_args(ctx, [arg for arg in args if arg != "--debug"])
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as error:
            raise Failure(f"{error.format_message()} (see 'sbp --help')", 2) from None

    def resolve_command(self, ctx: click.Context, args: list[str]):
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise Failure(f"{unknown('command', args[0], self.list_commands(ctx))} (see 'sbp --help')", 2)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context):
        if ctx.meta.get("sbp_brian.debug"):
            with patient(), clean_end():
                return super().invoke(ctx)
        try:
            with patient():
                return self._interruptible(ctx)
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.UsageError as error:
            where = error.ctx.command_path if error.ctx else "sbp"
            raise Failure(f"{error.format_message()} (see '{where} --help')", 2) from None
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except SystemExit as error:
            said = "" if error.code is None else f"({error.code!r})"
            raise Failure(
                f"something called sys.exit{said} before the command was done: leave it out, or raise an error"
            ) from error
        except MemoryError as error:
            raise Failure(f"the memory of this machine does not suffice: {str(error) or 'MemoryError'}") from error
        except OSError as error:
            raise Failure(f"{error.filename}: {error.strerror}" if error.filename else str(error)) from error
        except (SBPError, ValueError, TypeError, NotImplementedError) as error:
            raise Failure(str(error) or type(error).__name__) from error
        except Exception as error:
            text = next((line for line in str(error).splitlines() if line.strip()), "")
            raise Failure(f"{type(error).__name__}: {text} (--debug shows where)") from error

    def _interruptible(self, ctx: click.Context):
        try:
            with clean_end():
                return super().invoke(ctx)
        except KeyboardInterrupt:
            with undisturbed():
                click.echo("Interrupted: what is done is kept; the same command goes on from there.", err=True)
                handled()
            ctx.exit(INTERRUPTED)


def command_line(catalogue: Catalogue) -> click.Group:
    """The command ``sbp`` that shows and runs what the catalogue holds."""

    @click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "obj": catalogue})
    @click.version_option(__version__, prog_name="sbp")
    @click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
    def main() -> None:
        """Self-backpropagation of synaptic modification (SBP) in Brian2.

        When a neuron's output synapses change, a signal travels back along its axon and its input synapses change with
        them. These commands run the experiments and benchmarks that show it, and compare each number with the published
        one.

        Begin with 'sbp list', then for example 'sbp run bi-poo-1998 --quick'.

        \b
        Exit status
          0    done
          1    it failed: one line says why; also where --check or a comparison finds a difference
          2    the command cannot be read
          130  stopped by Ctrl+C; the same command goes on from there
        """

    for command in (
        list_command,
        doctor,
        run,
        build,
        benchmark,
        sweep,
        reproduce,
        verify,
        describe,
        new,
        show,
        export,
        figures,
        report,
        data,
        cache,
        completion,
    ):
        main.add_command(command)
    return main


@click.command("list", short_help="List protocols, models and data sets; or recipes.")
@click.argument("what", required=False, type=click.Choice(("recipes",)))
@click.pass_obj
def list_command(catalogue: Catalogue, what: str | None) -> None:
    """List the protocols, models and data sets, a line and a source each; or the recipes of published numbers."""
    from sbp_brian.cli.list import show, show_recipes

    if what == "recipes":
        show_recipes(catalogue)
    else:
        show(catalogue)


@click.command(short_help="Check this machine, with the remedy for each lack.")
def doctor() -> None:
    """Check this machine: compiler, versions, data, memory; with the remedy for each lack."""
    from sbp_brian.cli.list import diagnose

    if not diagnose():
        raise Failure("something is lacking; the remedies stand above")
