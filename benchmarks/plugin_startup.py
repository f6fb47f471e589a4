"""What the plugin adds to ``pytest --co`` of a project that has nothing to do with it: ``python benchmarks/plugin_startup.py``.

The plugin is found by an entry point, as pip would write it, and pytest runs with it and without it (``-p no:ragguard``) in turn, in
processes of their own. Processor seconds are user and system; the median of the pairs' differences is what the plugin adds.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPEATS = 15
WITH, WITHOUT = (), ("-p", "no:ragguard")


def project(folder: Path) -> None:
    """Write ten files of ten tests, and the entry point."""
    for number in range(10):
        tests = "".join(f"def test_{each}(): pass\n\n\n" for each in range(10))
        (folder / f"test_{number}.py").write_text(tests)
    about = folder / "site" / "ragguard_entry-0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: ragguard-entry\nVersion: 0\n")
    (about / "entry_points.txt").write_text("[pytest11]\nragguard = ragguard.pytest_plugin\n")


def once(folder: Path, arguments: tuple[str, ...]) -> tuple[float, float]:
    """Collect in a process of its own; return its processor and wall-clock seconds."""
    environment = {**os.environ, "PYTHONPATH": f"{folder / 'site'}:{ROOT}"}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    call = [sys.executable, "-m", "pytest", "--co", "-q", "-p", "no:cacheprovider", *arguments]
    subprocess.run(call, cwd=folder, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.perf_counter() - began


def main() -> int:
    """Print both medians, what is between them, and their ratio."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        project(folder)
        once(folder, WITH)
        pairs = [(once(folder, WITH), once(folder, WITHOUT)) for _ in range(REPEATS)]
    print(f"{'pytest --co, 100 tests':<24} {'with':>8} {'without':>8} {'adds':>9} {'ratio':>6}   (medians of {REPEATS} pairs)")
    for place, name in enumerate(("processor", "wall clock")):
        on, off = ([pair[side][place] for pair in pairs] for side in (0, 1))
        added = statistics.median(a - b for a, b in zip(on, off, strict=True))
        ratio = statistics.median(a / b for a, b in zip(on, off, strict=True))
        print(f"{name:<24} {statistics.median(on):>7.3f}s {statistics.median(off):>7.3f}s {1000 * added:>6.1f} ms {ratio:>6.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
