"""Jet observables in NumPy, one jet at a time: the same algorithms as `relearn.jets`."""

import numpy as np

from relearn import kinematics as kin
from relearn.jets.images import AROUND, HEIGHT, PIXELS, WHOLE, WIDTH
from relearn.jets.kernels.images import ALIGNED
from relearn.jets.kernels.subjettiness import BLUR, STEPS, STILL


def wrap(angle):
    return (angle + np.pi) % (2 * np.pi) - np.pi


def kt_axes(p4, orders):
    """Return N → (N, 2) rapidity and azimuth of the exclusive kT jets, E-scheme."""
    p4, found = p4.copy(), {}
    for left in range(len(p4), 0, -1):
        pt, y, phi = kin.pt(p4), kin.rapidity(p4), kin.phi(p4)
        if left in orders:
            found[left] = np.stack([y, phi], axis=-1)
        if left > 1:
            d = (y[:, None] - y) ** 2 + wrap(phi[:, None] - phi) ** 2
            d *= np.minimum(pt[:, None], pt) ** 2
            np.fill_diagonal(d, np.inf)
            i, j = np.unravel_index(np.argmin(d), d.shape)
            p4[i] += p4[j]
            p4 = np.delete(p4, j, axis=0)
    return found


def distances2(y, phi, axes):
    return (y[:, None] - axes[:, 0]) ** 2 + wrap(phi[:, None] - axes[:, 1]) ** 2


def downhill(pt, y, phi, axes, beta):
    """Return axes moved to the next local minimum."""
    axes = axes.copy()
    everyone = np.arange(len(pt))
    for _ in range(STEPS):
        d = distances2(y, phi, axes)
        owner = d.argmin(axis=1)
        weight = pt * (d[everyone, owner] + BLUR**2) ** (beta / 2 - 1)
        shift = np.stack([y - axes[owner, 0], wrap(phi - axes[owner, 1])])
        total = np.bincount(owner, weight, minlength=len(axes))
        step = np.stack([np.bincount(owner, weight * s, minlength=len(axes)) for s in shift], -1)
        step[total > 0] /= total[total > 0, None]
        axes += step
        axes[:, 1] = wrap(axes[:, 1])
        if (step**2).sum(axis=1).max() < STILL**2:
            break
    if beta <= 1:
        d = distances2(y, phi, axes)
        owner = d.argmin(axis=1)
        for a in range(len(axes)):
            own = np.flatnonzero(owner == a)
            if len(own) == 0:
                continue
            places = np.stack([y[own], phi[own]], axis=-1)
            places = places[[d[own, a].argmin(), pt[own].argmax()]]
            trials = np.concatenate([axes[a : a + 1], places])
            cost = (pt[own, None] * distances2(y[own], phi[own], trials) ** (beta / 2)).sum(axis=0)
            axes[a] = trials[cost.argmin()]
    return axes


def n_subjettiness(p4, orders, beta, radius):
    """Return τ_N of one jet with ``onepass_kt`` axes, as in `relearn.jets.nsubjettiness`."""
    pt, y, phi = kin.pt(p4), kin.rapidity(p4), kin.phi(p4)
    scale = pt.sum() * radius**beta
    start = kt_axes(p4, set(orders))
    taus = []
    for order in orders:
        if order >= len(p4):
            taus.append(0.0)
            continue
        axes = downhill(pt, y, phi, start[order], beta)
        taus.append((pt * distances2(y, phi, axes).min(axis=1) ** (beta / 2)).sum() / scale)
    return np.array(taus)


def image(p4, crop=True):
    """Return the image of one jet after all steps, as in `relearn.jets.images`, level pixel."""
    momentum = np.linalg.norm(p4[:, 1:], axis=1)
    et = p4[:, 0] * kin.pt(p4) / momentum
    axis = p4.sum(axis=0)
    x = np.floor(kin.eta(p4) / WIDTH) - np.floor(kin.eta(axis) / WIDTH)
    y = np.floor(kin.phi(p4) / HEIGHT) - np.floor(kin.phi(axis) / HEIGHT)
    y = (y + AROUND // 2) % AROUND - AROUND // 2
    whole = np.zeros((WHOLE + 2, WHOLE + 2))  # with a dark rim
    np.add.at(whole, (y.astype(int) + WHOLE // 2 + 1, x.astype(int) + WHOLE // 2 + 1), et)
    inner = whole[1:-1, 1:-1]
    neighbours = np.max(
        [np.roll(whole, (r, c), (0, 1)) for r in (-1, 0, 1) for c in (-1, 0, 1) if r or c], axis=0
    )[1:-1, 1:-1]
    rows, columns = np.nonzero((inner > neighbours) & (inner > 0))
    order = np.argsort(-inner[rows, columns])[:3]
    peaks = np.stack([columns[order], rows[order]], axis=-1) - WHOLE // 2

    rows, columns = np.nonzero(inner)
    light = inner[rows, columns]
    places = np.stack([columns, rows], axis=-1) - WHOLE // 2 - peaks[0]
    peaks = peaks - peaks[0]
    size = np.array([WIDTH, HEIGHT])
    if len(peaks) > 1:
        up = peaks[1] * size / np.linalg.norm(peaks[1] * size)
        turn = np.array([[up[1], -up[0]], [up[0], up[1]]])
        places, peaks = ((a * size) @ turn.T / size for a in (places, peaks))
    if len(peaks) > 2 and peaks[2, 0] < -ALIGNED:
        places = places * [-1, 1]
    pixels = PIXELS if crop else WHOLE
    picture = np.zeros((pixels, pixels))
    corner = np.floor(places).astype(int)
    rest = places - corner
    for right in (0, 1):
        for up in (0, 1):
            part = light * np.abs(1 - right - rest[:, 0]) * np.abs(1 - up - rest[:, 1])
            at = corner + [right, up] + pixels // 2
            inside = ((at >= 0) & (at < pixels)).all(axis=1)
            np.add.at(picture, (at[inside, 1], at[inside, 0]), part[inside])
    return picture
