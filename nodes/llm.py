"""Nodes for language models: which one, and what it sees in a photo."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import comfy.model_management as memory
import folder_paths
from comfy_api.latest import io, ui

from ..engine.errors import ModelMissingError
from ..engine.plan.llm.settings import ALL_LAYERS, KvCache, ModelSettings
from . import convert
from .files import fingerprint
from .sockets import LLM, PHOTO
from .work import Work, work

if TYPE_CHECKING:
    from ..engine.plan.llm.model import Listener

SERVER = "server"
_NONE = "none"
_FOLDERS = ("llm", "LLM")
_TEXT_EVERY_S = 0.2
_TEXT_TAIL = 600
_CHARACTERS_PER_TOKEN = 3
_DEFAULTS = ModelSettings("")


def register_folders() -> None:
    """Make ComfyUI look for GGUF files in models/llm, and wherever its extra paths say."""
    paths = [str(Path(folder_paths.models_dir) / name) for name in _FOLDERS]
    known, suffixes = folder_paths.folder_names_and_paths.get("llm", ([], set()))
    merged = [*known, *(path for path in paths if path not in known)]
    folder_paths.folder_names_and_paths["llm"] = (merged, {*suffixes, ".gguf"})


def listener_of(job: Work, share: tuple[float, float], node: str, max_tokens: int) -> Listener:
    """Return what shows an answer on the node while it is written, moves the progress bar and notices a stop."""
    from ..engine.plan.llm.model import Listener

    tell = job.part(0, share)
    written, told = [0], [0.0]

    def on_wait() -> None:
        tell(min(written[0], max_tokens), max_tokens)

    def on_text(text: str) -> None:
        written[0] = len(text) // _CHARACTERS_PER_TOKEN
        if time.monotonic() - told[0] >= _TEXT_EVERY_S:
            told[0] = time.monotonic()
            on_wait()
            from server import PromptServer  # ComfyUI has loaded it by then, and all its models' code with it

            PromptServer.instance.send_progress_text(text[-_TEXT_TAIL:], node)

    return Listener(on_text, on_wait)


def llm_input(optional: bool) -> io.Input:
    """Return the input `llm`."""
    return LLM.Input("llm", display_name="LLM", optional=optional, tooltip="From Load LLM.")


class StillbytesLoadLLM(io.ComfyNode):
    """A language model: a GGUF file or a server."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        register_folders()
        files = folder_paths.get_filename_list("llm")
        eyes = [name for name in files if "mmproj" in name.lower()]
        return io.Schema(
            node_id="StillbytesLoadLLM",
            display_name="Load LLM (Stillbytes)",
            category="Stillbytes/plan",
            description="Chooses the language model that plans edits: a GGUF file in models/llm, or a running server. "
            "A file is loaded in a process of its own when it is first asked.",
            search_aliases=["language model", "gguf", "llama.cpp", "ollama", "lm studio"],
            inputs=[
                *_source_inputs([name for name in files if name not in eyes], eyes),
                *_loading_inputs(),
            ],
            outputs=[LLM.Output("llm", display_name="llm")],
        )

    @classmethod
    def fingerprint_inputs(cls, model: str | None, vision: str | None = _NONE, **_: Any) -> str:
        files = [
            folder_paths.get_full_path("llm", name) for name in (model, vision) if name not in (None, SERVER, _NONE)
        ]
        return " ".join(fingerprint(Path(path)) for path in files if path)

    @classmethod
    def execute(
        cls,
        model: str,
        server: str = "",
        server_model: str = "",
        show_photo: bool = False,
        vision: str = _NONE,
        **loading: Any,
    ) -> io.NodeOutput:
        from ..engine.plan.llm.model import LanguageModel

        if model == SERVER:
            address = server if "://" in server else f"http://{server}"
            settings = ModelSettings(address, sees=show_photo, name=server_model.strip(), **loading)
        else:
            eyes = None if vision == _NONE else _file(vision)
            settings = ModelSettings(str(_file(model)), vision=eyes, **loading)
        return io.NodeOutput(LanguageModel(settings, make_room))


class StillbytesDescribePhoto(io.ComfyNode):
    """A photo to a caption and keywords."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesDescribePhoto",
            display_name="Describe Photo (Stillbytes)",
            category="Stillbytes/plan",
            description="Asks a language model for a caption and keywords. One that cannot see has only figures, "
            "the sky and the subject found, and the camera's data to go by.",
            search_aliases=["caption", "keywords", "tag photo"],
            is_output_node=True,
            inputs=[
                io.MultiType.Input("photo", types=[PHOTO, io.Image], display_name="Photo", tooltip="Photos or images."),
                llm_input(optional=False),
                seed_input(),
            ],
            outputs=[
                io.String.Output("caption", display_name="caption", tooltip="One line per photo."),
                io.String.Output("keywords", display_name="keywords", tooltip="With commas, one line per photo."),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def execute(cls, photo: Any, llm: Any, seed: int = 0) -> io.NodeOutput:
        photos = convert.photos_of(photo)
        with work(len(photos)) as job, llm.session():
            from ..engine.plan.llm.caption import describe_photo
            from ..engine.plan.llm.settings import AskSettings

            settings = AskSettings(seed=seed, max_tokens=512)
            told = []
            for number, one in enumerate(photos):
                share = (float(number), number + 1.0)
                listener = listener_of(job, share, cls.hidden.unique_id, settings.max_tokens)
                told.append(describe_photo(one, llm, settings, listener))
        captions = "\n".join(one.caption for one in told)
        keywords = "\n".join(", ".join(one.keywords) for one in told)
        blind = "" if llm.sees else "\nThe model did not see the photo; it had figures and camera data only."
        return io.NodeOutput(captions, keywords, ui=ui.PreviewText(f"{captions}\n{keywords}{blind}"))


def make_room(size_bytes: int) -> None:
    """Have ComfyUI's memory manager free so much of the card for a process beside it."""
    device = memory.get_torch_device()
    if device.type == "cuda":
        memory.free_memory(size_bytes, device)
        memory.soft_empty_cache()


def seed_input() -> io.Input:
    """Return the input `seed`, which gives another answer to the same question."""
    return io.Int.Input(
        "seed",
        display_name="Seed",
        optional=True,
        default=0,
        min=0,
        max=2**31 - 1,
        advanced=True,
        control_after_generate=False,
        tooltip="Another number gives another answer to the same question.",
    )


def _file(name: str) -> Path:
    path = folder_paths.get_full_path("llm", name)
    if path is None:
        raise ModelMissingError(f"There is no file {name!r} in models/llm.", "Put a GGUF file there, then reload.")
    return Path(path)


def _source_inputs(files: Sequence[str], eyes: Sequence[str]) -> list[io.Input]:
    return [
        io.Combo.Input(
            "model",
            options=[*files, SERVER],
            display_name="Model",
            tooltip="A GGUF file in models/llm, or a server that is running already.",
        ),
        io.String.Input(
            "server",
            display_name="Server",
            optional=True,
            default="http://127.0.0.1:11434",
            tooltip="Address of llama-server, Ollama, LM Studio or another OpenAI-compatible server; used with Model "
            "set to server. On another computer it gets the words, and the photo if Show photo is on.",
        ),
        io.String.Input(
            "server_model",
            display_name="Server's model",
            optional=True,
            default="",
            tooltip="The server's name for the model; empty takes its first.",
        ),
        io.Boolean.Input(
            "show_photo",
            display_name="Show photo",
            optional=True,
            default=False,
            tooltip="For a server whose model can see: send a small preview (512 px) along.",
        ),
        io.Combo.Input(
            "vision",
            options=[_NONE, *eyes],
            display_name="Vision file",
            optional=True,
            default=_NONE,
            tooltip="The mmproj file with which a GGUF model sees; none where it cannot.",
        ),
    ]


def _loading_inputs() -> list[io.Input]:
    return [
        io.Boolean.Input(
            "keep_loaded",
            display_name="Keep loaded",
            optional=True,
            default=_DEFAULTS.keep_loaded,
            tooltip="Off: the process ends after each use and its memory is free for image models. On: faster answers.",
        ),
        io.Int.Input(
            "context_tokens",
            display_name="Context (tokens)",
            optional=True,
            default=_DEFAULTS.context_tokens,
            min=4096,
            max=131072,
            step=1024,
            advanced=True,
            tooltip="How much the model can read and write at once. Planning needs 6,000.",
        ),
        io.Int.Input(
            "gpu_layers",
            display_name="GPU layers",
            optional=True,
            default=ALL_LAYERS,
            min=ALL_LAYERS,
            max=999,
            advanced=True,
            tooltip="Layers of a file on the card: -1 as many as fit, 0 none.",
        ),
        io.Combo.Input(
            "kv_cache",
            options=list(get_args(KvCache)),
            display_name="Context memory",
            optional=True,
            default=_DEFAULTS.kv_cache,
            advanced=True,
            tooltip="Number format of the context; q8_0 takes half of f16, q4_0 a quarter.",
        ),
        io.Boolean.Input(
            "flash_attention",
            display_name="Flash attention",
            optional=True,
            default=_DEFAULTS.flash_attention,
            advanced=True,
            tooltip="Faster and smaller; always on with q8_0 and q4_0.",
        ),
    ]
