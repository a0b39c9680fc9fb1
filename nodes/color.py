"""Nodes for the two groups of colour settings that would crowd Develop: the colour mixer and colour grading."""

from __future__ import annotations

from comfy_api.latest import io

from ..engine.develop.settings import HUES, TONES, Grade, Hue, HueShift, Tone
from .settings import check_range, slider
from .sockets import COLOR_GRADING, COLOR_MIXER

_AMOUNT = (-100.0, 100.0, 0.0, 1.0)
_SHIFTS = {
    "hue": "Turns {hue} towards its neighbours in the colour circle. -100 to 100.",
    "saturation": "Saturation of {hue}. -100 to 100.",
    "luminance": "Brightness of {hue}. -100 to 100.",
}
_WHEELS = {
    "hue": ((0.0, 360.0, 0.0, 1.0), "Hue given to the {tone}, in degrees: 0 red, 120 green, 240 blue."),
    "saturation": ((0.0, 100.0, 0.0, 1.0), "How strongly the {tone} take that hue, 0 to 100."),
    "luminance": (_AMOUNT, "Brightness of the {tone}. -100 to 100."),
}


class StillbytesColorMixer(io.ComfyNode):
    """Hue, saturation and luminance of eight named hues, for Develop."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesColorMixer",
            display_name="Colour Mixer (Stillbytes)",
            category="Stillbytes/develop",
            description="Changes single colours: deepen a blue sky, calm a green lawn. Connect it to Develop.",
            search_aliases=["hsl", "hue saturation luminance", "selective colour"],
            inputs=[
                slider(f"{hue}_{part}", f"{hue.capitalize()} {part}", _AMOUNT, tooltip=text.format(hue=hue + "s"))
                for part, text in _SHIFTS.items()
                for hue in HUES
            ],
            outputs=[COLOR_MIXER.Output("color_mixer", display_name="color_mixer")],
        )

    @classmethod
    def execute(cls, **values: float) -> io.NodeOutput:
        for name, value in values.items():
            check_range(name, value, *_AMOUNT[:2])
        mixer: dict[Hue, HueShift] = {
            hue: HueShift(*(values.get(f"{hue}_{part}", 0.0) for part in _SHIFTS)) for hue in HUES
        }
        return io.NodeOutput({hue: shift for hue, shift in mixer.items() if shift != HueShift()})


class StillbytesColorGrading(io.ComfyNode):
    """A hue, its strength and a brightness for each tonal range, for Develop."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="StillbytesColorGrading",
            display_name="Colour Grading (Stillbytes)",
            category="Stillbytes/develop",
            description="Tints shadows, midtones and highlights, each in its own hue. Connect it to Develop.",
            search_aliases=["split toning", "colour wheels", "teal and orange"],
            inputs=[
                slider(f"{tone}_{part}", f"{tone.capitalize()} {part}", bounds, tooltip=text.format(tone=_plural(tone)))
                for tone in TONES
                for part, (bounds, text) in _WHEELS.items()
            ],
            outputs=[COLOR_GRADING.Output("color_grading", display_name="color_grading")],
        )

    @classmethod
    def execute(cls, **values: float) -> io.NodeOutput:
        for name, value in values.items():
            check_range(name, value, *_WHEELS[name.rpartition("_")[2]][0][:2])
        grading: dict[Tone, Grade] = {
            tone: Grade(*(values.get(f"{tone}_{part}", 0.0) for part in _WHEELS)) for tone in TONES
        }
        return io.NodeOutput({tone: grade for tone, grade in grading.items() if grade != Grade()})


def _plural(tone: Tone) -> str:
    return "tones of the whole photo" if tone == "whole" else tone
