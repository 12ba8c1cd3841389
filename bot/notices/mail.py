"""Send a letter through a mail server. TLS is checked and never left out; no word of a stranger stands in a header."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from bot.errors import PlatformError, Refused, Unclear, Unreachable
from bot.notices.apart import apart
from bot.notices.values import Letter
from bot.notices.words import one_line
from bot.settings_notify import MailSettings

GRACE = 3.0  # a dialogue has several steps, each with its own time-out
LONGEST_ANSWER = 120  # characters of what a server said that are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailer:
    """Sends mail as the settings say. A letter has the same Message-ID however often it is tried."""

    settings: MailSettings

    async def send(self, letter: Letter) -> None:
        """Send it, once."""
        await apart(lambda: self._send(letter), seconds=self.settings.seconds * GRACE)

    def message(self, letter: Letter) -> EmailMessage:
        """The letter as a mail."""
        _, own = parseaddr(self.settings.sender)
        made = EmailMessage()
        made["From"] = self.settings.sender
        made["To"] = letter.address
        made["Subject"] = one_line(letter.subject)
        made["Date"] = format_datetime(letter.made_at)
        made["Message-ID"] = f"<{letter.name}@{own.rpartition('@')[2]}>"
        made["Auto-Submitted"] = "auto-generated"
        made.set_content(letter.text)
        return made

    def _send(self, letter: Letter) -> None:
        try:
            message = self.message(letter)
        except ValueError as error:  # a line break in an address, however it came there
            raise Refused("this is no mail address") from error
        try:
            server = self._connected()
        except (smtplib.SMTPException, OSError) as error:
            raise _meaning(error) from error
        try:
            self._speak(server, message, letter.address)
        except (smtplib.SMTPException, OSError) as error:
            raise _meaning(error) from error
        finally:
            server.close()

    def _speak(self, server: smtplib.SMTP, message: EmailMessage, to: str) -> None:
        if self.settings.security == "starttls":
            server.starttls(context=self._tls())  # raises if the server does not offer it: nothing goes in the clear
        if self.settings.user:
            password = self.settings.password
            server.login(self.settings.user, password.get_secret_value() if password else "")
        server.send_message(message, parseaddr(self.settings.sender)[1], [to])
        with suppress(smtplib.SMTPException, OSError):  # it is accepted: how we part does not matter
            server.quit()

    def _connected(self) -> smtplib.SMTP:
        one = self.settings
        own_name = parseaddr(one.sender)[1].rpartition("@")[2]
        if one.security == "tls":
            return smtplib.SMTP_SSL(one.host, one.port, own_name, timeout=one.seconds, context=self._tls())
        return smtplib.SMTP(one.host, one.port, own_name, timeout=one.seconds)

    def _tls(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self.settings.ca_file)
        except OSError as error:
            raise Refused("mail.ca_file cannot be read; an administrator should look") from error


def _meaning(error: Exception) -> PlatformError:
    """What a failure means for whoever waits for the mail."""
    match error:
        case ssl.SSLError():
            return Refused(
                "the mail server's certificate cannot be trusted; an administrator should look (mail.ca_file)"
            )
        case smtplib.SMTPNotSupportedError():
            return Refused("the mail server does not offer what the settings ask for (STARTTLS, sign-in or UTF-8)")
        case smtplib.SMTPAuthenticationError():
            return Refused("the mail server refuses our sign-in; an administrator should look")
        case smtplib.SMTPRecipientsRefused():
            code, words = next(iter(error.recipients.values()))
            return _answered(code, words, "this address")
        case smtplib.SMTPResponseException():
            return _answered(error.smtp_code, error.smtp_error, "the mail")
        case smtplib.SMTPServerDisconnected() | ConnectionResetError():
            return Unclear("the mail server ended the connection")
        case TimeoutError():
            return Unclear("the mail server does not answer in time")
    return Unreachable("the mail server cannot be reached")


def _answered(code: int, words: bytes | str, what: str) -> PlatformError:
    said = one_line(words.decode("utf-8", "replace") if isinstance(words, bytes) else words)[:LONGEST_ANSWER]
    if 400 <= code < 500:
        return Unreachable(f"the mail server does not take {what} now: {code} {said}")
    return Refused(f"the mail server refuses {what}: {code} {said}")
