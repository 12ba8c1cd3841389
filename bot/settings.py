"""Every setting, typed, each with one sentence. The only reader of the environment and of scrutineer.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from bot.errors import BadSettings
from bot.oidc_settings import OidcSettings
from bot.settings_notify import MailSettings, NotifySettings

CONFIG_FILE = "scrutineer.toml"
PREFIX = "SCRUTINEER_"
ROLES = ("web", "worker", "ingest")


class BlueskySettings(BaseModel):
    """One Bluesky account of ours. Its app password is kept encrypted in the database, never here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    handle: Annotated[str, Field(min_length=3, description="Handle of the account, without '@'.")]
    pds: Annotated[str, Field(description="Address of its server (PDS).")] = "https://bsky.social"


class MastodonSettings(BaseModel):
    """One Mastodon account of ours. Its access token is kept encrypted in the database, never here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    server: Annotated[str, Field(description="Address of the account's server, with https://.")]
    vantage: Annotated[
        list[str], Field(description="Other servers whose public tag timelines are read, with https://.")
    ] = []
    streaming: Annotated[bool, Field(description="Use the server's stream as a hint to poll sooner.")] = True

    @field_validator("server")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if not value.startswith(("https://", "http://")):
            raise ValueError("write it with https://, for example https://mastodon.example")
        return value.rstrip("/")


class SecondReaderSettings(BaseModel):
    """Another model that reads every draft's post and may veto or downgrade it, never raise it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[
        str, Field(description="An OpenAI-compatible address up to /v1; a local server will do. Empty turns it off.")
    ] = ""
    model: Annotated[str, Field(max_length=200, description="Name of the model, as that server knows it.")] = ""
    key: Annotated[SecretStr | None, Field(description="Bearer key, if the server wants one.")] = None
    seconds: Annotated[float, Field(ge=1, le=120, description="Seconds after which there is no answer.")] = 20.0

    @model_validator(mode="after")
    def _whole(self) -> SecondReaderSettings:
        if self.url and not self.url.startswith(("https://", "http://")):
            raise ValueError("second_reader.url: write it with http:// or https://, up to and including /v1")
        if self.url and not self.model:
            raise ValueError("second_reader.model: name the model that the server should use")
        return self


class LookupSettings(BaseModel):
    """Where citations are looked up. Nobody is asked until `contact` is set: both want to know who asks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    crossref: Annotated[str, Field(description="Address of Crossref's REST API.")] = "https://api.crossref.org"
    pubmed: Annotated[str, Field(description="Address of NCBI's E-utilities, for PubMed.")] = (
        "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"
    )
    seconds: Annotated[float, Field(ge=1, le=60, description="Seconds after which there is no answer.")] = 10.0

    @field_validator("crossref", "pubmed")
    @classmethod
    def _https(cls, value: str) -> str:
        if not value.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
            raise ValueError("write it with https://")
        return value


class LimitSettings(BaseModel):
    """The numbers of manners. They may be tightened freely."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days_between: Annotated[int, Field(ge=7, description="Days between two replies to the same person.")] = 7
    per_thread: Annotated[int, Field(ge=0, le=1, description="Replies of ours in one thread.")] = 1


class Settings(BaseSettings):
    """The whole configuration of an office. Frozen; handed down from `app.py`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, toml_file=CONFIG_FILE
    )

    organisation: Annotated[str, Field(min_length=1, description="Who runs this office; named in every reply.")] = (
        "Example Medical School"
    )
    short_name: Annotated[str, Field(description="Short form of its name, for where a network leaves little room.")] = (
        ""
    )
    contact: Annotated[str, Field(description="Mail address for questions; sent along with every request.")] = ""
    method_url: Annotated[str, Field(description="Page that says how replies are made and corrected.")] = ""
    tags: Annotated[list[str], Field(description="Hashtags to watch, with or without '#'.")] = ["MedEd"]
    data_dir: Annotated[Path, Field(description="Where the database, the key and the stop file live.")] = Path("var")
    database_url: Annotated[
        str, Field(description="sqlite:///path or postgresql+psycopg://…; empty means SQLite in data_dir.")
    ] = ""
    host: Annotated[str, Field(description="Address the web desk listens on.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="Port the web desk listens on.")] = 8000
    public_url: Annotated[
        str, Field(description="Address under which people reach the web desk; https:// turns secure cookies on.")
    ] = ""
    undo_seconds: Annotated[
        int, Field(ge=0, le=3600, description="Seconds between an approval and sending, in which it can be undone.")
    ] = 60
    second_look_share: Annotated[
        float, Field(ge=0, le=1, description="Share of decided cases that a second editor judges again, blind.")
    ] = 0.1
    call_seconds: Annotated[
        float, Field(ge=1, le=60, description="Seconds after which a call to a network counts as unclear.")
    ] = 30
    read_back_seconds: Annotated[
        float, Field(ge=0.2, le=600, description="Seconds between two looks whether an unclear send arrived.")
    ] = 10
    believe_absent_seconds: Annotated[
        float,
        Field(ge=2, le=3600, description="Seconds before 'it did not arrive' is believed; longer than call_seconds."),
    ] = 45
    jetstream_url: Annotated[
        str, Field(description="Jetstream v2 server for Bluesky's public stream; empty turns the stream off.")
    ] = "wss://jetstream.us-west.bsky.network"
    bluesky: Annotated[list[BlueskySettings], Field(description="Bluesky accounts of this office.")] = []
    mastodon: Annotated[list[MastodonSettings], Field(description="Mastodon accounts of this office.")] = []
    second_reader: Annotated[
        SecondReaderSettings, Field(description="Another model that may veto drafts; off without a url.")
    ] = SecondReaderSettings()
    lookup: Annotated[LookupSettings, Field(description="Where citations are looked up.")] = LookupSettings()
    limits: Annotated[LimitSettings, Field(description="The numbers of manners.")] = LimitSettings()
    oidc: Annotated[OidcSettings, Field(description="Single sign-on; off without an issuer.")] = OidcSettings()
    mail: Annotated[MailSettings, Field(description="The mail server for notifications; off without a host.")] = (
        MailSettings()
    )
    notify: Annotated[NotifySettings, Field(description="What notifications may reach.")] = NotifySettings()
    secret_key: Annotated[
        SecretStr | None, Field(description="Key for secrets at rest; empty means data_dir/secret.key.")
    ] = None
    feed: Annotated[
        Path | None, Field(description="Another recorded feed for the practice office, instead of the built-in one.")
    ] = None
    feed_speed: Annotated[float, Field(gt=0, description="How fast the recorded feed plays; 1 is real time.")] = 1.0
    log_format: Annotated[Literal["console", "json"], Field(description="How log lines look.")] = "console"
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Field(description="What is logged.")] = "info"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments beat the environment, which beats the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @model_validator(mode="after")
    def _patience(self) -> Self:
        if self.believe_absent_seconds <= self.call_seconds:
            raise ValueError("believe_absent_seconds must be greater than call_seconds, or a reply may be sent twice")
        return self

    @property
    def practice(self) -> bool:
        """Without any account the office practises on a network in memory: nothing can reach the public."""
        return not self.bluesky and not self.mastodon

    @property
    def database(self) -> str:
        """The database URL in force."""
        return self.database_url or f"sqlite:///{self.data_dir / 'scrutineer.db'}"

    @property
    def stop_flag(self) -> Path:
        """The file whose existence stops all publishing."""
        return self.data_dir / "STOP"

    @property
    def base_url(self) -> str:
        """Where people open the desk."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"


def load(path: Path | None = None, *, optional: bool = False, **overrides: Any) -> Settings:
    """Read the configuration once. Raises `BadSettings`: one line that names the field and the remedy.

    A file that was asked for must exist, unless it is `optional`.
    """
    file = path or Path(CONFIG_FILE)
    if path is not None and not optional and not path.exists():
        raise BadSettings(f"{path} does not exist; run `scrutineer init`, or name another file with --config")

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=file)

    try:
        loaded = FromFile(**overrides)
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{file}: not valid TOML ({error}); mend that line, or run `scrutineer init`") from error
    except ValidationError as error:
        raise BadSettings(f"{file}: {_first_fault(error)}") from error
    except UnicodeDecodeError as error:
        raise BadSettings(f"{file}: not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except SettingsError as error:
        raise BadSettings(f"environment: {error}; lists and tables are written as JSON there") from error
    except OSError as error:
        raise BadSettings(f"{file}: cannot be read ({error.strerror}); check its permissions") from error
    return Settings.model_construct(**dict(loaded))


def _first_fault(error: ValidationError) -> str:
    fault = error.errors()[0]
    field = ".".join(str(part) for part in fault["loc"])
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if fault["type"] == "extra_forbidden":
        return f"{field}: there is no such setting; `scrutineer check` and docs/reference/settings.md list them{more}"
    hidden = isinstance(fault["input"], dict) or any(word in field for word in ("secret", "password", "key"))
    shown = "" if hidden else f" (found {str(fault['input'])[:60]!r})"
    return f"{field}: {fault['msg']}{shown}{more}"
