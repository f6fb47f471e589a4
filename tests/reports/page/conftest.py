"""Makes the report beside it importable by the tests of whole runs too."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
