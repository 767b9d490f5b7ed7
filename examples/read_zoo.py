"""Prints what a zoo of equigen holds; needs Python's standard library only."""

import json
import struct
import sys
from array import array

with open(sys.argv[1], "rb") as file:
    (length,) = struct.unpack("<Q", file.read(8))
    header = json.loads(file.read(length))
    body = file.read()
about = json.loads(header.pop("__metadata__")["equigen"])


def tensor(name):
    start, end = header[name]["data_offsets"]
    return array("f", body[start:end])


print(about["inr"], about["domain"])
for name, entry in header.items():
    print(name, entry["dtype"], entry["shape"])
label = about["labels"][int(tensor("label")[0])]
print(f"network 0 is a {label} at {tensor('psnr')[0]:.2f} dB")
