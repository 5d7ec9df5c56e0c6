"""Configuration from the environment."""

from functools import lru_cache

from pydantic_settings import BaseSettings


class Settings(BaseSettings):
    """Everything that differs between environments."""

    database_url: str
    branch_url: str


@lru_cache
def get_settings() -> Settings:
    """The settings, read once."""
    return Settings()
