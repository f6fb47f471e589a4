"""The OpenAPI document of a service, as it is published: docs/schemas/canary-service.openapi.json."""

import json
from pathlib import Path
from typing import Any, cast

from ragguard.canary.service import app
from ragguard.canary.service.service import Judge, Service
from ragguard.canary.service.settings import Settings
from ragguard.store import write_atomically


def make() -> dict[str, Any]:
    """The document. It depends on no plan, so that no judge is needed: nothing is asked."""
    return app.document(app.api(Service(Settings(), cast("Judge", None))))


def write(path: Path) -> None:
    """Write it.

    Raises:
        CannotJudge: it cannot be written.
    """
    write_atomically(path, (json.dumps(make(), indent=2, ensure_ascii=False) + "\n").encode())
