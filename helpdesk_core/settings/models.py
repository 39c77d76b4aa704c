"""What the admin page stores of settings."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, String
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk_core.db.base import Base, JSONText


class StoredSetting(Base):
    """One setting that was changed on the page; settings that have their default have no row.

    `owner` is "core.site" and the like, or a plugin's id. A sealed value is encrypted with the site's secret key.
    """

    __tablename__ = "settings"

    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(128), primary_key=True)
    value: Mapped[Any] = mapped_column(JSONText)
    sealed: Mapped[bool] = mapped_column(Boolean, default=False)
    updated_at: Mapped[datetime]
    updated_by: Mapped[int | None] = mapped_column(BigInteger)
    """Whose change it was: the id of a user, kept also when that user is gone."""
