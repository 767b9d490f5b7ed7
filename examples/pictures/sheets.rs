//! Sheets of small pictures, each of a network of the run.

use std::path::{Path, PathBuf};

use equigen_core::registry::{Claim, Kind};
use equigen_core::{
    Augmentation, Deformation, Disturbance, Domain, Result, Seed, SignalReader, SignalSet, Symmetry, Zoo, device, host,
    picture,
};

use crate::run::Run;

/// Writes square pictures of one channel, `columns` in a row, each pixel `scale` pixels wide.
fn write(tiles: &[f32], side: usize, scale: usize, columns: usize, path: &Path) -> Result<()> {
    let wide = side * scale;
    let enlarge = |tile: &[f32]| -> Vec<f32> {
        (0..wide * wide).map(|k| tile[(k / wide / scale) * side + (k % wide) / scale]).collect()
    };
    let pixels: Vec<f32> = tiles.chunks(side * side).flat_map(enlarge).collect();
    picture::save(&Domain::Image { height: wide, width: wide, channels: 1 }, &pixels, columns, path)
}

/// The first signals of the data set.
pub(crate) fn signals(run: &Run, path: &Path) -> Result<()> {
    let mut reader: Box<dyn SignalReader> = run.pipeline.data.signals.open()?;
    let signals = SignalSet::read(&mut *reader, 48)?;
    write(&signals.values, 28, 2, 16, path)
}

/// Networks on the grid that they were fitted on, and below it on one four times as fine.
pub(crate) fn resolutions(run: &Run, path: &Path) -> Result<()> {
    let (rows, side) = (&run.split.ceiling[..5], 112);
    let grid = run.render(rows, 28);
    let enlarge =
        |tile: &[f32]| -> Vec<f32> { (0..side * side).map(|k| tile[(k / side / 4) * 28 + (k % side) / 4]).collect() };
    let coarse: Vec<f32> = grid.chunks(28 * 28).flat_map(enlarge).collect();
    write(&[coarse, run.render(rows, side)].concat(), side, 1, rows.len(), path)
}

/// Above, the weights between the hidden layers of one network under an element of each group; below, what it renders as.
pub(crate) fn symmetries(run: &Run, path: &Path) -> Result<()> {
    let network = run.zoo.network(run.split.ceiling[0]);
    let layout = &run.zoo.layout;
    let mut images = vec![network.to_vec()];
    for record in run.registry.of(Kind::Symmetry) {
        let symmetry: Box<dyn Symmetry> = record.component()?;
        // A group that acts on no layer of these networks has no picture.
        if let Ok(element) = symmetry.sample(layout, &mut Seed::new(1).stream(0)) {
            println!("symmetries: {}", record.name);
            images.push(element.apply_host(layout, network));
        }
    }
    let tensor = layout.weight(1);
    let side = tensor.shape[0];
    let weights = images.iter().flat_map(|image| &image[tensor.range()]);
    let scale = weights.clone().fold(0f32, |most, weight| most.max(weight.abs()));
    let mut tiles: Vec<f32> = weights.map(|weight| 0.5 + 0.5 * weight / scale).collect();
    tiles.extend(run.render_values(images.concat(), side));
    write(&tiles, side, 4, images.len(), path)
}

/// A row for each augmentation that changes what a network renders as, below a row of the networks themselves.
pub(crate) fn augmentations(run: &Run, path: &Path) -> Result<()> {
    let rows = run.held_out(7);
    let weights = run.zoo.weights(&rows, &run.device);
    let mut values = weights.to_host();
    for record in run.registry.of(Kind::Augmentation) {
        if record.claims.contains(&Claim::PreservesFunction) {
            continue;
        }
        println!("augmentations: {}", record.name);
        let augmentation: Box<dyn Augmentation> = record.component()?;
        let draws = augmentation.draw(weights.layout(), rows.len(), &mut Seed::new(3).stream(0))?;
        values.extend(augmentation.apply(&weights, &draws).to_host());
    }
    write(&run.render_values(values, 28), 28, 2, rows.len(), path)
}

/// A row for each deformation at level 1, below a row of the signals themselves; networks are fitted to such signals.
pub(crate) fn deformations(run: &Run, path: &Path) -> Result<()> {
    let (rows, domain) = (run.held_out(12), run.zoo.domain);
    let signals = run.render(&rows, 28);
    let mut tiles = signals.clone();
    for record in run.registry.of(Kind::Deformation) {
        println!("deformations: {}", record.name);
        let deformation: Box<dyn Deformation> = record.component()?;
        for (i, signal) in signals.chunks(domain.points()).enumerate() {
            let map = deformation.draw(domain.dimensions(), 1.0, &mut Seed::new(5).stream(i as u64))?;
            for point in domain.grid().chunks(domain.dimensions()) {
                let (mut point, mut value) = (point.to_vec(), [0.0]);
                map(&mut point);
                domain.interpolate(signal, &point, &mut value);
                tiles.extend(value);
            }
        }
    }
    write(&tiles, 28, 2, rows.len(), path)
}

/// In each row a network, and those whose features are nearest to its own by cosine, of all that nothing was trained on.
pub(crate) fn neighbours(run: &Run, path: &Path) -> Result<()> {
    let rows = &run.split.judge_test;
    let dim = run.pipeline.pretrain.encoder.dim();
    let compared = run.pipeline.pretrain.compared();
    let features: Vec<Vec<f32>> =
        run.features(rows).chunks(dim).map(|feature| unit(&feature[compared.clone()])).collect();
    let mut picked = Vec::new();
    for query in run.spread(7) {
        let near = |i: usize| features[i].iter().zip(&features[query]).map(|(a, b)| a * b).sum::<f32>();
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by(|a, b| near(*b).total_cmp(&near(*a)));
        picked.extend(order[..12].iter().map(|i| rows[*i]));
    }
    write(&run.render(&picked, 28), 28, 2, 12, path)
}

fn unit(feature: &[f32]) -> Vec<f32> {
    let length = feature.iter().map(|x| x * x).sum::<f32>().sqrt();
    feature.iter().map(|x| x / length).collect()
}

/// Two rows for each disturbance: networks that the generator makes, without noise, of the features of two shots, moved at
/// levels from 0 to 2.2.
pub(crate) fn disturbances(run: &Run, path: &Path) -> Result<()> {
    let (bank, columns) = (run.bank(), 12);
    let shots = run.features(&run.split.shots[..2]);
    let mut tiles = Vec::new();
    for record in run.registry.of(Kind::Disturbance) {
        println!("disturbances: {}", record.name);
        let disturbance: Box<dyn Disturbance> = record.component()?;
        for shot in shots.chunks(bank.dim) {
            let mut features = shot.repeat(columns);
            let level: Vec<f32> = (0..columns).map(|i| 0.2 * i as f32).collect();
            disturbance.disturb(&mut features, &level, &bank, &mut Seed::new(7).stream(0))?;
            let condition = host::tensor(features, [columns, bank.dim], &run.device);
            let still = host::tensor(vec![0.0; columns], [columns, 1], &run.device);
            let made = run.generator.sample(condition, still, 0.0, &mut Seed::new(7).stream(1));
            tiles.extend(run.render_values(made.to_host(), 28));
        }
    }
    write(&tiles, 28, 2, columns, path)
}

/// Two rows of samples of each run, the first ones.
pub(crate) fn samples(run: &Path, others: &[PathBuf], path: &Path) -> Result<()> {
    let (mut tiles, rows) = (Vec::new(), (0..24).collect::<Vec<_>>());
    for folder in std::iter::once(run).chain(others.iter().map(PathBuf::as_path)) {
        let zoo = Zoo::load(&folder.join("sample/weights.safetensors"))?;
        tiles.extend(picture::render(&zoo, &rows, &zoo.domain.grid(), &device::open("flex")?));
    }
    write(&tiles, 28, 2, 12, path)
}
