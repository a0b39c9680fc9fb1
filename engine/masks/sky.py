"""The sky, found without a model.

A small copy of the photo is labelled by alternating between what sky and ground look like (colour histograms, a smooth
light, paths without sharp steps) and which neighbours agree, from two starts: a sky that is bright, and one that need
not be. The better one, if it looks like a sky at all, is labelled again on the proxy, where twigs and wires show.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..opencv import cv2
from ..tiles import for_each
from .fields import Field, Palette, coupling, parts, resize, settle_, sigmoid, small_shape, sums, widen
from .lab import to_lab
from .mask import Selection
from .sky_judge import Verdict, judge
from .sky_light import Gradient, below_horizon, fit_gradient, reach_odds, weighted_median
from .sky_scene import Scene

_SIDE = 320
_ROUNDS, _LAST_ROUNDS = 5, 4
_CELLS = 1.5
"""What the network says of a place, beside what its height, smoothness and colour say."""
_FAR_OFF = 0.015
"""Where less than this of the blurred candidate is left, nothing is sky."""
_ENGINE = "built-in"


class _Candidate(NamedTuple):
    p: Field
    sky: NDArray[np.bool_]
    gradient: Gradient | None
    verdict: Verdict


def find_sky(proxy: NDArray[np.float32]) -> Selection:
    """Return the sky in `proxy`, display-encoded sRGB float32 (h, w, 3) in [0, 1], longer side about 1024 px.

    No sky is a normal result: alpha is all 0 and `reason` says what spoke against it.
    Raises ModelMissingError without OpenCV.
    """
    best = _best(proxy)
    verdict = best.verdict
    if not verdict.sky:
        why = verdict.con or "nothing at the top edge looks like one"
        return Selection(
            np.zeros(proxy.shape[:2], np.float32), verdict.confidence, _ENGINE, f"There is no sky in this photo: {why}."
        )
    alpha = _at_full_size(proxy, best)
    return Selection(alpha, verdict.confidence, _ENGINE, f"Found by its look: {verdict.pro or 'it fills the top'}.")


def outline_sky(proxy: NDArray[np.float32]) -> Field:
    """Return the soft mask of what looks most like a sky in `proxy`, whether or not that is enough to be one."""
    return _at_full_size(proxy, _best(proxy))


def _best(proxy: NDArray[np.float32]) -> _Candidate:
    scene = Scene.of(resize(proxy, small_shape(proxy.shape, _SIDE)))
    return max(_candidates(scene), key=lambda candidate: candidate.verdict.points)


def _candidates(scene: Scene) -> list[_Candidate]:
    """Return the sky under each assumption about its brightness, labelled in the engine's threads."""
    found: dict[float, _Candidate] = {}

    def label(brightness: float) -> None:
        found[brightness] = _label(scene, brightness)

    for_each(label, [3.0, 0.0])
    return [found[brightness] for brightness in (3.0, 0.0)]


def _label(scene: Scene, brightness: float) -> _Candidate:
    """Return the sky if its brightness, against the rest of the photo, counts `brightness` log-odds."""
    where = scene.place + _CELLS * scene.cells
    odds = (where + scene.smooth + scene.color + brightness * (scene.rank - 0.5)).astype(np.float32)
    p = sigmoid(odds)
    settle_(p, odds, scene.couplings, 1.0, 5)
    palette, ground = Palette(scene.lab), np.maximum(np.maximum(sigmoid(-2 * scene.smooth), scene.y**2), scene.green)
    fixed = 0.5 * (where + np.clip(scene.smooth, -1.5, 1.0) + scene.color)
    gradient: Gradient | None = None
    for turn in range(_ROUNDS):
        weights, odds = p * np.clip(1.2 - scene.y, 0, 1), fixed
        if turn > 0:
            sky = _one_light(_from_top(p), scene)
            weights = weights * np.where(sky, np.float32(1), np.float32(0.1))
            if turn == 2 and (below := below_horizon(scene, sky)) is not None:
                fixed, p[below] = fixed - 5 * below, 0.02
                odds, weights = fixed, weights * ~below
            odds = odds + reach_odds(scene, sky)
            if (gradient := fit_gradient(scene.lab, weights)) is not None:
                odds = odds + gradient.odds(scene.lab)
        odds = odds + np.clip(palette.odds(weights, (1 - p) * ground), -4, 4)
        odds = odds - _too_dark(scene, weights) - _too_warm(scene, weights)
        settle_(p, odds, scene.couplings, 1.5, 6)
    sky = _one_light(_from_top(p), scene)
    return _Candidate(p * widen(sky, 2), sky, gradient, judge(scene, sky))


def _from_top(p: Field) -> NDArray[np.bool_]:
    """Return the parts of p > 0.5 that hang on the top edge by more than a thread."""
    likely = (p > 0.5).astype(np.uint8)
    opened = cv2().morphologyEx(likely, cv2().MORPH_OPEN, np.ones((3, 3), np.uint8))
    opened[0] = likely[0]
    labels, boxes = parts(opened > 0)
    keep = (boxes[:, 1] <= 1) & (boxes[:, 4] > 0.0005 * p.size)
    keep[0] = False
    return widen(keep[labels], 2) & (likely > 0)


def _one_light(sky: NDArray[np.bool_], scene: Scene) -> NDArray[np.bool_]:
    """Return `sky` without the parts that are far darker than its largest part and not blue."""
    labels, boxes = parts(sky)
    if len(boxes) < 3:
        return sky
    usual = float(np.median(scene.lightness[labels == 1 + int(np.argmax(boxes[1:, 4]))]))
    keep = np.zeros(len(boxes), bool)
    for label, (x, y, width, height, _) in enumerate(boxes[1:], 1):
        box = np.s_[y : y + height, x : x + width]
        part = labels[box] == label
        keep[label] = np.median(scene.lightness[box][part]) > 0.7 * usual or scene.blue[box][part].mean() > 0.3
    return keep[labels]


def _too_dark(scene: Scene, weights: NDArray[np.floating]) -> Field:
    """Return log-odds against what is far darker than a bright sky and not blue: walls in the shade."""
    usual = weighted_median(scene.lightness.ravel()[::5], weights.ravel()[::5])
    if usual <= 45:
        return np.zeros(scene.shape, np.float32)
    return 3 * sigmoid((0.55 * usual - scene.lightness) / 4) * (1 - scene.blue)


def _too_warm(scene: Scene, weights: NDArray[np.floating]) -> Field:
    """Return log-odds against what is far warmer than nearly all of the sky: sunlit roofs and rock, not a sunset."""
    b = scene.lab[..., 2]
    warmest = weighted_median(b.ravel()[::5], weights.ravel()[::5], 0.9)
    return 4 * sigmoid((b - max(warmest, 0.0) - 13) / 2)


def _at_full_size(proxy: NDArray[np.float32], found: _Candidate) -> Field:
    """Return the soft mask of the candidate at the proxy's own size."""
    lab = to_lab(proxy)
    odds = _spread_odds(lab, found)
    rows = odds.shape[0]
    couplings = coupling(lab, rows)
    above = None if found.gradient is None else found.gradient.above(lab, rows)
    del lab  # three fields' worth of memory, which settling needs
    p = sigmoid(odds)
    settle_(p, odds, couplings, 0.7, _LAST_ROUNDS)
    del odds, couplings
    if above is not None:
        p[_bright_holes(p, above, 0.003 * proxy.shape[0] * proxy.shape[1])] = 0.95
    p -= np.float32(0.05)
    p *= np.float32(1 / 0.9)
    alpha = np.zeros(proxy.shape[:2], np.float32)
    np.clip(p, 0, 1, out=alpha[:rows])
    return alpha


def _spread_odds(lab: NDArray[np.float32], found: _Candidate) -> Field:
    """Return the log-odds of sky at the size of `lab`: near the candidate, coloured like it, lit like it.

    Only of the rows that the sky may reach: from the top to as far below the candidate as settling carries news.
    """
    shape = lab.shape[0], lab.shape[1]
    nearby = cv2().GaussianBlur(found.sky.astype(np.float32), (0, 0), 2.5)
    p, near = resize(found.p, shape), resize(nearby, shape)
    rest = np.float32(1) - p
    p *= near > 0.2
    reached = np.flatnonzero((near >= _FAR_OFF).any(axis=1))
    rows = int(reached[-1]) + 2 * _LAST_ROUNDS + 2 if reached.size else 1
    del near  # the palette needs the memory
    odds = Palette(lab).odds(p, rest, rows)
    del p, rest
    np.clip(odds, -4, 4, out=odds)
    if found.gradient is not None:
        odds += found.gradient.odds(lab, rows)
    near = resize(nearby, shape)[:rows]
    hint = near + np.float32(0.01)
    hint /= np.float32(1.01) - near
    odds += np.clip(np.log(hint, out=hint), -4, 4, out=hint)
    odds[near < _FAR_OFF] = -6  # too little for neighbours to make sky of it
    return odds


def _bright_holes(p: Field, above: Field, largest: float) -> NDArray[np.bool_]:
    """Return the gaps in the sky below `largest` pixels that are brighter than it, the whitest parts of clouds.

    above: how much lighter each pixel is than the smooth sky.
    """
    gaps = parts(p <= 0.5)
    boxes = gaps.boxes
    height, width = p.shape
    inside = (boxes[:, 0] > 0) & (boxes[:, 1] > 0)
    inside &= (boxes[:, 0] + boxes[:, 2] < width) & (boxes[:, 1] + boxes[:, 3] < height)
    light = sums(gaps, above) / np.maximum(boxes[:, 4], 1)
    holes = inside & (light > 10) & (boxes[:, 4] < largest)
    holes[0] = False
    return holes[gaps.labels]
