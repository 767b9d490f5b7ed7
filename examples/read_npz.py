import json
import numpy as np


def load_npz(path):
    """A function from coordinates [m, d] to values [n, m, c], and the label of each network."""
    file = np.load(path)
    about = json.loads(str(file["equigen"]))
    hidden = [layer["activation"] for layer in about["layout"]["hidden"]]
    offset = 0.5 if about["inr"].get("variant") == "dwsnets" else 0.0

    def render(x):
        for i, activation in enumerate([*hidden, None]):
            x = x @ file[f"layers.{i}.weight"].swapaxes(1, 2) + file[f"layers.{i}.bias"][:, None]
            if activation == "relu":
                x = np.maximum(x, 0)
            elif activation is not None:
                x = np.sin(activation["sine"]["omega"] * x)
        return x + offset

    return render, [about["labels"][int(i)] for i in file["label"]]
