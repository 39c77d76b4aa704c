"""`helpdesk users` and `helpdesk permissions`: accounts, roles and tokens, and why somebody sees a ticket."""

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import click

from helpdesk_core.cli.context import Cli, WholeNumber, json_option, pass_cli, print_json

if TYPE_CHECKING:
    from helpdesk_core.actor import Actor
    from helpdesk_core.runtime import Helpdesk
    from helpdesk_core.users.models import User

OWNER: Final = "owner"
"""No role, but what `users role` takes for the one who may do everything."""


@click.group()
def users() -> None:
    """Make accounts; set passwords, roles and API tokens."""


@users.command()
@click.argument("address")
@click.option("--name", default="", help="The person's name; made from the address if it is left out.")
@click.option("--role", metavar="ROLE", help='A role to begin with: "agent", "manager", "admin", or "owner".')
@click.option("--department", metavar="KEY", help="The only department in which the role holds.")
@click.option("--locale", metavar="CODE", help="The person's language, such as de.")
@click.option("--timezone", metavar="NAME", help="The person's time zone, such as Europe/Berlin.")
@click.option("--password-stdin", is_flag=True, help="Read a password from standard input.")
@click.option("--invite", is_flag=True, help="Send a link to choose a password.")
@pass_cli
def create(
    cli: Cli,
    address: str,
    name: str,
    role: str | None,
    department: str | None,
    locale: str | None,
    timezone: str | None,
    password_stdin: bool,
    invite: bool,
) -> None:
    """Make an account for ADDRESS; without a role, a customer's."""
    from helpdesk_core.errors import Invalid
    from helpdesk_core.users.accounts import create_user
    from helpdesk_core.users.addresses import name_from_address, normalise
    from helpdesk_core.users.inputs import UserDraft
    from helpdesk_core.users.roles import grant_role

    try:
        normalise(address)
    except Invalid as error:
        raise click.BadParameter(str(error), param_hint="ADDRESS") from None
    password = _line() if password_stdin else None
    with cli.desk() as desk:
        actor = _actor()
        _check_role(desk, role)
        draft = UserDraft(name=name or name_from_address(address), locale=locale, timezone=timezone)
        with desk.begin(actor):
            user = create_user(desk, actor, draft, address, password=password, invite=invite, is_owner=role == OWNER)
            if role and role != OWNER:
                grant_role(desk, actor, user.uid, role, department)
    click.echo(f"{user.primary_email}: {'invited' if invite else 'made'}")


@users.command()
@click.argument("address")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the password from standard input.")
@pass_cli
def password(cli: Cli, address: str, from_stdin: bool) -> None:
    """Set the password of ADDRESS; whoever is signed in with the old one has to sign in anew."""
    from helpdesk_core.users.recovery import set_password

    if not from_stdin and not sys.stdin.isatty():
        raise click.UsageError("Give the password on standard input, and say so: --stdin.")
    given = _line() if from_stdin else click.prompt("New password", hide_input=True, confirmation_prompt=True)
    with cli.desk() as desk:
        set_password(desk, _actor(), _user(desk, address).uid, given)
    click.echo(f"{address}: password set")


@users.command()
@click.argument("address")
@click.argument("role", required=False)
@click.option("--department", metavar="KEY", help="Where the role holds; everywhere if it is left out.")
@click.option("--remove", is_flag=True, help="Take the role away.")
@json_option
@pass_cli
def role(cli: Cli, address: str, role: str | None, department: str | None, remove: bool, as_json: bool) -> None:
    """Give ADDRESS a role, or take it away; without ROLE, show which they have. "owner" may do everything."""
    from helpdesk_core.users.roles import grant_role, revoke_role, set_owner

    with cli.desk() as desk:
        user = _user(desk, address)
        _check_role(desk, role)
        if role == OWNER:
            set_owner(desk, _actor(), user.uid, not remove)
        elif role:
            (revoke_role if remove else grant_role)(desk, _actor(), user.uid, role, department)
        held = _roles(desk, address)
    if as_json:
        print_json([{"role": key, "department": where} for key, where in held])
    else:
        said = [f"{key} in {where}" if where else key for key, where in held]
        click.echo(f"{address}: {', '.join(said) or 'no role'}")


@users.command()
@click.argument("address")
@click.option("--name", default="command line", show_default=True, help="What the token is for.")
@click.option("--scope", "scopes", multiple=True, metavar="SCOPE", help='"read", or a permission; all if left out.')
@click.option("--days", type=WholeNumber(min=1), help="After how many days it is void; never if left out.")
@pass_cli
def token(cli: Cli, address: str, name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make an API token for ADDRESS and print it; it is shown this once."""
    from helpdesk_core.users.tokens import create_token

    with cli.desk() as desk:
        expires_at = desk.now() + timedelta(days=days) if days else None
        uid = _user(desk, address).uid
        made = create_token(desk, _actor(), uid, name, scopes=scopes, expires_at=expires_at)
    click.echo(made.token)


@click.group()
def permissions() -> None:
    """See why somebody may do something."""


@permissions.command()
@click.argument("user")
@click.argument("ticket")
@json_option
@pass_cli
def explain(cli: Cli, user: str, ticket: str, as_json: bool) -> None:
    """Say whether USER (an address) sees TICKET (a number), and which rules decide that."""
    from helpdesk_core.errors import NotFound
    from helpdesk_core.tickets.queries import find_ticket
    from helpdesk_core.users.explain import explain

    number = ticket.lstrip("#")
    with cli.desk() as desk, desk.read() as session:
        person = _user(desk, user)
        try:
            asked = find_ticket(session, _actor(), number)
        except NotFound:  # which speaks of what one may see; whoever calls the command sees all
            raise NotFound(f"There is no ticket #{number}.") from None
        found = explain(desk, session, person, asked)
    if as_json:
        rules = [{"name": rule.name, "applies": rule.applies, "sentence": rule.sentence} for rule in found.rules]
        print_json({"desk": found.desk, "portal": found.portal, "rules": rules})
    else:
        click.echo("\n".join(found.sentences))


def _actor() -> "Actor":
    from helpdesk_core.actor import SYSTEM

    return SYSTEM.through("cli")


def _user(desk: "Helpdesk", address: str) -> "User":
    from helpdesk_core.errors import NotFound
    from helpdesk_core.users.accounts import find_by_address

    with desk.read() as session:
        user = find_by_address(session, address)
    if user is None:
        raise NotFound(f"Nobody has the address {address}. Make the account with: helpdesk users create {address}")
    return user


def _check_role(desk: "Helpdesk", role: str | None) -> None:
    """NotFound with the roles there are, if it is none of them."""
    from helpdesk_core.errors import NotFound
    from helpdesk_core.users.roles import all_roles

    with desk.read() as session:
        known = [*(each.key for each in all_roles(session)), OWNER]
    if role and role not in known:
        raise NotFound(f"There is no role “{role}”. There are: {', '.join(known)}.")


def _roles(desk: "Helpdesk", address: str) -> list[tuple[str, str | None]]:
    from helpdesk_core.departments.queries import all_departments
    from helpdesk_core.users.roles import roles_of

    user = _user(desk, address)
    with desk.read() as session:
        keys = {each.id: each.key for each in all_departments(session)}
        held = [(grant.role.key, keys.get(grant.department_id or 0)) for grant in roles_of(session, user.id)]
    return ([(OWNER, None)] if user.is_owner else []) + held


def _line() -> str:
    return sys.stdin.readline().rstrip("\r\n")
