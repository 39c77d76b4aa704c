"""Markers, call styles and the dispatcher of hooks."""

from helpdesk_core.hooks import hookspec
from helpdesk_core.hooks.breakers import Breaker, BreakerStore
from helpdesk_core.hooks.catalogue import SpecInfo, describe, snapshot, specs_in
from helpdesk_core.hooks.dispatcher import Hooks
from helpdesk_core.hooks.errors import (
    CallRevoked,
    DeliveryFailed,
    HookFailed,
    HookHoldsDatabase,
    HookOverrun,
    HookSpecError,
    InvalidHook,
    Veto,
    WrongResult,
)
from helpdesk_core.hooks.guard import CallScope, current_call
from helpdesk_core.hooks.implementations import hookimpl
from helpdesk_core.hooks.limits import Limits
from helpdesk_core.hooks.monitor import HookReport, LastError
from helpdesk_core.hooks.results import CANNOT_CHECK, REFUSED, HasSavepoint, Rendered
from helpdesk_core.hooks.specs import (
    AfterSpec,
    CollectSpec,
    HookSpec,
    PickSpec,
    RefineSpec,
    RenderSpec,
    VetoSpec,
    WithinSpec,
)

__all__ = [
    "CANNOT_CHECK",
    "REFUSED",
    "AfterSpec",
    "Breaker",
    "BreakerStore",
    "CallRevoked",
    "CallScope",
    "CollectSpec",
    "DeliveryFailed",
    "HasSavepoint",
    "HookFailed",
    "HookHoldsDatabase",
    "HookOverrun",
    "HookReport",
    "HookSpec",
    "HookSpecError",
    "Hooks",
    "InvalidHook",
    "LastError",
    "Limits",
    "PickSpec",
    "RefineSpec",
    "RenderSpec",
    "Rendered",
    "SpecInfo",
    "Veto",
    "VetoSpec",
    "WithinSpec",
    "WrongResult",
    "current_call",
    "describe",
    "hookimpl",
    "hookspec",
    "snapshot",
    "specs_in",
]
