import json, zipfile
import torch


def load_pth(path):
    """A function from coordinates [m, d] to values [m, c], and the label of the network."""
    state = torch.load(path, weights_only=True)
    about = json.loads(zipfile.ZipFile(path).read("archive/equigen.json"))
    hidden = [layer["activation"] for layer in about["layout"]["hidden"]]
    offset = 0.5 if about["inr"].get("variant") == "dwsnets" else 0.0

    def render(x):
        for i, activation in enumerate([*hidden, None]):
            x = x @ state[f"layers.{i}.weight"].T + state[f"layers.{i}.bias"]
            if activation == "relu":
                x = torch.relu(x)
            elif activation is not None:
                x = torch.sin(activation["sine"]["omega"] * x)
        return x + offset

    return render, about["item"]["label"]
