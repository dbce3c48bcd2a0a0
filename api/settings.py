"""What an installation may set, from the environment (``XUNGE_*``) or the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings of one installation; every name is an environment variable with the prefix ``XUNGE_``."""

    model_config = SettingsConfigDict(env_prefix="XUNGE_", extra="forbid", frozen=True)

    home: Path = Field(default=Path.home() / ".xunge", description="folder with the database and the streets")
    host: str = Field(default="127.0.0.1", description="address that the server listens on")
    port: int = Field(default=8000, ge=0, le=65535)
    language: Literal["zh", "en"] = "zh"
    clock: Literal["auto", "data", "system"] = Field(
        default="auto", description="which time the pages show: the demo's own, or the computer's"
    )
    time_zone: str = "Asia/Shanghai"
    day_starts_hour: int = Field(default=8, ge=0, le=23, description="hour at which the statistical day begins")
    week_starts_weekday: int = Field(
        default=1, ge=1, le=7, description="weekday (1 is Monday) on which the week begins"
    )
    few_below: int = Field(default=5, ge=0, le=1000, description="counts from 1 to one below this are few")
    few_shown_to: tuple[str, ...] = Field(
        default=("admin", "plan", "edit"), description="roles that see few calls and the rows behind a figure"
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=("127.0.0.1", "localhost", "[::1]", "testserver"),
        description="names under which the server may be asked",
    )
    max_upload_mb: int = Field(default=200, ge=1, le=4096)
    upload_seconds: int = Field(default=60, ge=1, le=3600, description="time that parsing one upload may take")
    threads: int = Field(default=2, ge=1, le=64)
    positions_days: int = Field(default=90, ge=1, le=3660, description="days for which positions of units are kept")

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.home / "xunge.sqlite"

    @property
    def streets(self) -> Path:
        """The street arrays."""
        return self.home / "streets.npz"

    @property
    def order(self) -> Path:
        """The contraction order of the streets, kept beside them."""
        return self.home / "streets.order.npz"

    @property
    def positions(self) -> Path:
        """The folder of positions by day."""
        return self.home / "positions"

    @property
    def speeds(self) -> Path:
        """The table of speeds that the user edits."""
        return self.home / "speeds.json"
