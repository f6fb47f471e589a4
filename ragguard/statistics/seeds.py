"""Random numbers that follow from what they are for, and from nothing else."""

import hashlib

import numpy as np


def keyed(*parts: str | bytes) -> np.random.Generator:
    """Return a generator of random numbers that are the same for the same parts: Philox, keyed by their SHA-256."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest.digest()[:16], "big")))
