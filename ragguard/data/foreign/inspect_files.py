"""Inspect AI's log files: ``.eval``, a zip of JSON (stored, deflated or in Zstandard), and ``.json``."""

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ragguard.data.foreign.named import mapping
from ragguard.data.foreign.reading import content, document
from ragguard.errors import InputError, MissingExtra, Problem
from ragguard.plan.source import display

_ZSTANDARD, _LOCAL_HEADER = 93, 30
_HEADER, _START, _SAMPLES = "header.json", "_journal/start.json", "samples/"


@dataclass(frozen=True)
class Log:
    """A log: its header without samples, and the samples with their places."""

    path: Path
    header: Mapping[str, Any]
    samples: list[tuple[str, Mapping[str, Any]]]

    @property
    def spec(self) -> Mapping[str, Any]:
        """What was evaluated, and how."""
        return mapping(self.header.get("eval"))

    @property
    def task(self) -> str:
        """The task's name."""
        return str(self.spec.get("task") or "")


def logs(folder: Path) -> list[Path]:
    """The logs in a folder."""
    return sorted([*folder.glob("*.eval"), *(path for path in folder.glob("*.json") if _begins_as_one(path))])


def _begins_as_one(path: Path) -> bool:
    with path.open("rb") as stream:
        return b'"eval"' in stream.read(4096)


def opened(path: Path) -> Log:
    """Open a log. Raises InputError where it is none, or torn; MissingExtra where nothing here unpacks it."""
    if zipfile.is_zipfile(path):
        return _packed(path)
    whole = document(content(path), display(path))
    if not isinstance(whole, dict) or "eval" not in whole:
        raise InputError(Problem(display(path), "is no log of Inspect AI", "give a .eval or .json log, or name the tool with --format"))
    samples = [(f"{display(path)} samples[{n}]", mapping(each)) for n, each in enumerate(whole.get("samples") or [])]
    return Log(path, {key: value for key, value in whole.items() if key != "samples"}, samples)


def _packed(path: Path) -> Log:
    shown = display(path)
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as raw:
            members = {member.filename: member for member in archive.infolist()}
            head = members.get(_HEADER) or members.get(_START)
            if head is None:
                raise InputError(Problem(shown, f"is a zip without {_HEADER}, and so no log of Inspect AI", "give a .eval log"))
            header = mapping(document(_unpacked(raw, head, shown), f"{shown} {head.filename}"))
            samples = [
                (f"{shown} {name}", mapping(document(_unpacked(raw, member, shown), f"{shown} {name}")))
                for name, member in members.items()
                if name.startswith(_SAMPLES) and name.endswith(".json")
            ]
    except (zipfile.BadZipFile, zlib.error) as error:
        raise InputError(Problem(shown, f"is not a whole log ({error})", "was it cut off? let Inspect write it again")) from error
    # A log whose run was killed has no header: only what it began with.
    return Log(path, header if _HEADER in members else {**header, "status": "started"}, samples)


def _unpacked(raw: IO[bytes], member: zipfile.ZipInfo, shown: str) -> bytes:
    """The bytes of a member; Python's own zipfile does not know Zstandard before 3.14."""
    raw.seek(member.header_offset)
    local = raw.read(_LOCAL_HEADER)
    raw.seek(int.from_bytes(local[26:28], "little") + int.from_bytes(local[28:30], "little"), 1)
    packed = raw.read(member.compress_size)
    made = _expanded(packed, member, shown)
    if zlib.crc32(made) != member.CRC:
        raise InputError(Problem(f"{shown} {member.filename}", "is damaged: its checksum differs", "let Inspect write the log again"))
    return made


def _expanded(packed: bytes, member: zipfile.ZipInfo, shown: str) -> bytes:
    if member.compress_type == zipfile.ZIP_STORED:
        return packed
    if member.compress_type == zipfile.ZIP_DEFLATED:
        return zlib.decompress(packed, -zlib.MAX_WBITS)
    if member.compress_type != _ZSTANDARD:
        raise InputError(Problem(shown, f"is packed in a way that is not known here ({member.compress_type})", "write it as .json"))
    try:
        import cramjam
    except ModuleNotFoundError:
        raise MissingExtra("models", f"reading {shown}, which is packed in Zstandard,") from None
    try:
        return bytes(cramjam.zstd.decompress(packed))
    except cramjam.DecompressionError as error:
        raise InputError(Problem(f"{shown} {member.filename}", f"is damaged: {error}", "let Inspect write the log again")) from error
