"""Texts as a database takes them."""


def clean(text: str) -> str:
    """A text without what UTF-8 or PostgreSQL cannot carry, which messages of strangers may hold."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
