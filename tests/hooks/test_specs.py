"""What a hook spec keeps of its function, and which functions are refused."""

import pytest

from helpdesk_core.hooks import HookSpecError, hookspec
from tests.hooks import examples as spec


def test_a_spec_keeps_name_docstring_module_and_signature() -> None:
    assert spec.actions.name == spec.actions.__name__ == "actions"
    assert spec.actions.__doc__ == spec.actions.doc == "Offer actions on a ticket."
    assert spec.actions.module == spec.actions.__module__ == "tests.hooks.examples"
    assert list(spec.actions.signature.parameters) == ["ticket", "actor"]
    assert spec.actions.signature_text == "actions(ticket: Ticket, actor: str) -> list[str]"
    assert spec.route.signature_text == "route(subject: str) -> int | None"
    assert spec.on_opening.signature_text == "on_opening(tx: Tx, ticket: Ticket) -> None"


def test_a_spec_knows_its_style_since_stability_and_options() -> None:
    assert (spec.actions.style, spec.actions.since, spec.actions.stability) == ("collect", "0.1", "provisional")
    assert spec.channels.when == "startup"
    assert spec.check_sign_in.fail_closed
    assert not spec.check_reply.fail_closed
    assert spec.opened.event is spec.Opened
    assert spec.anything.event is None


def test_refine_chains_the_first_argument_unless_told_otherwise() -> None:
    @hookspec.refine(since="0.1")
    def refine_subject(subject: str, actor: str) -> str:
        """Change a subject."""

    assert refine_subject.refines == "subject"
    assert spec.refine_body.refines == "body"


def test_refining_an_argument_that_does_not_exist_is_refused() -> None:
    with pytest.raises(HookSpecError, match="refines='text' is none of its arguments"):

        @hookspec.refine(since="0.1", refines="text")
        def refine_subject(subject: str) -> str:
            """Change a subject."""


def test_a_spec_without_docstring_is_refused() -> None:
    with pytest.raises(HookSpecError, match=r"test_specs\.bare: has no docstring"):

        @hookspec.within(since="0.1")
        def bare(tx: object) -> None:
            pass


def test_a_spec_without_annotations_is_refused() -> None:
    with pytest.raises(HookSpecError, match="argument 'body' has no annotation"):

        @hookspec.veto(since="0.1")
        def check(body) -> list[str]:  # type: ignore[no-untyped-def]  # the point of the test
            """Check."""
            return []

    with pytest.raises(HookSpecError, match="has no return annotation"):

        @hookspec.veto(since="0.1")
        def check_again(body: str):  # type: ignore[no-untyped-def]  # the point of the test
            """Check."""
            return []


def test_a_spec_with_defaults_or_stars_is_refused() -> None:
    with pytest.raises(HookSpecError, match="argument 'limit' must be plain"):

        @hookspec.collect(since="0.1")
        def recent(limit: int = 5) -> list[str]:
            """List."""
            return []

    with pytest.raises(HookSpecError, match="argument 'rest' must be plain"):

        @hookspec.collect(since="0.1")
        def others(**rest: int) -> list[str]:
            """List."""
            return []


def test_a_within_spec_needs_the_unit_of_work() -> None:
    with pytest.raises(HookSpecError, match="needs an argument 'tx'"):

        @hookspec.within(since="0.1")
        def on_close(ticket: str) -> None:
            """Close."""


def test_an_after_spec_is_for_one_event_or_for_all() -> None:
    with pytest.raises(HookSpecError, match="either event=SomeEvent or any_event=True"):
        hookspec.after(since="0.1")
    with pytest.raises(HookSpecError, match="either event=SomeEvent or any_event=True"):
        hookspec.after(since="0.1", event=spec.Opened, any_event=True)


def test_a_type_that_cannot_be_resolved_is_told() -> None:
    @hookspec.collect(since="0.1")
    def lost(ticket: "NotImported") -> list[str]:  # type: ignore[name-defined]  # noqa: F821 - the point of the test
        """List."""

    with pytest.raises(HookSpecError, match="import it outside of TYPE_CHECKING"):
        lost.signature_text  # noqa: B018 - a property
