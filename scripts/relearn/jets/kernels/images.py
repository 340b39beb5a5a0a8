"""Jet images: where the energy goes, and how the picture is turned."""

import math

import numpy as np

from relearn.jets.kernels import compiled

HALF = 48  # pixels from the middle to the edge of the whole image
WIDTH = 2 * HALF
ALIGNED = 1e-9  # in pixels: not to the left, whatever the rounding says


@compiled
def from_pixels(x, y, et, values, offsets, width, height, centre, rotate, flip, images):
    """Draw images whose steps work on pixels.

    Parameters
    ----------
    x, y
        Pixel of each constituent, integers, from that of the jet's axis.
    et
        What the maxima are sought in, (particles,).
    values
        What is drawn, (particles, channels).
    offsets
        Of the jets.
    width, height
        Of a pixel in η and φ, for rotations.
    centre, rotate, flip
        Steps, in this order.
    images
        (jets, channels, rows, columns), zero; filled, energies at whole pixels.
    """
    slot = np.full((WIDTH, WIDTH), -1, np.int64)  # which lit pixel, −1 for dark
    for jet in range(len(offsets) - 1):
        first, last = offsets[jet], offsets[jet + 1]
        px, py = np.empty(last - first), np.empty(last - first)
        light = np.zeros(last - first)
        where = np.empty(last - first, np.int64)
        lit = 0
        for i in range(first, last):
            column, row = x[i] + HALF, y[i] + HALF
            where[i - first] = -1
            if column < 0 or column >= WIDTH or row < 0 or row >= WIDTH:
                continue
            if slot[row, column] < 0:
                slot[row, column] = lit
                px[lit], py[lit] = x[i], y[i]
                lit += 1
            where[i - first] = slot[row, column]
            light[where[i - first]] += et[i]
        maxima = _maxima(px[:lit], py[:lit], light[:lit], slot)
        for k in range(lit):
            slot[int(py[k]) + HALF, int(px[k]) + HALF] = -1

        dx = dy = 0.0
        if centre and maxima[0] >= 0:
            dx, dy = px[maxima[0]], py[maxima[0]]
        cosine, sine = 1.0, 0.0
        if rotate and maxima[1] >= 0:
            cosine, sine = _upright((px[maxima[1]] - dx) * width, (py[maxima[1]] - dy) * height)
        side = 1.0
        if flip and maxima[2] >= 0:
            right, _ = _turned(px[maxima[2]] - dx, py[maxima[2]] - dy, cosine, sine, width, height)
            side = -1.0 if right < -ALIGNED else 1.0
        for i in range(first, last):
            k = where[i - first]
            if k >= 0:
                right, up = _turned(px[k] - dx, py[k] - dy, cosine, sine, width, height)
                _share(side * right, up, values[i], images[jet])


@compiled
def _maxima(px, py, light, slot):
    """Return the three brightest pixels that outshine their eight neighbours; −1 for none."""
    best = np.full(3, -1)
    for lit in range(len(light)):
        k = lit
        row, column = int(py[k]) + HALF, int(px[k]) + HALF
        peak = True
        for r in range(max(row - 1, 0), min(row + 2, WIDTH)):
            for c in range(max(column - 1, 0), min(column + 2, WIDTH)):
                other = slot[r, c]
                if other >= 0 and _brighter(other, k, px, py, light):
                    peak = False
        if peak:
            for place in range(3):  # each place passes what it held on to the next
                if best[place] < 0 or _brighter(k, best[place], px, py, light):
                    best[place], k = k, best[place]
                    if k < 0:
                        break
    return best


@compiled
def _brighter(a, b, px, py, light):
    """Compare two pixels; equal ones by their place, so that the order of input is no matter."""
    if light[a] != light[b]:
        return light[a] > light[b]
    if py[a] != py[b]:
        return py[a] > py[b]
    return px[a] > px[b]


@compiled
def _upright(x, y):
    """Return cosine and sine of the turn that takes (x, y) to 12 o'clock."""
    size = math.hypot(x, y)
    if size == 0.0:
        return 1.0, 0.0
    return y / size, x / size


@compiled
def _turned(x, y, cosine, sine, width, height):
    """Rotate a place, in pixels, as angles are: in (η, φ)."""
    if sine == 0.0 and cosine == 1.0:
        return x, y
    eta, phi = x * width, y * height
    return (cosine * eta - sine * phi) / width, (sine * eta + cosine * phi) / height


@compiled
def _share(x, y, value, image):
    """Add to the four pixels around a place, each in proportion to its overlap."""
    left, below = math.floor(x), math.floor(y)
    right, above = x - left, y - below
    _add(left, below, (1 - right) * (1 - above), value, image)
    _add(left + 1, below, right * (1 - above), value, image)
    _add(left, below + 1, (1 - right) * above, value, image)
    _add(left + 1, below + 1, right * above, value, image)


@compiled
def _add(x, y, share, value, image):
    channels, rows, columns = image.shape
    row, column = int(y) + rows // 2, int(x) + columns // 2
    if share > 0.0 and 0 <= row < rows and 0 <= column < columns:
        for channel in range(channels):
            image[channel, row, column] += share * value[channel]


@compiled
def from_constituents(eta, phi, et, values, offsets, width, height, centre, rotate, flip, images):
    """Draw images whose steps work on constituents, before there are pixels.

    As `from_pixels`, but η and φ are angles from the jet's axis, and pixels meet in the middle.
    """
    for jet in range(len(offsets) - 1):
        first, last = offsets[jet], offsets[jet + 1]
        x, y, e = eta[first:last].copy(), phi[first:last].copy(), et[first:last]
        total = e.sum()
        if total <= 0.0:
            continue
        if centre:
            x -= (e * x).sum() / total
            y -= (e * y).sum() / total
        if rotate:
            # 2θ of the long axis of the energy's second moments; θ from the horizontal
            turn = math.pi / 2 - 0.5 * math.atan2(
                2 * (e * x * y).sum(), (e * x * x).sum() - (e * y * y).sum()
            )
            cosine, sine = math.cos(turn), math.sin(turn)
            x, y = cosine * x - sine * y, sine * x + cosine * y
        if flip:
            right, up = _brightest_quadrant(x, y, e)
            x, y = right * x, up * y
        for i in range(last - first):
            _add(
                math.floor(x[i] / width),
                math.floor(y[i] / height),
                1.0,
                values[first + i],
                images[jet],
            )


@compiled
def _brightest_quadrant(x, y, e):
    """Return the signs that bring the quadrant of most energy to the upper right."""
    most, right, up = -1.0, 1.0, 1.0
    for sx in (1.0, -1.0):
        for sy in (1.0, -1.0):
            light = 0.0
            for i in range(len(e)):
                if sx * x[i] > 0.0 and sy * y[i] > 0.0:
                    light += e[i]
            if light > most:
                most, right, up = light, sx, sy
    return right, up
