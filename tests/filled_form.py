"""What a browser would send from a page: every field of one form as it stands. It holds no assertion."""

from __future__ import annotations

from html.parser import HTMLParser


class FilledForm(HTMLParser):
    """The fields of the form with this id, in their order; names may come twice."""

    def __init__(self, page: str, form_id: str = "entry") -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self._wanted = form_id
        self._inside = False
        self._area: str | None = None
        self._words = ""
        self._select = ""
        self._first: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A field begins."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = given.get("id") == self._wanted
        if not self._inside:
            return
        if tag == "input" and given.get("name"):
            if given.get("type") != "checkbox" or "checked" in given:
                self.fields.append((given["name"], given.get("value", "")))
        elif tag == "textarea":
            self._area, self._words = given["name"], ""
        elif tag == "select":
            self._select, self._first = given["name"], None
        elif tag == "option" and self._select and (self._first is None or "selected" in given):
            self._first = given.get("value", "")

    def handle_data(self, data: str) -> None:
        """The words of a text area."""
        self._words += data

    def handle_endtag(self, tag: str) -> None:
        """A field ends. The line break that opens a text area does not count."""
        if tag == "textarea" and self._area is not None:
            self.fields.append((self._area, self._words.removeprefix("\n")))
            self._area = None
        elif tag == "select" and self._select:
            self.fields.append((self._select, self._first or ""))
            self._select = ""
        elif tag == "form":
            self._inside = False


def sent(page: str, /, do: str, **changed: str | list[str]) -> dict[str, list[str]]:
    """The form of this page with some fields changed ('__' stands for '.'), and one button pressed."""
    found: dict[str, list[str]] = {}
    for name, value in FilledForm(page).fields:
        found.setdefault(name, []).append(value)
    for name, value in changed.items():
        found[name.replace("__", ".")] = [value] if isinstance(value, str) else value
    return found | {"do": [do]}
