"""Progress that nobody sees."""


class Silent:
    """Takes what is said of progress, and does nothing."""

    def start(self, label: str, total: int) -> None:
        """Do nothing."""

    def advance(self, n: int) -> None:
        """Do nothing."""
