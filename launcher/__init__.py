"""The doors without a canvas: the command line, the environments, ComfyUI as a child process and its HTTP client.

Nothing here needs more than Python itself until a command asks for the engine: `python launcher --help` works on a
bare Python. Modules of this package import the engine inside the functions that use it, except for `engine.errors`.
"""
