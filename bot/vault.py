"""Secrets at rest: encrypted in the database with a key that lives outside it. It never logs or prints one."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import delete
from sqlalchemy.orm import Session

from bot.errors import BadSettings
from bot.store.office_models import SecretRow


class Vault:
    """Puts secrets into the store and takes them out."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        """`keys`: newest first; all of them can open, the first one locks. Raises `BadSettings`."""
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise BadSettings(
                "secret_key: not a valid key (44 url-safe base64 characters); delete it to get a new one made"
            ) from error

    def put(self, session: Session, name: str, value: str, *, now: datetime) -> None:
        """Store a secret under a name, replacing an older one."""
        locked = self._fernet.encrypt(value.encode())
        row = session.get(SecretRow, name)
        if row is None:
            session.add(SecretRow(name=name, value=locked, updated_at=now))
        else:
            row.value, row.updated_at = locked, now

    def forget(self, session: Session, name: str) -> None:
        """Delete a secret, if it is there."""
        if (row := session.get(SecretRow, name)) is not None:
            session.delete(row)

    def get(self, session: Session, name: str) -> str | None:
        """The secret, or None. Raises `BadSettings` if it was locked with another key."""
        row = session.get(SecretRow, name)
        if row is None:
            return None
        try:
            return self._fernet.decrypt(row.value).decode()
        except InvalidToken as error:
            raise BadSettings(
                f"the secret {name!r} was encrypted with another key; restore secret.key, or run `scrutineer init`"
            ) from error

    def drop(self, session: Session, name: str) -> None:
        """Forget a secret, if there is one."""
        session.execute(delete(SecretRow).where(SecretRow.name == name))


def open_vault(secret_key: str | None, data_dir: Path) -> Vault:
    """The vault of this office; makes `secret.key` (readable by its owner only) at the first start."""
    if secret_key:
        return Vault(tuple(part.strip() for part in secret_key.split(",")))
    file = data_dir / "secret.key"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as out:
                out.write(Fernet.generate_key().decode())
        return Vault(tuple(line for line in file.read_text().split() if line))
    except OSError as error:
        raise BadSettings(f"{file}: {error.strerror}; make the data directory writable, or set data_dir") from error
