"""The settings of single sign-on. Read, like all others, by `bot.settings` alone."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from bot.rights import Role


class OidcSettings(BaseModel):
    """Single sign-on with OpenID Connect. It needs the extra: `pip install 'scrutineer[oidc]'`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: Annotated[
        str, Field(max_length=300, description="The provider's issuer, exactly as it names itself. Empty turns it off.")
    ] = ""
    client_id: Annotated[str, Field(description="What the provider calls this desk.")] = ""
    client_secret: Annotated[SecretStr | None, Field(description="The secret it gave, if it gave one.")] = None
    name: Annotated[str, Field(max_length=60, description="What the button says.")] = "single sign-on"
    newcomers: Annotated[
        Literal["refused", "auditor"],
        Field(description="Somebody whom nobody invited is refused, or comes in as an auditor, who only reads."),
    ] = "refused"
    domains: Annotated[
        list[str], Field(description="Mail domains whose people may come; their address must be confirmed. Empty: all.")
    ] = []
    groups_claim: Annotated[str, Field(description="The claim that lists a person's groups.")] = "groups"
    roles: Annotated[
        list[str],
        Field(description="Which group gives which role, as `group = role`; the first that fits counts."),
    ] = []
    second_factor: Annotated[
        list[str],
        Field(description="Values of `amr` or `acr` that count as a second factor, for example mfa. Empty: none."),
    ] = []

    @property
    def issuer_address(self) -> str:
        """The issuer, as it must stand in every ID token."""
        return self.issuer.strip()

    def role_of_group(self) -> tuple[tuple[str, Role], ...]:
        """The groups that give a role, in order."""
        pairs = (one.rpartition("=") for one in self.roles)
        return tuple((group.strip(), Role(role.strip())) for group, _, role in pairs)

    @model_validator(mode="after")
    def _whole(self) -> OidcSettings:
        if not self.issuer:
            return self
        if not self.issuer.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
            raise ValueError("oidc.issuer: write it with https://, as the provider names itself")
        if not self.client_id:
            raise ValueError("oidc.client_id: write what the provider calls this desk")
        try:
            found = self.role_of_group()
        except ValueError as error:
            raise ValueError(f"oidc.roles: {error}; roles are {', '.join(Role)}") from error
        if any(not group for group, _ in found):
            raise ValueError("oidc.roles: write each as 'group = role'")
        return self
