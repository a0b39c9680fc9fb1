"""Which `crs:` property says what: the Camera Raw settings of Adobe's XMP, as tables.

Names and ranges: ExifTool's "XMP crs" tags (Lightroom 15) and the sidecars that Lightroom writes. What
MaskGroupBasedCorrections hold, their scales and the numbers of masks were measured by others on Adobe's own presets
and 12,338 sidecars: local exposure is EV / 4, every other local slider its value / 100; subject is mask 1, sky 2.
"""

from __future__ import annotations

from typing import NamedTuple

from ...develop.settings import HUES, Hue, Tone

PROCESS_VERSION = "11.0"
VERSION = "14.1"


class Field(NamedTuple):
    """A slider: our setting, Adobe's property, what Adobe's number is multiplied by to get ours, and its form."""

    setting: str
    name: str
    scale: float = 1.0
    form: str = "+.0f"
    low: float = -100.0
    high: float = 100.0


GLOBAL = (
    Field("exposure_ev", "Exposure2012", form="+.2f", low=-5, high=5),
    Field("contrast", "Contrast2012"),
    Field("highlights", "Highlights2012"),
    Field("shadows", "Shadows2012"),
    Field("whites", "Whites2012"),
    Field("blacks", "Blacks2012"),
    Field("temperature", "IncrementalTemperature"),
    Field("tint", "IncrementalTint"),
    Field("vibrance", "Vibrance"),
    Field("saturation", "Saturation"),
    Field("texture", "Texture"),
    Field("clarity", "Clarity2012"),
    Field("dehaze", "Dehaze"),
    Field("sharpening", "Sharpness", form=".0f", low=0, high=150),
    Field("sharpen_radius_px", "SharpenRadius", form="+.1f", low=0.5, high=3),
    Field("noise_reduction", "LuminanceSmoothing", form=".0f", low=0),
    Field("color_noise_reduction", "ColorNoiseReduction", form=".0f", low=0),
    Field("vignette", "PostCropVignetteAmount"),
    Field("vignette_midpoint", "PostCropVignetteMidpoint", form=".0f", low=0),
    Field("vignette_feather", "PostCropVignetteFeather", form=".0f", low=0),
    Field("grain", "GrainAmount", form=".0f", low=0),
    Field("grain_size", "GrainSize", form=".0f", low=0),
)

LOCAL = (
    Field("exposure_ev", "LocalExposure2012", 4.0, ".6f", -1, 1),
    Field("contrast", "LocalContrast2012", 100.0, ".6f", -1, 1),
    Field("highlights", "LocalHighlights2012", 100.0, ".6f", -1, 1),
    Field("shadows", "LocalShadows2012", 100.0, ".6f", -1, 1),
    Field("whites", "LocalWhites2012", 100.0, ".6f", -1, 1),
    Field("blacks", "LocalBlacks2012", 100.0, ".6f", -1, 1),
    Field("temperature", "LocalTemperature", 100.0, ".6f", -1, 1),
    Field("tint", "LocalTint", 100.0, ".6f", -1, 1),
    Field("saturation", "LocalSaturation", 100.0, ".6f", -1, 1),
    Field("texture", "LocalTexture", 100.0, ".6f", -1, 1),
    Field("clarity", "LocalClarity2012", 100.0, ".6f", -1, 1),
    Field("dehaze", "LocalDehaze", 100.0, ".6f", -1, 1),
    Field("sharpening", "LocalSharpness", 100.0, ".6f", 0, 1),
)


def mixer_names(hue: Hue) -> dict[str, str]:
    """Return the property of each part of a band of the colour mixer."""
    band = hue.capitalize()
    return {
        "hue": f"HueAdjustment{band}",
        "saturation": f"SaturationAdjustment{band}",
        "luminance": f"LuminanceAdjustment{band}",
    }


GRAY_MIXER: dict[Hue, str] = {hue: f"GrayMixer{hue.capitalize()}" for hue in HUES}

# Hue, saturation and luminance; two of the wheels keep the names of split toning, which colour grading grew from.
GRADING: dict[Tone, tuple[str, str, str]] = {
    "shadows": ("SplitToningShadowHue", "SplitToningShadowSaturation", "ColorGradeShadowLum"),
    "midtones": ("ColorGradeMidtoneHue", "ColorGradeMidtoneSat", "ColorGradeMidtoneLum"),
    "highlights": ("SplitToningHighlightHue", "SplitToningHighlightSaturation", "ColorGradeHighlightLum"),
    "whole": ("ColorGradeGlobalHue", "ColorGradeGlobalSat", "ColorGradeGlobalLum"),
}
CURVES = {
    "rgb": "ToneCurvePV2012",
    "red": "ToneCurvePV2012Red",
    "green": "ToneCurvePV2012Green",
    "blue": "ToneCurvePV2012Blue",
}
CROP = ("CropLeft", "CropTop", "CropRight", "CropBottom")
MASKS = "MaskGroupBasedCorrections"

# Masks that the developer finds by itself: (MaskSubType, MaskSubCategoryID), "" where there is none.
REGIONS = {("1", ""): "subject", ("2", ""): "sky", ("0", "22"): "background"}
PHRASES = {
    ("0", "50001"): "architecture",
    ("0", "50002"): "mountains",
    ("0", "50003"): "artificial ground",
    ("0", "50004"): "natural ground",
    ("0", "50005"): "vegetation",
    ("0", "50007"): "water",
    ("0", "50008"): "snow",
}

# Bookkeeping, the curves of process versions before 2012, and what belongs to Adobe's rendering.
SILENT = frozenset(
    {"AlreadyApplied", "CameraProfile", "CameraProfileDigest", "CompatibleVersion", "CropConstrainToUnitSquare"}
    | {"CropConstrainToWarp", "CropHeight", "CropUnits", "CropWidth", "GrainSeed", "HasCrop", "HasSettings"}
    | {"LensProfileSetup", "Name", "ProcessVersion", "RawFileName", "ToggleStyleDigest", "ToneCurveName"}
    | {"ToneCurve", "ToneCurveBlue", "ToneCurveGreen", "ToneCurveRed", "ToneCurveName2012", "UprightVersion", "Version"}
)
# What shapes another setting, and stands in most files with this value.
DEFAULTS = {
    "ColorGradeBlending": 50,
    "ColorNoiseReductionDetail": 50,
    "ColorNoiseReductionSmoothness": 50,
    "DefringeGreenHueHi": 60,
    "DefringeGreenHueLo": 40,
    "DefringePurpleHueHi": 70,
    "DefringePurpleHueLo": 30,
    "GrainFrequency": 50,
    "LensProfileChromaticAberrationScale": 100,
    "LensProfileDistortionScale": 100,
    "LensProfileVignettingScale": 100,
    "LuminanceNoiseReductionContrast": 0,
    "LuminanceNoiseReductionDetail": 50,
    "ParametricHighlightSplit": 75,
    "ParametricMidtoneSplit": 50,
    "ParametricShadowSplit": 25,
    "PerspectiveScale": 100,
    "PostCropVignetteStyle": 1,
    "SharpenDetail": 25,
    "VignetteMidpoint": 50,
}
