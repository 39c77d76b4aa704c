"""`helpdesk hooks`: the catalogue of hooks."""

import json
from typing import TYPE_CHECKING

import click

from helpdesk_core.cli.context import json_option, print_json, print_table

if TYPE_CHECKING:
    from helpdesk_core.hooks import SpecInfo


@click.command()
@click.argument("name", required=False)
@json_option
@click.option("--markdown", is_flag=True, help="Print the catalogue as docs/hooks.md has it.")
@click.option("--snapshot", is_flag=True, help="Print all signatures as tests/hooks_snapshot.json has them.")
def hooks(name: str | None, as_json: bool, markdown: bool, snapshot: bool) -> None:
    """Show the hooks that plugins can implement; with NAME, all about one of them."""
    from helpdesk_core.catalogue import SPEC_MODULES
    from helpdesk_core.cli.catalogue_page import page
    from helpdesk_core.errors import NotFound
    from helpdesk_core.hooks import describe
    from helpdesk_core.hooks import snapshot as signatures

    found = describe(SPEC_MODULES)
    if snapshot:
        click.echo(json.dumps(signatures(SPEC_MODULES), indent=1, sort_keys=True))
    elif markdown:
        click.echo(page(found), nl=False)
    elif name:
        chosen = [info for info in found if info.name == name]
        if not chosen:
            raise NotFound(f"There is no hook {name}; `helpdesk hooks` shows those there are.")
        print_json(_as_dict(chosen[0])) if as_json else click.echo(_told(chosen[0]))
    elif as_json:
        print_json([_as_dict(info) for info in found])
    else:
        print_table(
            [
                ("HOOK", "STYLE", "SINCE", ""),
                *((info.name, info.style, info.since, info.docstring.splitlines()[0]) for info in found),
            ]
        )


def _as_dict(info: "SpecInfo") -> dict[str, object]:
    return {
        "name": info.name,
        "style": info.style,
        "signature": info.signature,
        "since": info.since,
        "stability": info.stability,
        "options": info.options,
        "module": info.module,
        "docstring": info.docstring,
    }


def _told(info: "SpecInfo") -> str:
    options = "".join(f", {key}: {value}" for key, value in info.options.items())
    return f"{info.signature}\n{info.style}{options}; {info.stability}, since {info.since}\n\n{info.docstring}"
