"""Training steps of encoders and denoisers in PyTorch eager, as `equigen bench encode train` does them: batch 64 of networks
2-32-32-1; forward pass, loss, backward pass, AdamW. Prints a JSON list of rows that carry the names of equigen's.

    python train_torch.py [--device cpu|cuda] [--threads 2] [--repeats 20] [--fused]

The modules are those of plugins/encoders/src/dws.rs, plugins/generators/src/diffusion and core/src/decoder.rs, written as one
writes them in PyTorch: nn.Linear, nn.LayerNorm, F.gelu. --fused takes AdamW's fused kernel, which is not the default.
"""
import argparse
import json
import math
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn

BATCH, HIDDEN, OMEGA = 64, 32, 30.0
SHAPES = [(HIDDEN, 2), (HIDDEN,), (HIDDEN, HIDDEN), (HIDDEN,), (1, HIDDEN), (1,)]
PARAMETERS = sum(math.prod(shape) for shape in SHAPES)


def standardise(x):
    return F.layer_norm(x, x.shape[-1:])


def split(values):
    """Flat networks [n, parameters] to their tensors."""
    parts = values.split([math.prod(shape) for shape in SHAPES], dim=1)
    return [part.reshape(len(values), *shape) for part, shape in zip(parts, SHAPES)]


def render(values, points):
    """Values [n, points, 1] of networks at shared points."""
    w0, b0, w1, b1, w2, b2 = split(values)
    state = torch.sin(OMEGA * (w0 @ points.t() + b0[:, :, None]))
    state = torch.sin(OMEGA * (w1 @ state + b1[:, :, None]))
    return (w2 @ state + b2[:, :, None]).transpose(1, 2)


# Each parameter tensor by the hidden layers of its neuron axes and the product of its other axes.
SPACES = [((0,), 2), ((0,), 1), ((1, 0), 1), ((1,), 1), ((1,), 1), ((), 1)]


class Target(nn.Module):
    def __init__(self, axes, fixed, inputs, outputs):
        super().__init__()
        wide = lambda shares: sum(f * inputs for a, f in SPACES if shares(a))
        out = fixed * outputs
        self.axes = axes
        self.own = nn.Linear(fixed * inputs, out, bias=False) if len(axes) == 2 else None
        self.along = nn.ModuleList([nn.Linear(wide(lambda a, axis=axis: axis in a), out) for axis in axes])
        self.pooled = nn.Linear(wide(lambda a: True), out)

    def forward(self, state, along, pooled):
        total = self.pooled(pooled)
        if self.axes:
            total = self.along[0](along[self.axes[0]]) + total
        if self.own is None:
            return total
        columns = self.along[1](along[self.axes[1]])
        own = self.own(state)
        n, neurons, out = own.shape
        own = own.reshape(n, HIDDEN, HIDDEN, out)
        return (own + total[:, :, None] + columns[:, None]).reshape(n, neurons, out)


class Dws(nn.Module):
    def __init__(self, width, layers=4, dim=64):
        super().__init__()
        of = lambda layer: 1 if layer == 0 else width
        layer = lambda i: nn.ModuleList([Target(axes, fixed, of(i), width) for axes, fixed in SPACES])
        self.layers = nn.ModuleList([layer(i) for i in range(layers)])
        self.head = nn.Linear(sum(fixed for _, fixed in SPACES) * width, dim)

    @staticmethod
    def pool(states):
        along, pooled = {}, []
        for (axes, _), state in zip(SPACES, states):
            smallest = state
            for position, axis in enumerate(axes):
                if len(axes) == 2:
                    n, _, f = state.shape
                    smallest = state.reshape(n, HIDDEN, HIDDEN, f).mean(2 - position)
                along.setdefault(axis, []).append(smallest)
            pooled.append(smallest.mean(1, keepdim=True))
        return {axis: torch.cat(parts, 2) for axis, parts in along.items()}, torch.cat(pooled, 2)

    def forward(self, values):
        w0, b0, w1, b1, w2, b2 = split(values)
        n = len(values)
        states = [w0, b0[:, :, None], w1.reshape(n, -1, 1), b1[:, :, None], w2.transpose(1, 2), b2[:, None]]
        for layer in self.layers:
            along, pooled = self.pool(states)
            states = [F.relu(target(state, along, pooled)) for target, state in zip(layer, states)]
        pooled = torch.cat([state.amax(1) for state in states], 1)
        return standardise(self.head(pooled))


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm, self.first, self.second = nn.LayerNorm(width), nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x):
        return x + self.second(F.gelu(self.first(self.norm(x))))


def embed(scalar):
    angle = scalar * (math.pi / 2 * 2.0 ** torch.arange(8, device=scalar.device))
    return torch.cat([angle.sin(), angle.cos()], 1)


class Denoiser(nn.Module):
    def __init__(self, dim, outputs, width=512, blocks=3):
        super().__init__()
        self.input = nn.Linear(PARAMETERS + dim + 32, width)
        self.blocks = nn.Sequential(*[Block(width) for _ in range(blocks)])
        self.norm, self.output = nn.LayerNorm(width), nn.Linear(width, outputs)

    def forward(self, x_t, time, condition, level):
        x = self.input(torch.cat([x_t, condition, embed(time), embed(level)], 1))
        return self.output(self.norm(self.blocks(x)))


class Decoder(nn.Module):
    def __init__(self, dim, deviation, hidden=1024):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(dim, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU(), nn.Linear(hidden, PARAMETERS))
        self.base, self.step = nn.Parameter(torch.randn(PARAMETERS) * 0.1), nn.Parameter(torch.full((PARAMETERS,), 0.1))
        self.register_buffer("deviation", deviation)

    def forward(self, features):
        return self.base + standardise(self.net(features)) * (self.step * self.deviation)


def networks(device):
    bounds = [1 / 2, 0.7, math.sqrt(6 / HIDDEN) / OMEGA, 0.18, math.sqrt(6 / HIDDEN) / OMEGA, 0.18]
    parts = [torch.empty(BATCH, math.prod(shape)).uniform_(-b, b) for shape, b in zip(SHAPES, bounds)]
    return torch.cat(parts, 1).to(device)


def measured(name, module, loss, args):
    """Median of single steps, after some that warm caches."""
    optimiser = torch.optim.AdamW([p for p in module.parameters() if p.requires_grad], lr=1e-4, weight_decay=0.0,
                                  fused=True if args.fused else None)

    def step():
        optimiser.zero_grad(set_to_none=True)
        loss().backward()
        optimiser.step()
        if args.device == "cuda":
            torch.cuda.synchronize()

    for _ in range(3):
        step()
    seconds = []
    for _ in range(args.repeats):
        begun = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - begun)
    count = sum(p.numel() for p in module.parameters() if p.requires_grad)
    return {"work": f"{name}, batch {BATCH}", "milliseconds_a_step": round(1e3 * statistics.median(seconds), 3),
            "parameters": count, "torch": torch.__version__, "device": args.device, "threads": torch.get_num_threads()}


def dws(name, width, args):
    module, weights = Dws(width).to(args.device), networks(args.device)
    return measured(name, module, lambda: module(weights).square().sum(), args)


def noisy(x0):
    """A noisy state at random times, with the share of the signal in it, [n, 1]."""
    time = torch.rand(BATCH, 1, device=x0.device)
    alpha_bar = torch.cos(time * math.pi / 2).square()
    return x0 * alpha_bar.sqrt() + torch.randn_like(x0) * (1 - alpha_bar).sqrt(), time, alpha_bar


DIM = 6  # Length of the features, as in equigen's benchmark.


def denoiser(args):
    """By itself: clean weights from noisy ones, in weight space."""
    module, weights = Denoiser(DIM, PARAMETERS).to(args.device), networks(args.device)
    x0 = (weights - weights.mean(0)) / weights.std(0) * 0.15
    condition, level = torch.randn(BATCH, DIM, device=args.device), torch.full((BATCH, 1), 0.5, device=args.device)

    def loss():
        x_t, time, _ = noisy(x0)
        return (module(x_t, time, condition, level) - x0).square().mean()

    return measured("denoiser of width 512", module, loss, args)


def diffusion(args):
    """The default generator behind its decoder's phase: the answer is a feature, decoded, rendered and compared."""
    weights = networks(args.device)
    module = Denoiser(DIM, DIM).to(args.device)
    decoder = Decoder(DIM, weights.std(0)).to(args.device).requires_grad_(False)
    probes = torch.rand(DIM, 2, device=args.device) * 2 - 1
    pooled = lambda values: render(values, probes).squeeze(2)
    features, level = pooled(weights), torch.full((BATCH, 1), 0.5, device=args.device)
    line = torch.linspace(-1, 1, 8, device=args.device)
    grid = torch.stack(torch.meshgrid(line, line, indexing="xy"), -1).reshape(64, 2)
    signals = render(weights, grid).clamp(0, 1).reshape(BATCH, 1, 8, 8)
    with torch.no_grad():
        decoded = decoder(features)
        centre, spread = decoded.mean(0), decoded.std(0) + 1e-6
    state = lambda values: (values - centre) / spread * 0.15

    def loss():
        with torch.no_grad():
            x0 = state(decoder(features))
        x_t, time, alpha_bar = noisy(x0)
        feature = features + module(x_t, time, features, level)
        network = decoder(feature)
        points = torch.rand(128, 2, device=x0.device) * 2 - 1
        target = F.grid_sample(signals, points.expand(BATCH, 1, 128, 2), "bicubic", "border", align_corners=True)
        function = (render(network, points) - target.reshape(BATCH, 128, 1)).square().mean()
        change = (pooled(network) - features).square().mean(1, keepdim=True)
        return 0.3 * function + 0.1 * (feature - features).square().mean() + 0.01 * (change * alpha_bar).mean()

    return measured("diffusion", module, loss, args)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--fused", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    rows = [dws("dws", 32, args), dws("dws of width 128", 128, args), diffusion(args), denoiser(args)]
    print(json.dumps(rows))


main()
