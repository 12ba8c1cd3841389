"""The settings of mail and notifications. Shapes and their rules only; `settings.py` reads them."""

from __future__ import annotations

from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import getaddresses
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from bot.outgoing_guard import networks

OWN_MACHINE = ("localhost", "127.0.0.1", "::1")


class MailSettings(BaseModel):
    """The mail server through which the office writes to its own people. Without a host no mail is sent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: Annotated[str, Field(description="Name of the mail server; empty turns mail off.")] = ""
    port: Annotated[int, Field(ge=1, le=65535, description="Its port: 587 for starttls, 465 for tls.")] = 587
    security: Annotated[
        Literal["starttls", "tls", "none"],
        Field(description="How the connection is protected; none only with a server on this machine."),
    ] = "starttls"
    user: Annotated[str, Field(description="Name to sign in with, if the server wants one.")] = ""
    password: Annotated[SecretStr | None, Field(description="Its password; better in the variable.")] = None
    sender: Annotated[str, Field(description="What stands under From, for example `Desk <desk@example.org>`.")] = ""
    ca_file: Annotated[
        Path | None, Field(description="Certificates (PEM) to trust instead of the system's, for a server of your own.")
    ] = None
    seconds: Annotated[float, Field(ge=1, le=120, description="Seconds after which the server does not answer.")] = 20.0

    @field_validator("sender")
    @classmethod
    def _one_address(cls, value: str) -> str:
        found = getaddresses([value])
        try:
            sound = not value or (len(found) == 1 and "@" in found[0][1] and bool(Address(addr_spec=found[0][1])))
        except (HeaderParseError, ValueError, IndexError):
            sound = False
        if not sound or not value.isprintable():
            raise ValueError("write one mail address, for example Desk <desk@example.org>")
        return value

    @model_validator(mode="after")
    def _whole(self) -> MailSettings:
        if self.host and not self.sender:
            raise ValueError("mail.sender: say under which address the office writes")
        if self.security == "none" and self.host and self.host not in OWN_MACHINE:
            raise ValueError("mail.security: none is for a server on this machine; use starttls or tls")
        return self


class NotifySettings(BaseModel):
    """What notifications may reach besides mail."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    private_networks: Annotated[
        list[str], Field(description="Private networks that webhooks may lead into, for example 10.1.0.0/16.")
    ] = []
    chat_hosts: Annotated[
        list[str], Field(description="Chat servers of your own (Matrix, Mattermost …) that chat addresses may name.")
    ] = []

    @field_validator("private_networks")
    @classmethod
    def _networks(cls, value: list[str]) -> list[str]:
        networks(value)
        return value
