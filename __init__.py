"""Stillbytes: a RAW photo editor's AI as ComfyUI nodes. This file is ComfyUI's door and imports nothing by itself."""

WEB_DIRECTORY = "web"


async def comfy_entrypoint():  # noqa: ANN201 - the return type would need an import
    """Return the extension that ComfyUI asks for when it loads this folder."""
    from .nodes import StillbytesExtension

    return StillbytesExtension()
