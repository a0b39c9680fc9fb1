"""The pointwise stages of a develop step, as kernels over one tile."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .. import fastmath
from ..jit import inline, kernel

Plane = NDArray[np.float32]
_TINY = np.float32(1e-9)


@kernel
def matrix_(pixels: Plane, matrix: Plane) -> None:
    """Multiply every pixel by `matrix`; what falls below 0 becomes 0."""
    line = np.empty((3, pixels.shape[1]), np.float32)
    for j in range(pixels.shape[0]):
        _planar(pixels[j], line)
        _mix_(line, matrix)
        _packed(line, pixels[j])


@kernel
def gain_(pixels: Plane, gain: np.float32) -> None:
    """Multiply every sample by `gain`."""
    for j in range(pixels.shape[0]):
        for i in range(pixels.shape[1]):
            for c in range(3):
                pixels[j, i, c] *= gain


@inline
def _at(table: Plane, position: np.float32) -> np.float32:
    """Return the table's value at `position`, linearly interpolated; the ends go on."""
    clamped = min(max(position, np.float32(0)), np.float32(table.shape[0] - 1) - np.float32(0.001))
    index = np.uint32(clamped)
    return table[index] + (table[index + np.uint32(1)] - table[index]) * (clamped - np.float32(index))


@inline
def _planar(row: Plane, line: Plane) -> None:
    """Fill line (3, w) with a row (w, 3): LLVM vectorises loops over one channel at a time."""
    for i in range(row.shape[0]):
        for c in range(3):
            line[c, i] = row[i, c]


@inline
def _packed(line: Plane, row: Plane) -> None:
    """Fill row (w, 3) with line (3, w); what is below 0 becomes 0."""
    for i in range(row.shape[0]):
        for c in range(3):
            row[i, c] = max(line[c, i], np.float32(0))


@inline
def _tones(row: Plane, grey: np.float32, tone: Plane) -> None:
    """Fill tone (w,) with the EV of a row (w, 3) from middle grey."""
    for i in range(tone.shape[0]):
        tone[i] = np.float32(0.2627) * row[i, 0] + np.float32(0.6780) * row[i, 1] + np.float32(0.0593) * row[i, 2]
    for i in range(tone.shape[0]):
        tone[i] = fastmath.log2(max(tone[i], _TINY)) - grey


@inline
def _brighten_(row: Plane, ev: Plane) -> None:
    """Multiply each pixel of a row (w, 3) by 2 ** ev; `ev` (w,) is used up."""
    for i in range(row.shape[0]):
        ev[i] = fastmath.exp2(ev[i])
    for i in range(row.shape[0]):
        for c in range(3):
            row[i, c] *= ev[i]


@inline
def _tone_row(
    tone: Plane, base: tuple[Plane, Plane], tables: Plane, place: tuple[np.float32, np.float32], local: bool
) -> None:
    """Replace a row of tones, in EV, by the EV to add; base is gain and offset of the surroundings' tone."""
    low, steps = place
    gain, offset = base
    own_table, around_table, local_table = tables[0], tables[1], tables[2]
    for i in range(tone.shape[0]):
        own = tone[i]
        around = gain[i] * own + offset[i]
        change = _at(own_table, (own - low) * steps) + _at(around_table, (around - low) * steps)
        if local:
            detail = own - around
            softened = detail / (np.float32(1) + np.float32(0.5) * abs(detail))
            change += _at(local_table, (around - low) * steps) * softened
        tone[i] = change


@kernel
def tones(pixels: Plane, matrix: Plane, numbers: tuple[np.float32, np.float32, np.float32], out: Plane) -> None:
    """Fill `out` with the EV from middle grey of every pixel after `matrix`.

    numbers: log2 of middle grey, and the lowest and the highest EV.
    """
    grey, low, high = numbers
    line = np.empty((3, pixels.shape[1]), np.float32)
    zero = np.float32(0)
    for j in range(pixels.shape[0]):
        _planar(pixels[j], line)
        _mix_(line, matrix)
        tone = out[j]
        for i in range(tone.shape[0]):
            r, g, b = max(line[0, i], zero), max(line[1, i], zero), max(line[2, i], zero)
            tone[i] = np.float32(0.2627) * r + np.float32(0.6780) * g + np.float32(0.0593) * b
        for i in range(tone.shape[0]):
            tone[i] = min(max(fastmath.log2(max(tone[i], _TINY)) - grey, low), high)


@kernel
def tone_(pixels: Plane, tables: Plane, base: Plane, numbers: tuple[np.float32, np.float32, np.float32]) -> None:
    """Brighten or darken each pixel by its own tone, its surroundings' and their difference.

    tables: tables.tone_tables. base: (2, h, w), gain and offset of the surroundings' EV as a function of the pixel's.
    numbers: log2 of middle grey, EV_LOW, EV_STEPS.
    """
    grey, low, steps = numbers
    tone = np.empty(pixels.shape[1], np.float32)
    local = False
    for k in range(tables.shape[1]):
        local = local or tables[2, k] != np.float32(0)
    for j in range(pixels.shape[0]):
        _tones(pixels[j], grey, tone)
        _tone_row(tone, (base[0, j], base[1, j]), tables, (low, steps), local)
        _brighten_(pixels[j], tone)


@kernel
def shoulder_(pixels: Plane, gain: np.float32) -> None:
    """Lead the highlights of an already rendered picture, brightened by `gain` > 1, back so that its white stays white.

    The largest channel keeps its value up to the knee at 0.6 and then bends; above `gain`, light that was above white
    before is as far above it after. The other channels follow, so hues stay.
    """
    knee, one = np.float32(0.6), np.float32(1)
    slope = (gain - knee) / (one - knee)
    for j in range(pixels.shape[0]):
        for i in range(pixels.shape[1]):
            high = max(pixels[j, i, 0], pixels[j, i, 1], pixels[j, i, 2])
            if high <= knee:
                continue
            t = (high - knee) / (gain - knee)
            bent = knee + (one - knee) * slope * t / (one + (slope - one) * t) if t < one else high / gain
            for c in range(3):
                pixels[j, i, c] *= bent / high


@kernel
def curve_(pixels: Plane, tables: Plane, numbers: tuple[np.float32, np.float32, np.float32]) -> None:
    """Apply the channel curves of tables.curve_table; `numbers` as in tone_."""
    grey, low, steps = numbers
    line, gain = np.empty((3, pixels.shape[1]), np.float32), np.empty(pixels.shape[1], np.float32)
    for j in range(pixels.shape[0]):
        _planar(pixels[j], line)
        for c in range(3):
            channel, table = line[c], tables[c]
            for i in range(gain.shape[0]):
                gain[i] = (fastmath.log2(max(channel[i], _TINY)) - grey - low) * steps
            for i in range(gain.shape[0]):
                gain[i] = _at(table, gain[i])
            for i in range(gain.shape[0]):
                channel[i] *= fastmath.exp2(gain[i])
        _packed(line, pixels[j])


@kernel
def haze_(pixels: Plane, air: Plane, transmission: Plane, luma_gain: np.float32) -> None:
    """Take haze away: (pixel - air) / t + air, where t = transmission[0] * cbrt(luma * luma_gain) + transmission[1]."""
    zero, one = np.float32(0), np.float32(1)
    clear = np.empty(pixels.shape[1], np.float32)
    for j in range(pixels.shape[0]):
        row, slope, level = pixels[j], transmission[0, j], transmission[1, j]
        for i in range(clear.shape[0]):
            clear[i] = np.float32(0.2627) * row[i, 0] + np.float32(0.6780) * row[i, 1] + np.float32(0.0593) * row[i, 2]
        for i in range(clear.shape[0]):
            t = slope[i] * fastmath.cbrt(max(clear[i] * luma_gain, zero)) + level[i]
            clear[i] = one / min(max(t, np.float32(0.1)), one)
        for i in range(clear.shape[0]):
            for c in range(3):
                row[i, c] = max((row[i, c] - air[c]) * clear[i] + air[c], zero)


@kernel
def veil_(pixels: Plane, air: Plane, share: np.float32) -> None:
    """Add haze: mix every pixel with the colour of the air."""
    for j in range(pixels.shape[0]):
        for i in range(pixels.shape[1]):
            for c in range(3):
                pixels[j, i, c] += (air[c] - pixels[j, i, c]) * share


@inline
def _turn_of(a: np.float32, b: np.float32) -> np.float32:
    """Return the hue angle of (a, b) in turns, [0, 1); the error is below 2e-6 turns
    (Hastings, "Approximations for Digital Computers", 1955, sheet 11)."""
    x, y = abs(a), abs(b)
    ratio = min(x, y) / max(max(x, y), np.float32(1e-12))
    square = ratio * ratio
    p = np.float32(-0.0135494) + square * np.float32(0.0033160)
    p = np.float32(-0.0525688) + square * (np.float32(0.0286703) + square * p)
    angle = ratio * (np.float32(0.1591336) + square * p)
    angle = np.float32(0.25) - angle if y > x else angle
    angle = np.float32(0.5) - angle if a < np.float32(0) else angle
    angle = np.float32(1) - angle if b < np.float32(0) else angle
    return angle if angle < np.float32(1) else np.float32(0)


@inline
def _step(x: np.float32, start: np.float32, stop: np.float32) -> np.float32:
    t = min(max((x - start) / (stop - start), np.float32(0)), np.float32(1))
    return t * t * (np.float32(3) - np.float32(2) * t)


@inline
def _mix_(line: Plane, m: Plane) -> None:
    """Multiply a row (3, w) by a 3x3 matrix."""
    for i in range(line.shape[1]):
        x, y, z = line[0, i], line[1, i], line[2, i]
        line[0, i] = m[0, 0] * x + m[0, 1] * y + m[0, 2] * z
        line[1, i] = m[1, 0] * x + m[1, 1] * y + m[1, 2] * z
        line[2, i] = m[2, 0] * x + m[2, 1] * y + m[2, 2] * z


@inline
def _shift_hues_(line: Plane, table: Plane, vibrance: np.float32) -> None:
    """Apply the colour mixer and vibrance to a row (3, w) of Oklab; see tables.ColourTables.hue."""
    one, last = np.float32(1), np.float32(table.shape[0] - 1)
    for i in range(line.shape[1]):
        light, a, b = line[0, i], line[1, i], line[2, i]
        chroma = np.sqrt(a * a + b * b) / max(light, np.float32(1e-4))
        near = table[np.uint32(_turn_of(a, b) * last + np.float32(0.5))]
        coloured = _step(chroma, np.float32(0.02), np.float32(0.12))
        muted = one - _step(chroma, np.float32(0.0), np.float32(0.45))
        factor = (one + (near[2] - one) * coloured) * max(one + vibrance * near[4] * muted, np.float32(0))
        line[0, i] = light * (one + near[3] * coloured)
        line[1, i] = (a * near[0] - b * near[1]) * factor
        line[2, i] = (a * near[1] + b * near[0]) * factor


@inline
def _grade_(line: Plane, table: Plane) -> None:
    """Apply the colour grading to a row (3, w) of Oklab; see tables.ColourTables.lightness."""
    last = np.float32(table.shape[1] - 1)
    for i in range(line.shape[1]):
        light = line[0, i]
        place = light * last
        line[0, i] = light * (np.float32(1) + _at(table[2], place))
        line[1, i] += _at(table[0], place) * light
        line[2, i] += _at(table[1], place) * light


@kernel
def colour_(
    pixels: Plane,
    matrices: tuple[Plane, Plane, Plane, Plane],
    tables: tuple[Plane, Plane],
    numbers: tuple[np.float32, np.float32, bool, bool],
) -> None:
    """Apply saturation, vibrance, colour mixer and colour grading in Oklab.

    tables: ColourTables.hue and .lightness. numbers: saturation factor, vibrance -1 to 1, hues used?, grades used?
    """
    saturation, vibrance, by_hue, by_lightness = numbers
    line = np.empty((3, pixels.shape[1]), np.float32)
    for j in range(pixels.shape[0]):
        _planar(pixels[j], line)
        _mix_(line, matrices[0])
        for c in range(3):
            for i in range(line.shape[1]):
                line[c, i] = fastmath.cbrt(line[c, i])
        _mix_(line, matrices[1])
        if by_hue:
            _shift_hues_(line, tables[0], vibrance)
        for i in range(line.shape[1]):
            line[1, i] *= saturation
            line[2, i] *= saturation
        if by_lightness:
            _grade_(line, tables[1])
        _mix_(line, matrices[2])
        for c in range(3):
            for i in range(line.shape[1]):
                line[c, i] = line[c, i] * line[c, i] * line[c, i]
        _mix_(line, matrices[3])
        _packed(line, pixels[j])


@kernel
def blend_(pixels: Plane, original: Plane, mask: Plane) -> None:
    """Put `original` back where the mask is 0 and mix where it is between 0 and 1."""
    zero, one = np.float32(0), np.float32(1)
    for j in range(pixels.shape[0]):
        row, old, shares = pixels[j], original[j], mask[j]
        for i in range(shares.shape[0]):
            share = shares[i]
            for c in range(3):
                before, after = old[i, c], row[i, c]
                mixed = before + (after - before) * share
                row[i, c] = before if share <= zero else after if share == one else mixed
