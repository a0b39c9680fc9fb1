"""Makes `balloon.dng`, the RAW file that the first command of the README edits, from the photograph `picos.jpg`.

    python samples/make_sample.py            writes balloon.dng next to this script
    python samples/make_sample.py --check    tells whether the file that is there has the same bytes

A sensor sees scene light, and a JPEG shows it through a tone curve. The curve is undone, `balloon.py` draws the
subject, the exposure is set for the highlights, and `sensor.py` adds a camera's colour matrix, noise and rounding.
Needs NumPy and Pillow.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from balloon import Place, draw_balloon
from dng import DngSpec, Shot, write_dng
from numpy.typing import NDArray
from PIL import Image
from sensor import Noise, mosaic_from_image

HERE = Path(__file__).resolve().parent
PHOTOGRAPH = HERE / "picos.jpg"
SAMPLE = HERE / "balloon.dng"

SPEC = DngSpec(
    compression="lossless-jpeg",
    baseline_exposure_ev=0.35,
    shot=Shot(
        exposure_s=1 / 500,
        aperture=8.0,
        iso=100,
        focal_length_mm=28.0,
        lens="28mm f/2.8 (made up)",
        taken="2018:07:01 10:30:00",
        artist="Aitzol Berasategi (photograph), Stillbytes (balloon, sensor)",
        copyright="Aitzol Berasategi, 2018, CC BY 4.0; changed by Stillbytes: cropped, a balloon drawn in, made a RAW",
        description="Balloon in the Picos de Europa; a synthetic RAW, no camera made it",
    ),
)
BALLOON = Place(x=940, y=168, height=630, radius=280)
EXPOSURE = 0.8
SEED = 2018


def scene_light(encoded: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return linear sRGB scene light, (H, W, 3) float64, of an sRGB picture.

    The tone curve that is undone is (1 - exp(-2.75 x^1.3)) / 0.985 of luminance.
    """
    codes = np.arange(256) / 255
    shown = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)[encoded]
    luminance = np.maximum(0.2126 * shown[..., 0] + 0.7152 * shown[..., 1] + 0.0722 * shown[..., 2], 1e-6)
    light = (-np.log1p(-0.985 * luminance) / 2.75) ** (1 / 1.3)
    return shown * (light / luminance)[..., None]


def make_sample(path: Path) -> None:
    """Write the sample to `path`; the same bytes on every machine."""
    with Image.open(PHOTOGRAPH) as picture:
        encoded = np.asarray(picture.convert("RGB"))
    scene = draw_balloon(scene_light(encoded), BALLOON)
    mosaic = mosaic_from_image(EXPOSURE * scene, SPEC, Noise.at_iso(SPEC.shot.iso), SEED)
    write_dng(path, mosaic, SPEC)


def main() -> int:
    if sys.argv[1:] != ["--check"]:
        make_sample(SAMPLE)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / SAMPLE.name
        make_sample(made)
        same = made.read_bytes() == SAMPLE.read_bytes()
    sys.stdout.write(f"{SAMPLE.name}: {'the same bytes' if same else 'different bytes'}\n")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
