"""Makes emoji/emoji.zip: colour pictures of 32 x 32 pixels in a folder for each of eleven classes.

usage: emoji.py TWITTER_PACKAGE GOOGLE_PACKAGE [OUT_FOLDER]

The two are the unpacked npm packages emoji-datasource-twitter and emoji-datasource-google 16.0.0. Each emoji of a class
below is taken in both designs, put on white and halved from 64 x 64 by averaging blocks of 2 x 2. Needs Pillow."""

import io
import json
import sys
import zipfile
from collections import Counter
from pathlib import Path

from PIL import Image

# Classes by what Unicode calls group and subgroup. People are left out: their heads are faces too.
CLASSES = {
    "animals": ["animal-mammal", "animal-bird", "animal-amphibian", "animal-reptile", "animal-marine", "animal-bug"],
    "clocks": ["time"],
    "clothing": ["clothing"],
    "faces": [
        "face-smiling", "face-affection", "face-tongue", "face-hand", "face-neutral-skeptical", "face-sleepy",
        "face-unwell", "face-hat", "face-glasses", "face-concerned",
    ],
    "flags": ["country-flag"],
    "food": ["food-fruit", "food-vegetable", "food-prepared", "food-asian", "food-sweet"],
    "hands": [
        "hand-fingers-open", "hand-fingers-partial", "hand-single-finger", "hand-fingers-closed", "hands", "hand-prop",
    ],
    "plants": ["plant-flower", "plant-other"],
    "signs": ["transport-sign", "warning", "arrow", "religion", "zodiac", "av-symbol", "keycap", "alphanum"],
    "transport": ["transport-ground", "transport-water", "transport-air"],
    "sky": ["sky & weather"],
}
SIDE = 32
DESIGNS = ("twitter", "google")


def picture(path):
    """The bytes of the small picture."""
    large = Image.open(path).convert("RGBA")
    if large.size != (2 * SIDE, 2 * SIDE):
        sys.exit(f"{path}: {large.size} pixels")
    white = Image.new("RGBA", large.size, "white")
    white.alpha_composite(large)
    small = white.convert("RGB").resize((SIDE, SIDE), Image.BOX)
    file = io.BytesIO()
    small.save(file, "PNG", optimize=True)
    return file.getvalue()


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    packages = dict(zip(DESIGNS, map(Path, sys.argv[1:3])))
    out = Path(sys.argv[3]) if len(sys.argv) == 4 else Path(__file__).parent / "emoji"
    class_of = {subgroup: name for name, subgroups in CLASSES.items() for subgroup in subgroups}
    entries, seen = {}, set()
    for design, package in packages.items():
        for emoji in json.loads((package / "emoji.json").read_text()):
            name = class_of.get(emoji["subcategory"])
            if name is None or not emoji[f"has_img_{design}"]:
                continue
            data = picture(package / "img" / design / "64" / emoji["image"])
            # Some flags of two countries are one picture.
            if data not in seen:
                seen.add(data)
                entries[f"{name}/{emoji['unified'].lower()}-{design}.png"] = data
    with zipfile.ZipFile(out / "emoji.zip", "w", zipfile.ZIP_STORED) as archive:
        for path, data in sorted(entries.items()):
            # A fixed date: the bytes depend on the pictures alone.
            archive.writestr(zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0)), data)
    for name, count in sorted(Counter(path.split("/")[0] for path in entries).items()):
        print(f"{name} {count}")
    print(f"{len(entries)} pictures")


if __name__ == "__main__":
    main()
