"""Settings, as the API takes and shows them."""

from marshmallow import INCLUDE, fields

from helpdesk_core.schemas import Input, Output, page_of
from helpdesk_core.settings.fields import MASK

SOURCES = ("default", "page", "file", "environment")


class SettingShown(Output):
    """A setting as it is in force."""

    key = fields.String(metadata={"example": "name"})
    label = fields.String()
    help = fields.String()
    affects = fields.String(metadata={"description": "What a change affects, where that is not plain."})
    expected = fields.String(metadata={"description": "Completes “Expected …”.", "example": "a whole number"})
    value = fields.Raw(allow_none=True, metadata={"description": f"As JSON has it; a secret that is set is {MASK}."})
    is_secret = fields.Boolean()
    source = fields.String(metadata={"enum": list(SOURCES), "description": "`page`: stored, here or on the page."})
    locked = fields.Boolean(metadata={"description": "Whether only the file or the environment can change it."})
    problem = fields.String(allow_none=True, metadata={"description": "Why a value that is given is not in force."})


class SettingsOf(Output):
    """The settings of one part of the helpdesk."""

    owner = fields.String(
        metadata={
            "description": "`core.` and a section of the configuration, or a plugin's id.",
            "example": "core.site",
        }
    )
    settings = fields.List(fields.Nested(SettingShown))


SettingsPage = page_of(SettingsOf, "SettingsPage")


class SettingsChange(Input):
    """Settings to change: keys with values; what is left out stays, and so does a secret given as its mask."""

    class Meta:
        unknown = INCLUDE
