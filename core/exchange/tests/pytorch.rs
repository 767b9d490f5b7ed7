//! Networks behind an encoding, both ways through real PyTorch: what it makes is read, and what is exported it reads, at the
//! widths of HyperDiffusion's occupancy networks (Erkoç et al. 2023). Needs a Python with torch and numpy in `EQUIGEN_PYTHON`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use burn::tensor::Device;
use equigen_core::registry::Registry;
use equigen_core::{Domain, Field, Inr, Seed, Zoo, ZooItem, picture};
use equigen_exchange::{Format, ImportOptions, export, import};
use equigen_inrs::{ReluPe, Siren};

/// A Python with PyTorch and numpy: `EQUIGEN_PYTHON`, or `python3`.
fn python() -> Option<PathBuf> {
    let python = std::env::var_os("EQUIGEN_PYTHON").map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let output = Command::new(&python).args(["-c", "import numpy, torch"]).output().ok()?;
    let found = output.status.success().then_some(python);
    if found.is_none() {
        eprintln!("skipped: no Python with torch and numpy; name one in EQUIGEN_PYTHON");
    }
    found
}

/// HyperDiffusion's `MLP3D` and `Embedder`, and a plain SIREN, in two and three dimensions.
const MODULES: &str = r#"
import sys, numpy as np, torch
from torch import nn

class Relu(nn.Module):
    def __init__(self, d, hidden, octaves, c):
        super().__init__()
        self.octaves = octaves
        sizes = [d * (1 + 2 * octaves), *hidden, c]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
    def forward(self, x):
        waves = [f(x * 2.0**k) for k in range(self.octaves) for f in (torch.sin, torch.cos)]
        x = torch.cat([x, *waves], -1)
        for layer in self.layers[:-1]:
            x = torch.relu(layer(x))
        return self.layers[-1](x)

class Siren(nn.Module):
    def __init__(self, d, hidden, omega, c):
        super().__init__()
        self.omega = omega
        sizes = [d, *hidden, c]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))
        # Sitzmann et al. 2020, as all that save SIRENs have it: PyTorch's own start has phases of hundreds of radians.
        for i, layer in enumerate(self.layers):
            bound = 1 / d if i == 0 else (6 / layer.in_features) ** 0.5 / omega
            nn.init.uniform_(layer.weight, -bound, bound)
    def forward(self, x):
        for layer in self.layers[:-1]:
            x = torch.sin(self.omega * layer(x))
        return self.layers[-1](x)

def model(kind, d):
    torch.manual_seed(3)
    if kind == "relu":
        return Relu(d, [128] * 3, 4, 1)
    return Siren(d, [32, 32], 30.0, 1)

torch.manual_seed(5)
grids = {2: None, 3: torch.rand(500, 3) * 2 - 1}
axis = torch.linspace(-1, 1, 20)
y, x = torch.meshgrid(axis, axis, indexing="ij")
grids[2] = torch.stack([x, y], -1).reshape(-1, 2)

def values(model, d):
    out = model(grids[d])
    # A zoo of shapes renders how likely a point is inside.
    return (torch.sigmoid(out) if d == 3 else out).detach().numpy().astype("<f4").tobytes()
"#;

fn numbers(path: &Path) -> Vec<f32> {
    let bytes = std::fs::read(path).unwrap();
    bytes.chunks(4).map(|number| f32::from_le_bytes(number.try_into().unwrap())).collect()
}

#[track_caller]
fn near(what: &str, found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let worst = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    let spread = expected.iter().fold(f32::MIN, |m, x| m.max(*x)) - expected.iter().fold(f32::MAX, |m, x| m.min(*x));
    assert!(
        worst < 1e-5 && spread > 1e-3,
        "{what}: {worst} from what PyTorch renders, whose values spread by {spread}"
    );
}

fn script(python: &Path, folder: &Path, text: &str) {
    let output = Command::new(python).args(["-c", &format!("{MODULES}{text}")]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

const IMAGE: Domain = Domain::Image { height: 20, width: 20, channels: 1 };
const SHAPE: Domain = Domain::Shape { points: 8, tested: 8, field: Field::Occupancy };
/// Kind, dimensions, component with the settings that widths do not tell, domain.
const CASES: [(&str, usize, &str, Domain); 4] = [
    ("relu", 2, "relu-pe", IMAGE),
    ("relu", 3, "relu-pe", SHAPE),
    ("siren", 2, "siren", IMAGE),
    ("siren", 3, "siren", SHAPE),
];

#[test]
fn what_pytorch_saves_renders_as_it_does_there() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    script(
        &python,
        folder.path(),
        r#"
for d in (2, 3):
    open(f"points-{d}", "wb").write(grids[d].numpy().astype("<f4").tobytes())
    for kind in ("relu", "siren"):
        net = model(kind, d)
        torch.save(net.state_dict(), f"{kind}-{d}.pth")
        np.savez(f"{kind}-{d}.npz", **{name: value.numpy() for name, value in net.state_dict().items()})
        open(f"{kind}-{d}.values", "wb").write(values(net, d))
"#,
    );
    let at = |name: &str| folder.path().join(name);
    for (kind, dimensions, inr, domain) in CASES {
        for extension in ["pth", "npz"] {
            let options = ImportOptions {
                inr: Some(serde_json::json!({ "type": inr })),
                domain: Some(domain),
                ..ImportOptions::default()
            };
            let file = at(&format!("{kind}-{dimensions}.{extension}"));
            let zoo = import(&[file], &options, &Registry::collect().unwrap()).unwrap().zoo;
            let points = numbers(&at(&format!("points-{dimensions}")));
            let found = picture::render(&zoo, &[0], &points, &Device::flex());
            near(&format!("{kind} {dimensions}"), &found, &numbers(&at(&format!("{kind}-{dimensions}.values"))));
        }
    }
}

#[test]
fn what_is_exported_renders_in_pytorch_as_it_does_here() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut here = Vec::new();
    script(
        &python,
        folder.path(),
        "for d in (2, 3): open(f'points-{d}', 'wb').write(grids[d].numpy().astype('<f4').tobytes())\n",
    );
    for (kind, dimensions, inr, domain) in CASES {
        let zoo = if inr == "siren" { zoo(Siren::default(), domain) } else { zoo(ReluPe::default(), domain) };
        export(&zoo, Format::Pytorch, "layers", &at(&format!("{kind}-{dimensions}"))).unwrap();
        let points = numbers(&at(&format!("points-{dimensions}")));
        here.push((kind, dimensions, picture::render(&zoo, &[0], &points, &Device::flex())));
    }
    script(
        &python,
        folder.path(),
        r#"
for d in (2, 3):
    for kind in ("relu", "siren"):
        net = model(kind, d)
        net.load_state_dict(torch.load(f"{kind}-{d}/00000.pth", weights_only=True))
        open(f"{kind}-{d}.values", "wb").write(values(net, d))
"#,
    );
    for (kind, dimensions, found) in here {
        near(&format!("{kind} {dimensions}"), &found, &numbers(&at(&format!("{kind}-{dimensions}.values"))));
    }
}

fn zoo(inr: impl Inr + 'static, domain: Domain) -> Zoo {
    let layout = Arc::new(inr.layout(domain.dimensions(), 1).unwrap());
    let values = inr.initialise(&layout, &mut Seed::new(4).stream(0));
    let items = vec![ZooItem { label: "a".into(), quality: f32::NAN, steps: 0 }];
    Zoo { inr: Arc::new(inr), layout, domain, values, items }
}
