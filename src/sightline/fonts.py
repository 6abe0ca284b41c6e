"""Fonts to write into pictures with: Pillow's own, or an installed one that has the letters."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont

OWN = "Pillow's own"
INSTALLED = (
    *("DejaVuSans.ttf", "NotoSans-Regular.ttf", "arial.ttf", "Arial Unicode.ttf"),
    *("NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "DroidSansFallbackFull.ttf"),
    *("wqy-microhei.ttc", "wqy-zenhei.ttc", "msyh.ttc", "PingFang.ttc", "Hiragino Sans GB.ttc"),
    *("YuGothM.ttc", "msgothic.ttc", "malgun.ttf", "AppleSDGothicNeo.ttc"),
    *("NotoSansArabic-Regular.ttf", "NotoSansHebrew-Regular.ttf", "NotoSansThai-Regular.ttf"),
    *("NotoSansDevanagari-Regular.ttf", "Nirmala.ttc", "LeelawUI.ttf"),
)
"""Files of fonts for many scripts as Linux, Windows and macOS have them; the first that fits."""
NOBODYS = "\U0010ffff"  # no letter: what is drawn instead stands for all that a font lacks


def font_for(text: str, size: int) -> FreeTypeFont:
    """A font, `size` pixels high, with all letters of a text; Pillow's own where none has them.

    Pillow's own has the letters of English only.
    """
    name = next((name for name in (OWN, *INSTALLED) if all(_has(name, c) for c in text)), OWN)
    font = _load(name, size)
    assert font is not None
    return font


@lru_cache(maxsize=64)
def _load(name: str, size: int) -> FreeTypeFont | None:
    """A font by the name of its file, looked for where the system has fonts; None without it."""
    if name != OWN:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            return None
    font = ImageFont.load_default(size)
    if not isinstance(font, FreeTypeFont):
        raise RuntimeError("Pillow was built without FreeType; install Pillow's own wheel.")
    return font


@lru_cache(maxsize=4096)
def _has(name: str, letter: str) -> bool:
    """Whether a font is installed and has a letter."""
    font = _load(name, 20)
    if font is None or letter.isspace():
        return font is not None
    return _drawn(font, letter) != _drawn(font, NOBODYS)


def _drawn(font: FreeTypeFont, letter: str) -> bytes:
    picture = Image.new("L", (40, 40))
    ImageDraw.Draw(picture).text((10, 5), letter, 255, font)
    return picture.tobytes()
