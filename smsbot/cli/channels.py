"""`smsbot channel check`: does a channel work, and if not, what is wrong?"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

import typer

from smsbot.cli.common import Config, opened, progress, settings_of
from smsbot.errors import Conflict, Invalid, PhoneError, SettingsError, SmsbotError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from smsbot.cli.channel_trial import Seen
    from smsbot.gateways.registry import Channel
    from smsbot.settings import Settings
    from smsbot.store.channel_trace import Mark
    from smsbot.store.database import Store

LOOK_S = 0.25  # between two looks into the database
TEST_TEXT = "smsbot: this is a test message. Nothing has to be done."

channel = typer.Typer(help="The channels.", no_args_is_help=True)


class NotWorking(SmsbotError):
    """The channel does not work, or not yet; the sentence tells why."""


def add_to(app: typer.Typer) -> None:
    app.add_typer(channel, name="channel")


@channel.callback()
def _channel() -> None:
    pass


@channel.command()
def check(
    name: Annotated[str, typer.Argument(help="The channel, as in [channels.NAME] of the settings.")],
    config: Config = None,
    wait: Annotated[
        int, typer.Option(min=0, metavar="SECONDS", help="How long to wait for a text or a report; 0: not at all.")
    ] = 60,
    send: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="Send one test text to this number and tell what became of it.")
    ] = None,
    show_token: Annotated[bool, typer.Option("--show-token", help="Show the token in the addresses.")] = False,
) -> None:
    """Try a channel: credentials, addresses, routes; then wait for something to come by it."""
    if send is not None and not wait:
        raise typer.BadParameter("to tell what became of the text takes some waiting", param_hint="--wait")
    settings = settings_of(config, quiet=True)  # what a connection logs would stand beside the one sentence
    from smsbot.gateways.registry import channels  # noqa: PLC0415

    found = channels(settings.channels)
    if name not in found:
        raise SettingsError(f"There is no channel `{name}`; there are: {', '.join(found)}.")
    number = None if send is None else _number(send, found[name], settings)
    with opened(settings) as store:
        _describe(found, name, settings, show_token=show_token)
        _try_credentials(store, found[name])
        if not wait:
            return
        done, said = _wait(store, found[name], wait_s=wait, number=number)
    if not done:
        raise NotWorking(said)
    typer.echo(said)


def _number(written: str, found: Channel, settings: Settings) -> str:
    """Where the test text goes. Raises `Invalid`."""
    from smsbot.text import phone  # noqa: PLC0415

    if not found.config.outbound:
        raise Invalid(f"`{found.name}` has `outbound = false`, so nothing can be sent by it.")
    try:
        return phone.parse(written, settings.service.region)
    except PhoneError as error:
        raise Invalid(f"`{written}` is no phone number; write it in full, for example +995555000001.") from error


def _describe(found: Mapping[str, Channel], name: str, settings: Settings, *, show_token: bool) -> None:
    """What the settings say: addresses and routes."""
    from smsbot.cli.channel_trial import reachable  # noqa: PLC0415
    from smsbot.gateways.base import HttpGateway  # noqa: PLC0415

    this = found[name]
    sender = f", sender {this.config.sender}" if this.config.sender else ""
    typer.echo(f"Channel `{name}`: gateway {this.config.gateway}{sender}.")
    if isinstance(this.gateway, HttpGateway):
        for line in _addresses(this, settings.service.public_url, show_token=show_token):
            typer.echo(line)
        typer.echo(reachable(settings.service.public_url))
    else:
        typer.echo("It has no addresses to enter anywhere.")
    for line in _routes(found, name):
        typer.echo(line)


def _addresses(this: Channel, public_url: str | None, *, show_token: bool) -> list[str]:
    token = this.config.webhook_token
    if this.needs_token and token is None:
        return ["Its addresses are shut: it has no `webhook_token`, which its provider's calls would need."]
    proof = ""
    if this.needs_token and token is not None:
        proof = "?" + (urlencode({"token": token.get_secret_value()}) if show_token else "token=…")
    base = public_url or "PUBLIC_URL"
    lines = ["Addresses to enter at the provider:"]
    if this.config.inbound and this.gateway.capabilities.inbound:
        lines.append(f"  messages  {base}/channels/{this.name}/inbound{proof}")
    lines.append(f"  reports   {base}/channels/{this.name}/status{proof}")
    if this.needs_token:
        lines.append("  … stands for `webhook_token`; `--show-token` shows it." if not show_token else "")
    else:
        lines.append("  Its calls prove themselves by a signature.")
    return [line for line in lines if line]


def _routes(found: Mapping[str, Channel], name: str) -> list[str]:
    from smsbot.gateways.registry import fallbacks  # noqa: PLC0415
    from smsbot.service import routes  # noqa: PLC0415

    this, ways = found[name], routes(found)
    lines = []
    if not this.gateway.capabilities.inbound:
        lines.append("People cannot write to it.")
    elif not this.config.inbound:
        lines.append("People's texts do not come by it (`inbound = false`).")
    elif ways[name] == name:
        lines.append("What people write to it is answered by it.")
    else:
        lines.append(f"What people write to it is answered by `{ways[name]}`, since it does not send itself.")
    answered = [f"`{each}`" for each, way in ways.items() if way == name != each and found[each].config.inbound]
    if answered:
        lines.append(f"It also answers what comes by {', '.join(answered)}.")
    chain = fallbacks(found, name)
    if chain:
        lines.append(f"While it is down, what waits leaves by {', then '.join(f'`{each}`' for each in chain)}.")
    return lines


def _try_credentials(store: Store, this: Channel) -> None:
    """Raises the gateway's error if they are wrong."""
    import asyncio  # noqa: PLC0415

    from smsbot.cli.channel_trial import credentials  # noqa: PLC0415
    from smsbot.clock import now_ms  # noqa: PLC0415
    from smsbot.gateways.base import Link  # noqa: PLC0415
    from smsbot.store import channel_trace, health  # noqa: PLC0415

    working = store.read(lambda connection: channel_trace.working(connection, now_ms()))
    if isinstance(this.gateway, Link) and working:  # one connection is all that many allow, and a process has it
        known = store.read(health.channels).get(this.name)
        if known is not None and known.state in {"down", "misconfigured"}:
            raise NotWorking(f"The process that serves it has no connection: {known.reason.rstrip('.')}.")
        typer.echo("A process of smsbot holds its connection, so the credentials are not tried beside it.")
        return
    tried = asyncio.run(credentials(this))
    if tried.fault is not None:
        raise NotWorking(tried.said)
    typer.echo(tried.said)


def _wait(store: Store, this: Channel, *, wait_s: float, number: str | None) -> tuple[bool, str]:
    """Look until there is nothing more to wait for; what is to be said then. Ctrl-C ends the waiting."""
    from smsbot.cli.channel_trial import verdict  # noqa: PLC0415
    from smsbot.clock import now_ms  # noqa: PLC0415
    from smsbot.store import channel_trace  # noqa: PLC0415

    since = store.read(lambda connection: channel_trace.mark(connection, now_ms()))
    seen = _look(store, this, since, None, 0.0)
    if not seen.working or (seen.settled and number is None):
        return verdict(seen)
    message = None if number is None else _queue(store, this, number)
    began_s = time.monotonic()
    try:
        if seen.receives:
            number_shown = this.config.sender or "its number"
            typer.echo(f"Waiting for a text: send HELP to {number_shown} (Ctrl-C ends the waiting).")
        with progress("Waiting", round(wait_s)) as told:
            while True:
                waited_s = time.monotonic() - began_s
                seen = _look(store, this, since, message, waited_s)
                if seen.settled or waited_s >= wait_s:
                    break
                if told is not None:
                    told(round(waited_s))
                time.sleep(LOOK_S)
    except KeyboardInterrupt:
        pass
    return verdict(seen)


def _look(store: Store, this: Channel, since: Mark, message: int | None, waited_s: float) -> Seen:
    from smsbot.cli.channel_trial import Seen  # noqa: PLC0415
    from smsbot.clock import now_ms  # noqa: PLC0415
    from smsbot.gateways.base import HttpGateway  # noqa: PLC0415
    from smsbot.store import channel_trace  # noqa: PLC0415

    def look(connection: Connection) -> Seen:
        return Seen(
            name=this.name,
            receives=this.config.inbound and this.gateway.capabilities.inbound,
            sends=this.config.outbound,
            trace=channel_trace.trace(connection, this.name, since),
            sent=None if message is None else channel_trace.fate(connection, message),
            working=channel_trace.working(connection, now_ms()),
            waited_s=waited_s,
            has_addresses=isinstance(this.gateway, HttpGateway),
        )

    return store.read(look)


def _queue(store: Store, this: Channel, number: str) -> int:
    """The test text, for the process that delivers. Raises `Conflict` if the number has stopped."""
    from smsbot.clock import now_ms  # noqa: PLC0415
    from smsbot.store import contacts, notices, withdrawals  # noqa: PLC0415
    from smsbot.text.gsm7 import measure  # noqa: PLC0415

    key = store.key

    def queue(connection: Connection) -> int:
        person = contacts.reach(connection, key, number)
        if person.stopped:
            raise Conflict("This number has stopped all messages, so the test text is not sent to it.")
        message = withdrawals.queue_personal(
            connection, channel=this.name, contact_id=person.id, number=number, text=TEST_TEXT,
            parts=measure(TEST_TEXT).parts, now_ms=now_ms(),
        )  # fmt: skip
        notices.tell(connection, waiting=[this.name])
        return message

    return store.write(queue)
