"""What is said of roll-outs, once for the terminal, the page and Markdown."""


def duration(hours: float) -> str:
    """A time that a person can plan with: ``35 min``, ``3.6 h``, ``9.2 days``."""
    if hours < 1.5:
        return f"{60 * hours:.0f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:,.1f} days"
