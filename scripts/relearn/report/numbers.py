"""Numbers as people read them."""

import math

SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
MINUS = "−"
MOST_DECIMALS = 5  # beyond, a power of ten reads better
POWERS = 6  # the same for large ones


def number(value: float, digits: int = 4) -> str:
    """Return a number to some significant digits; "–" for one that is not finite."""
    if not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    power = math.floor(math.log10(abs(value)))
    if not -MOST_DECIMALS <= power < POWERS:
        return _scientific(value, None, digits)
    text = f"{value:.{max(digits - 1 - power, 0)}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", MINUS)


def with_error(value: float, error: float) -> str:
    """Return ``value ± error``, the error to two significant digits and the value to match.

    Parameters
    ----------
    value, error
        In the same unit. An error that is not finite is left out; a value that is not
        finite is shown as "–".
    """
    if not math.isfinite(value) or not math.isfinite(error):
        return number(value)
    if error <= 0:
        return f"{number(value, 5)} ± 0"
    error = float(f"{error:.1e}")  # 0.0996 is 0.10, not 0.100
    decimals = 1 - math.floor(math.log10(error))
    if decimals > MOST_DECIMALS + 1 or max(abs(value), error) >= 10**POWERS:
        return _scientific(value, error, 0)
    places = max(decimals, 0)
    shown = (f"{round(x, decimals):.{places}f}" for x in (value, error))
    return " ± ".join(shown).replace("-", MINUS)


def _scientific(value: float, error: float | None, digits: int) -> str:
    power = math.floor(math.log10(max(abs(value), error or 0)))
    scale = f" × 10{str(power).translate(SUPERSCRIPT)}"
    if error is None:
        return f"{value / 10**power:.{digits - 1}f}{scale}".replace("-", MINUS)
    places = max(power + 1 - math.floor(math.log10(error)), 0)
    shown = (f"{x / 10**power:.{places}f}" for x in (value, error))
    return f"({' ± '.join(shown)}){scale}".replace("-", MINUS)


def duration(seconds: float) -> str:
    """Return a time span: ``9.6 s``, ``3 min 15 s``, ``2 h 05 min``."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"
