"""Trying operations of the API with what their description allows, and with what it forbids."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, CheckFunction, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.schemas import APIOperation

Operation = APIOperation[Any, Any, Any, Any]
MODES: Final = {"fitting": GenerationMode.POSITIVE, "not fitting": GenerationMode.NEGATIVE}
load_all_checks()


def _checks(*names: str) -> list[CheckFunction]:
    """Return Schemathesis's checks with these names."""
    return cast(list[CheckFunction], CHECKS.get_by_names(list(names)))


MUST_HOLD: Final = _checks(
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "allow_header_conformance",
)
REFUSES_WRONG_BODIES: Final = _checks("negative_data_rejection")


def statuses(
    operation: Operation, mode: GenerationMode, token: str, ids: Mapping[str, Sequence[str]], *, examples: int
) -> set[int]:
    """Send an operation some requests and return the statuses of its answers, which all have to be as described.

    `ids` are names of things that exist, by the names of the parts of addresses. The requests are the same each time.
    """
    if mode is GenerationMode.NEGATIVE and not _can_be_wrong(operation):
        return set()
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}  # it reads no packed answers
    seen: set[int] = set()

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    def run(case: Case[Any], data: st.DataObject) -> None:
        for name in case.path_parameters or {}:
            if name in ids and mode is GenerationMode.POSITIVE:
                case.path_parameters[name] = data.draw(st.sampled_from([*ids[name], case.path_parameters[name]]))
        # In an address a wrong kind of value is often written as a right one: a list of one word, say.
        more = [] if operation.query else REFUSES_WRONG_BODIES
        seen.add(case.call_and_validate(headers=headers, checks=[*MUST_HOLD, *more]).status_code)

    run()
    return seen


def _can_be_wrong(operation: Operation) -> bool:
    """Whether something can be sent that does not fit; not so where all is words in a public address."""
    is_public = operation.definition.raw.get("security") == []
    return bool(operation.body or operation.query or not is_public)
