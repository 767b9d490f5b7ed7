//! How well networks represent given signals.

use burn::tensor::Device;
use equigen_core::{Error, Result, SignalSet, Zoo, picture};

/// Networks rendered at a time.
const BATCH: usize = 256;

/// Sets the PSNR (dB, peak 1) of each network against the signal of the same row, and its label where it has none.
///
/// # Errors
/// If the signals are on another domain, there are fewer of them, or labels differ.
pub fn compare(zoo: &mut Zoo, signals: &SignalSet) -> Result<()> {
    if zoo.domain != signals.domain {
        let text = format!("the networks are on {:?}, the signals on {:?}", zoo.domain, signals.domain);
        return Err(Error::failed(format!("{text}; give the signals that they were fitted to")));
    }
    if zoo.domain.has_own_points() {
        let text = "how well networks fit is computed for images only; leave the signals out";
        return Err(Error::failed(text));
    }
    if zoo.len() > signals.len() {
        let text = format!("there are {} networks, but {} signals", zoo.len(), signals.len());
        return Err(Error::failed(format!("{text}; give a signal for each network, in the order of their names")));
    }
    for (row, (item, label)) in zoo.items.iter_mut().zip(&signals.labels).enumerate() {
        if item.label == crate::import::UNKNOWN {
            item.label.clone_from(label);
        }
        if item.label != *label {
            let text = format!("network {row} is labelled `{}`, signal {row} `{label}`", item.label);
            return Err(Error::failed(format!("{text}; the signals must come in the order of the networks' names")));
        }
    }
    let (grid, device) = (zoo.domain.grid(), Device::flex());
    let length = zoo.domain.points() * zoo.domain.channels();
    let rows: Vec<usize> = (0..zoo.len()).collect();
    for rows in rows.chunks(BATCH) {
        let rendered = picture::render(zoo, rows, &grid, &device);
        for (row, values) in rows.iter().zip(rendered.chunks(length)) {
            let error = |(a, b): (&f32, &f32)| f64::from(a - b).powi(2);
            let mean = values.iter().zip(signals.signal(*row)).map(error).sum::<f64>() / length as f64;
            zoo.items[*row].quality = (-10.0 * mean.log10()) as f32;
        }
    }
    Ok(())
}
