"""The tokens of an accent that a site chose: shades of it that can be read, in light and in dark, whatever it is."""

import colorsys
from typing import Final

Rgb = tuple[float, float, float]
"""Red, green and blue from 0 to 1."""

ENOUGH: Final = 5.0
"""Contrast of text on its ground: WCAG 2.2 asks for 4.5, and a theme may have other grounds than ours."""
LIGHT: Final = ("#ffffff", "#eceeee")
DARK: Final = ("#15191b", "#262c2f")
"""The lightest and darkest grounds that text in the accent stands on, of core's own tokens."""
STEP: Final = 0.01


def accent_css(accent: str) -> str:
    """Return the style sheet that makes a site's colour (`#rrggbb`) the accent of all pages, light and dark."""
    light, light_soft, light_hover = _shades(read(accent), LIGHT, (1.0, 1.0, 1.0), -STEP)
    dark, dark_soft, dark_hover = _shades(read(accent), DARK, read(DARK[0]), STEP)
    pairs = {
        "accent": (light, dark),
        "accent-hover": (light_hover, dark_hover),
        "accent-soft": (light_soft, dark_soft),
        "on-accent": ((1.0, 1.0, 1.0), _mixed(dark, (0.0, 0.0, 0.0), 0.12)),
        "focus": (light, dark),
    }
    lines = "".join(
        f"  --hd-{name}: light-dark({written(one)}, {written(two)});\n" for name, (one, two) in pairs.items()
    )
    return f":root {{\n{lines}}}\n"


def read(colour: str) -> Rgb:
    """Return the parts of `#rrggbb`."""
    return int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255


def written(colour: Rgb) -> str:
    """Return a colour as `#rrggbb`."""
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour)


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the contrast of two colours from 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _shades(colour: Rgb, grounds: tuple[str, str], page: Rgb, step: float) -> tuple[Rgb, Rgb, Rgb]:
    """Return the colour made as dark (or light) as it has to be, its soft ground, and the shade under a pointer."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*colour)
    while True:
        tried = read(written(colorsys.hls_to_rgb(hue, lightness, saturation)))
        soft = read(written(_mixed(tried, page, 0.1)))
        if all(contrast(tried, ground) >= ENOUGH for ground in (*map(read, grounds), soft)):
            break
        lightness = min(1.0, max(0.0, lightness + step))
    hover = colorsys.hls_to_rgb(hue, min(1.0, max(0.0, lightness + 8 * step)), saturation)
    return tried, soft, read(written(hover))


def _mixed(colour: Rgb, other: Rgb, share: float) -> Rgb:
    """Return a share of the colour with the rest of the other."""
    red, green, blue = (one * share + two * (1 - share) for one, two in zip(colour, other, strict=True))
    return red, green, blue


def _luminance(colour: Rgb) -> float:
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
