"""Makes furniture.sh3f and its licences from the catalogues of Debian's package sweethome3d-furniture.

    apt-get download sweethome3d-furniture && dpkg-deb -x sweethome3d-furniture_*.deb package
    python3 examples/data/furniture.py package/usr/share/sweethome3d/furniture

Needs numpy and fast-simplification 0.2.0, and gives the same data each time (the compressed bytes may depend on the
version of zlib). What it changes in a model stands in furniture/LICENCES.md, which it writes too.
"""

import html
import pathlib
import re
import sys
import zipfile

import fast_simplification
import numpy

# Classes by patterns of names, as `furniture` takes them: words in a row, * for any letters, ! excludes. The first
# class that fits is taken.
CLASSES = {
    "chair": ["*chair", "!wheelchair", "!*high chair", "!armchair ottoman", "!beach chair"],
    "sofa": ["*sofa", "*couch", "!opened"],
    "bed": ["bed", "crib", "*mattress"],
    "cabinet": ["*cabinet", "bookcase", "wardrobe", "shelves", "cupboard", "dresser", "tv stand", "locker",
                "bedside table", "changing table"],
    "table": ["*table", "desk", "workbench", "!table fan", "!table tennis", "!desk lamp", "!table lamp", "!tablecloth",
              "!football table", "!pool table"],
    "lamp": ["*lamp", "light", "lantern", "!street*", "!park light", "!fluorescent light", "!chandelier lamp"],
    "vehicle": ["*car", "van", "truck", "*bus", "suv", "sedan", "focus", "beetle", "scenic", "peugeot", "chevrolet",
                "leon"],
    "person": ["female", "male", "boy", "girl"],
    "vessel": ["vase", "*bottle", "cup", "glass", "bowl", "mug", "jar", "pottery", "teapot", "barrel", "flacon",
               "!glass table", "!glass door", "!cup cake", "!coffee cup", "!plate"],
    "door": ["door", "!door cabinet"],
    "window": ["window"],
}
# Models above this many triangles are simplified to it.
MOST_TRIANGLES = 3000
# Coordinates are whole numbers; the longest side of a model is twice this.
GRID = 2000
CC0 = ("CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/")
CC_BY = ("CC BY 3.0", "https://creativecommons.org/licenses/by/3.0/")
CC_BY_US = ("CC BY 3.0 US", "https://creativecommons.org/licenses/by/3.0/us/")
# Catalogues: licence, author (as its LICENSE.TXT asks; None: each model's own), where it comes from.
CATALOGUES = {
    "BlendSwap-CC-0": (CC0, None, "https://www.blendswap.com"),
    "BlendSwap-CC-BY": (CC_BY, None, "https://www.blendswap.com"),
    "KatorLegaz": (CC_BY_US, "Andrew Kator & Jennifer Legaz", "https://www.katorlegaz.com"),
    "Reallusion": (CC_BY_US, "Reallusion", "https://www.reallusion.com"),
    "Scopia": (CC_BY, "Emmanuel Puybaret / eTeks and Scopia Visual Interfaces Systems, s.l.", "https://www.scopia.es"),
}


def words(text):
    return re.findall(r"[\w*']+", text.lower())


def word_fits(word, pattern):
    middle = pattern.strip("*")
    before, after = pattern.startswith("*"), pattern.endswith("*")
    if before and after:
        return middle in word
    return word.endswith(middle) if before else word.startswith(middle) if after else word == middle


def fits(name, pattern):
    name, pattern = words(name), words(pattern)
    places = range(len(name) - len(pattern) + 1)
    return any(all(map(word_fits, name[i:], pattern)) for i in places)


def class_of(name):
    for label, patterns in CLASSES.items():
        excluded = any(fits(name, p[1:]) for p in patterns if p[0] == "!")
        if not excluded and any(fits(name, p) for p in patterns if p[0] != "!"):
            return label
    return None


def pieces(archive):
    entries = {}
    text = archive.read("PluginFurnitureCatalog.properties").decode("latin-1")
    for key, number, value in re.findall(r"^(\w+)#(\d+)\s*=\s*(.*?)\s*$", text, re.M):
        entries.setdefault(int(number), {})[key] = value
    return [entries[number] for number in sorted(entries)]


def parse(obj):
    """Vertices and polygons of an OBJ file; polygons of fewer than three corners are left out."""
    vertices, faces = [], []
    for line in obj.decode("latin-1").splitlines():
        fields = line.split("#")[0].split()
        if fields[:1] == ["v"]:
            vertices.append([float(x) for x in fields[1:4]])
        elif fields[:1] == ["f"] and len(fields) > 3:
            corners = [int(field.split("/")[0]) for field in fields[1:]]
            faces.append([corner - 1 if corner > 0 else len(vertices) + corner for corner in corners])
    return vertices, faces


def single(vertices, faces):
    """The same with vertices at one place made one, and faces over the same vertices: some are there once a side."""
    numbers, kept, seen = {}, [], set()
    for face in faces:
        corners = [numbers.setdefault(tuple(vertices[corner]), len(numbers)) for corner in face]
        corners = [corner for i, corner in enumerate(corners) if corner != corners[i - 1]]
        if len(corners) >= 3 and frozenset(corners) not in seen:
            seen.add(frozenset(corners))
            kept.append(corners)
    return list(numbers), kept


def slim(obj):
    """Vertices and faces alone, on a grid, simplified if there are many; and whether they were simplified."""
    vertices, faces = single(*parse(obj))
    low, high = [min(axis) for axis in zip(*vertices)], [max(axis) for axis in zip(*vertices)]
    scale = 2 / max(b - a for a, b in zip(low, high))
    vertices = [[(x - (a + b) / 2) * scale for x, a, b in zip(vertex, low, high)] for vertex in vertices]
    simplified = sum(len(face) - 2 for face in faces) > MOST_TRIANGLES
    if simplified:
        faces = [[face[0], face[i], face[i + 1]] for face in faces for i in range(1, len(face) - 1)]
        vertices, faces = fast_simplification.simplify(
            numpy.array(vertices, numpy.float32), numpy.array(faces, numpy.int32), target_count=MOST_TRIANGLES, agg=3
        )
        vertices, faces = vertices.tolist(), faces.tolist()
    vertices, faces = single([[round(x * GRID) for x in vertex] for vertex in vertices], faces)
    lines = ["v %d %d %d" % vertex for vertex in vertices]
    lines += ["f " + " ".join(str(corner + 1) for corner in face) for face in faces]
    return "\n".join(lines) + "\n", simplified


def credit(archive, catalogue, piece):
    """Title, author, licence and address of a model: from the licence file in its folder, else from the catalogue."""
    licence, author, address = CATALOGUES[catalogue]
    title, author = piece["name"], author or piece["creator"]
    folder = piece["model"].lstrip("/").rsplit("/", 1)[0] + "/"
    for name in archive.namelist():
        if not (name.startswith(folder) and re.search(r"licen[sc]e\.(txt|html)$", name, re.I)):
            continue
        text = html.unescape(archive.read(name).decode("utf-8", "replace"))
        plain = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))
        found = lambda *patterns: next((m[1].strip() for m in (re.search(p, plain) for p in patterns) if m), None)
        # Three generations of the site's licence files.
        title = found(r'downloading "(.*?)" by', r"Blend #\d+: (.*?) Released", r"^\W*(.*?) by .*? - \d+ -") or title
        by = found(r'downloading ".*?" by (.*?) Released', r"^\W*.*? by (.*?) - \d+ -", r"Created by: (\S+)")
        if by and by.lower() != author.lower():
            author = "%s (in the catalogue: %s)" % (by, author)
        address = "https://www.blendswap.com/blends/view/" + re.search(r"blendswap\.com/blends/view/(\d+)", text)[1]
        if "licenses/by/3.0" in text or "Creative Commons Attribution 3.0" in text:
            licence = CC_BY
        elif re.search(r"publicdomain/(zero|mark)|Creative Commons Zero", text):
            licence = CC0
        else:
            raise ValueError("%s states no licence that is known" % name)
    return title, author, licence, address


HEAD = """# Furniture: where the models come from, and their licences

`furniture.sh3f` is a catalogue of Sweet Home 3D (a zip file) with %d models of the catalogues that Debian ships as
[`sweethome3d-furniture`](https://packages.debian.org/sweethome3d-furniture) 1.8, collected by Emmanuel Puybaret / eTeks.
Each keeps its own licence and author, which stand below and in the catalogue. Only this folder is under these licences.

| class | models | patterns of names |
|---|---|---|
%s
## What was changed

`furniture.py`, one folder up, made the file. Of each model it keeps vertices and faces: no texture, material, normal or
group. The middle of the bounding box is moved to the origin, the longest side scaled to %d, and coordinates rounded to
whole numbers. Vertices at one place, and faces over the same vertices, are made one. Models of more than %d triangles
are simplified to about as many by quadric error (fast-simplification 0.2.0); they are marked with a * below.

## Models

The number is that of the piece in the catalogue.

| no. | class | name | title | author | licence | source |
|---|---|---|---|---|---|---|
"""


def latin(text):
    """Java's properties are ISO 8859-1; other characters are escaped."""
    return "".join(c if ord(c) < 256 else "\\u%04x" % ord(c) for c in text)


def main(source):
    folder = pathlib.Path(__file__).parent / "furniture"
    folder.mkdir(exist_ok=True)
    chosen = []
    for catalogue in CATALOGUES:
        with zipfile.ZipFile(pathlib.Path(source) / (catalogue + ".sh3f")) as archive:
            for piece in pieces(archive):
                if label := class_of(piece["name"]):
                    model = archive.read(piece["model"].lstrip("/"))
                    chosen.append((label, piece, credit(archive, catalogue, piece), *slim(model)))
    chosen.sort(key=lambda entry: list(CLASSES).index(entry[0]))

    listing = ["# Models of Debian's sweethome3d-furniture 1.8, changed as LICENCES.md says", "id=equigen#furniture",
               "name=equigen furniture", "license=each model's own", ""]
    rows = []
    with zipfile.ZipFile(folder / "furniture.sh3f", "w") as archive:

        def put(name, text):
            # A fixed date, so that the same models make the same bytes.
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, text.encode("latin-1"), zipfile.ZIP_DEFLATED, 9)

        for number, (label, piece, (title, author, licence, address), model, simplified) in enumerate(chosen, 1):
            path = "%s/%03d.obj" % (label, number)
            put(path, model)
            entries = {"id": piece["id"], "name": piece["name"], "category": label, "model": "/" + path,
                       "creator": latin(author), "license": " ".join(licence)}
            if "modelRotation" in piece:
                entries["modelRotation"] = piece["modelRotation"]
            listing += ["%s#%d=%s" % (key, number, value) for key, value in entries.items()] + [""]
            cells = [number, label, piece["name"] + " *" * simplified, title, author, "[%s](%s)" % licence, address]
            rows.append("| %s |" % " | ".join(str(cell).replace("|", "/") for cell in cells))
        put("PluginFurnitureCatalog.properties", "\n".join(listing))

    counts = [sum(entry[0] == label for entry in chosen) for label in CLASSES]
    classes = "".join("| %s | %d | %s |\n" % (label, count, ", ".join("`%s`" % p for p in patterns))
                      for (label, patterns), count in zip(CLASSES.items(), counts))
    text = HEAD % (len(chosen), classes, 2 * GRID, MOST_TRIANGLES) + "\n".join(rows) + "\n"
    (folder / "LICENCES.md").write_text(text)
    print(dict(zip(CLASSES, counts)), (folder / "furniture.sh3f").stat().st_size, "bytes")


main(sys.argv[1])
