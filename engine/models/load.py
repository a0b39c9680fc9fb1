"""Reading weight files that others made. No code in them runs, and a file that will not do is one clear sentence."""

from __future__ import annotations

import json
import pickle
import re
import struct
import warnings
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from ..errors import ModelMissingError, ModelReadError
from .packages import how_to_install, package, torch

_SAFE_TORCH = (2, 6)
_CONFIG_LIMIT_BYTES = 4 << 20
_HEADER_LIMIT_BYTES = 100 << 20
_PICKLE_ERRORS = (RuntimeError, OSError, EOFError, LookupError, ValueError, TypeError, AttributeError, struct.error)
_SAY_AGAIN = "Download it again, or choose another file."
_TAKE_SAFETENSORS = "Take the .safetensors file of this model."


def read_weights(path: Path) -> dict[str, Any]:
    """Return the tensors in the file `path` by name, on the CPU, as they are stored.

    The format is told from the content: safetensors, or what torch.save wrote; of the latter the dictionary of tensors
    is taken, which may lie under "model" or "state_dict". Files are mapped into memory where the format allows it.
    Raises ModelMissingError if there is no such file, ModelReadError if it is broken or would run code.
    """
    if not path.is_file():
        raise ModelMissingError(f"There is no model file {path}.")
    with path.open("rb") as file:
        head = file.read(64)
    if head[:2] == b"PK" or head[:1] == b"\x80":
        return _tensors(path, _read_torch(path))
    if _is_safetensors(head):
        return _read_safetensors(path)
    raise ModelReadError(f"{path.name}: expected a weight file, found {_what(head)}.", _SAY_AGAIN)


def _is_safetensors(head: bytes) -> bool:
    """True if `head` begins with the length of a JSON header and its brace (safetensors' README, "Format")."""
    return len(head) > 8 and 0 < int.from_bytes(head[:8], "little") < _HEADER_LIMIT_BYTES and head[8:9] == b"{"


def _what(head: bytes) -> str:
    if not head:
        return "an empty file"
    if head.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer, which only names the real file"
    if head.lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        return "a web page"
    return "something else"


def _read_safetensors(path: Path) -> dict[str, Any]:
    load = package("safetensors.torch").load_file
    broken = package("safetensors").SafetensorError
    try:
        return cast("dict[str, Any]", load(path, device="cpu"))
    except (broken, OSError, ValueError) as error:
        raise ModelReadError(f"{path.name}: the file is damaged or cut off ({error}).", _SAY_AGAIN) from error


def _read_torch(path: Path) -> object:
    version = tuple(int(part) for part in re.findall(r"\d+", torch().__version__)[:2])
    if version < _SAFE_TORCH:  # CVE-2025-32434: weights_only did not hold before
        raise ModelReadError(
            f"{path.name}: files of this kind are only read with PyTorch 2.6 or newer, found {torch().__version__}.",
            _TAKE_SAFETENSORS,
        )
    with path.open("rb") as file:
        zipped = file.read(2) == b"PK"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a file lacks is said in the errors below
            return torch().load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except pickle.UnpicklingError as error:
        found = re.search(r"GLOBAL ([\w.]+)", str(error))
        named = f" ({found[1]})" if found else ""
        raise ModelReadError(
            f"{path.name}: it holds more than weights{named} and could run code, so it was not read.", _TAKE_SAFETENSORS
        ) from error
    except _PICKLE_ERRORS as error:
        if "TorchScript" in str(error):
            raise ModelReadError(
                f"{path.name}: it is a program (TorchScript), not weights, so it was not read.", _TAKE_SAFETENSORS
            ) from error
        raise ModelReadError(f"{path.name}: the file is damaged, cut off or no weight file.", _SAY_AGAIN) from error


def _tensors(path: Path, content: object) -> dict[str, Any]:
    for key in ("model", "state_dict"):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    named: Mapping[Any, Any] = cast("Mapping[Any, Any]", content) if isinstance(content, Mapping) else {}
    tensors = {str(key): value for key, value in named.items() if isinstance(value, torch().Tensor)}
    if not tensors:
        raise ModelReadError(f"{path.name}: expected named tensors, found none.", _SAY_AGAIN)
    return tensors


def read_config(folder: Path) -> dict[str, Any]:
    """Return the config.json of a model folder in transformers' layout.

    Raises ModelMissingError if there is none, ModelReadError if it is no JSON object of a sensible size.
    """
    path = folder / "config.json"
    if not path.is_file():
        raise ModelMissingError(
            f"The model folder {folder} has no config.json.", "Copy all files of the model, not only its weights."
        )
    try:
        if path.stat().st_size > _CONFIG_LIMIT_BYTES:
            raise ValueError("it is too large")
        config = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(config, dict):
            raise ValueError("it is no JSON object")
    except (ValueError, OSError) as error:
        raise ModelReadError(f"{folder.name}/config.json: expected a model's settings: {error}.", _SAY_AGAIN) from error
    return cast("dict[str, Any]", config)


def load_folder(folder: Path, architecture: str) -> Any:
    """Return transformers' model `architecture` with the weights in `folder`, float32, in eval mode, on the CPU.

    Nothing is fetched and no code in the folder runs. Raises ModelMissingError if the folder or a package lacks
    something, ModelReadError if the weights are broken or are not those of this architecture.
    """
    read_config(folder)
    files = _weight_files(folder)
    for file in files:
        read_weights(file)  # mapped, so this costs little, and its sentences are better than those of transformers
    safe = files[0].suffix == ".safetensors"
    return _load(folder.name, architecture, folder, {"local_files_only": True, "use_safetensors": safe})


def build(name: str, architecture: str, config: Any, weights: Mapping[str, Any]) -> Any:
    """Return transformers' model `architecture` of `config` with `weights`, float32, in eval mode, on the CPU.

    name: the file that they come from, for messages. Raises ModelReadError if a weight is missing or misshapen.
    """
    return _load(name, architecture, None, {"config": config, "state_dict": dict(weights)})


def _load(name: str, architecture: str, folder: Path | None, options: Mapping[str, Any]) -> Any:
    known = getattr(package("transformers"), architecture, None)
    if known is None:
        raise ModelMissingError(
            f"{name}: this version of transformers has no {architecture}.", "Update transformers to version 5 or newer."
        )
    damaged = package("safetensors").SafetensorError
    try:
        with _quiet():
            net, report = known.from_pretrained(
                folder, dtype=torch().float32, output_loading_info=True, ignore_mismatched_sizes=True, **options
            )
    except ImportError as error:
        lacking = re.search(r"requires the (\w+) library", str(error))
        raise ModelMissingError(
            f"{name}: {architecture} needs a Python package that is not installed ({_first_line(error)}).",
            how_to_install(lacking[1]) if lacking else "",
        ) from error
    except (RuntimeError, ValueError, OSError, TypeError, LookupError, AttributeError, damaged) as error:
        raise ModelReadError(f"{name}: it does not load as {architecture}: {_first_line(error)}") from error
    check_complete(name, architecture, report["missing_keys"])
    for key, found, wanted in report["mismatched_keys"]:
        raise ModelReadError(
            f"{name}: {architecture} wants {key} of {tuple(wanted)}, found {tuple(found)}.", "Is it another model?"
        )
    return net.eval().requires_grad_(False)


@contextmanager
def _quiet() -> Generator[None]:
    """Keep transformers' bars and tables off the terminal: what they say becomes an error here."""
    logging = package("transformers").utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def check_complete(name: str, architecture: str, missing: Iterable[str]) -> None:
    """Raise ModelReadError if `missing` names any weight."""
    if absent := sorted(missing):
        raise ModelReadError(
            f"{name}: expected the weights of {architecture}, but {len(absent)} are missing, such as {absent[0]}.",
            "Is it another model, or a part of one?",
        )


def _weight_files(folder: Path) -> list[Path]:
    """Return the folder's weight files. Raises ModelMissingError if there is none."""
    files = sorted([*folder.glob("model*.safetensors")] or [*folder.glob("pytorch_model*.bin")])
    if not files:
        raise ModelMissingError(
            f"The model folder {folder} has no weights.", "Copy its model.safetensors there as well."
        )
    return files


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
