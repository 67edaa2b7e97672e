"""All commands in one place, in the order of `ipaas --help`."""

from __future__ import annotations

import typer

from ipaas_dagster.cli import (
    alerts,
    approve,
    html_report,
    hub,
    load,
    look,
    operations,
    pipelines,
    plan,
    replay,
    resume,
    run,
    serve,
    template,
    webhooks,
)
from ipaas_dagster.cli import dead as letters
from ipaas_dagster.cli import rejects as rejected
from ipaas_dagster.cli import status as standing
from ipaas_dagster.cli import trace as tracing

app = typer.Typer(
    name="ipaas",
    help="Instagaze to the systems a company uses, every record accounted for.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,  # they would print local variables, credentials among them
)

app.command()(run.sync)
app.command()(run.deliver)
app.command()(run.reconcile)
app.command()(load.load)

app.command()(plan.plan)
app.command()(plan.apply)

app.command()(standing.status)
app.command()(html_report.report)
app.command()(tracing.trace)
app.command()(look.worksheet)
app.command()(look.check)
templates = typer.Typer(help="What is sent of a record, without sending it.", no_args_is_help=True)
templates.command("check")(template.check)
templates.command("render")(template.render)
app.add_typer(templates, name="template")
following = typer.Typer(help="Mappings that Instagaze's own pipelines give.", no_args_is_help=True)
following.command("diff")(pipelines.diff)
following.command("approve")(pipelines.approve)
app.add_typer(following, name="pipelines")
files = typer.Typer(help="What the `files` destination holds.", no_args_is_help=True)
files.command("current")(look.files_current)
app.add_typer(files, name="files")
hubs = typer.Typer(help="Where the hub is kept.", no_args_is_help=True)
hubs.command("copy")(hub.copy)
app.add_typer(hubs, name="hub")

rejects = typer.Typer(help="Records that do not meet their contract, kept with every reason.", no_args_is_help=True)
rejects.command("list")(rejected.rejects_list)
rejects.command("show")(rejected.rejects_show)
rejects.command("retry")(rejected.rejects_retry)
rejects.command("discard")(rejected.rejects_discard)
app.add_typer(rejects, name="rejects")

dead = typer.Typer(help="Dead letters: deliveries that no repeat mends.", no_args_is_help=True)
dead.command("list")(letters.dead_list)
dead.command("show")(letters.dead_show)
dead.command("retry")(letters.dead_retry)
dead.command("discard")(letters.dead_discard)
app.add_typer(dead, name="dead")

app.command()(approve.approve)
app.command()(alerts.alerts)
app.command()(resume.resume)
app.command()(tracing.prune)
app.command()(replay.replay)

receiving = typer.Typer(invoke_without_command=True)
receiving.callback()(webhooks.webhooks)
receiving.command("list")(webhooks.inbox)
receiving.command("on")(webhooks.switch_on)
receiving.command("off")(webhooks.switch_off)
app.add_typer(receiving, name="webhooks")

stores = typer.Typer(help="The operations store: cursors, outbox, links, ledger.", no_args_is_help=True)
stores.command("copy")(operations.copy)
app.add_typer(stores, name="operations")

app.command()(serve.sandbox)
app.command()(serve.dev)
app.command()(serve.demo)
