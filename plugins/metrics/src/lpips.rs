//! The learned perceptual distance, where its networks are at hand.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use equigen_core::{Comparison, Domain, Error, Judgement, Measure, Metric, Result, Sight, register};
use equigen_exchange::Weights;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::alexnet::AlexNet;
use crate::convolution::{hash, resolve};
use crate::eyes::Eyes;
use crate::pictures::Pictures;

/// Mean pairwise LPIPS (Zhang et al. 2018, version 0.1 with AlexNet) in a set: how various it is to the eye.
///
/// Measures `lpips`: the mean over all pairs of different signals of the set; the row of held-out items says what real signals
/// have. It needs two files: the heads that the authors of LPIPS publish (`weights`, their `weights/v0.1/alex.pth`) and
/// torchvision's AlexNet (`alexnet`, `alexnet-owt-7be5be79.pth`); without them `lpips` is not computed. Images are seen at
/// their size, grey repeated; those with a side below 64 pixels, on which AlexNet's last layers see nothing, are enlarged
/// bilinearly until it has 64.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Lpips {
    /// Path of the heads, relative to the pipeline file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<PathBuf>,
    /// Path of AlexNet's weights, relative to the pipeline file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alexnet: Option<PathBuf>,
}

register!(Metric, Lpips);

/// Images looked at in one go.
const LOOK: usize = 32;
/// Least side of an image.
const LEAST: usize = 64;

impl Lpips {
    /// Both files, or none.
    fn files(&self) -> Result<Option<(&Path, &Path)>> {
        match (&self.weights, &self.alexnet) {
            (Some(weights), Some(alexnet)) => Ok(Some((weights, alexnet))),
            (None, None) => Ok(None),
            (Some(_), None) => {
                Err(Error::config("`alexnet` is missing: give torchvision's `alexnet-owt-7be5be79.pth`"))
            }
            (None, Some(_)) => Err(Error::config("`weights` is missing: give the heads of LPIPS v0.1, `alex.pth`")),
        }
    }
}

#[typetag::serde(name = "lpips")]
impl Metric for Lpips {
    fn resolve(&mut self, folder: &Path) {
        resolve(&mut self.weights, folder);
        resolve(&mut self.alexnet, folder);
    }

    fn fingerprint(&self) -> Result<Option<String>> {
        let hashes = |(weights, alexnet)| Ok(format!("{} {}", hash(weights)?, hash(alexnet)?));
        self.files()?.map(hashes).transpose()
    }

    fn sight(&self, domain: Domain, device: &Device) -> Result<Sight> {
        let Some((weights, alexnet)) = self.files()? else {
            return Ok(Sight::Missing("no weights"));
        };
        let pictures = Pictures::of(domain)?;
        let network = AlexNet::load(Weights::read(alexnet)?, Weights::read(weights)?, device)?;
        let [height, width] = pictures.size();
        let least = height.min(width).max(1);
        let size = [height, width].map(|side| if least < LEAST { (side * LEAST).div_ceil(least) } else { side });
        let look = move |signals: &[f32]| network.features(pictures.planes(signals, size), size);
        Ok(Sight::Own(Box::new(Eyes { length: pictures.length(), at_once: LOOK, look })))
    }

    fn measure(&self, of: &Judgement, _: &Comparison<'_>) -> Result<Vec<Measure>> {
        super::check_vectors(of)?;
        super::check(of, 2, "the compared set", "sample.count and data.reference")?;
        Ok(vec![Measure { name: "lpips", value: mean_square(of) }])
    }
}

/// Mean squared distance of all pairs: that to the mean, times 2 n / (n - 1).
fn mean_square(set: &Judgement) -> f64 {
    let (n, dim) = (set.len() as f64, set.dim);
    let mut mean = vec![0.0; dim];
    for feature in set.features.chunks(dim) {
        mean.iter_mut().zip(feature).for_each(|(mean, value)| *mean += f64::from(*value) / n);
    }
    let from_mean = |feature: &[f32]| feature.iter().zip(&mean).map(|(a, b)| (f64::from(*a) - b).powi(2)).sum::<f64>();
    set.features.chunks(dim).map(from_mean).sum::<f64>() * 2.0 / (n - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{cloud, comparison, set};

    #[test]
    fn is_the_mean_squared_distance_of_pairs() {
        let of = set(&[0.0, 1.0, 3.0], 1);
        let value = Lpips::default().measure(&of, &comparison(&of, &of)).unwrap()[0].value;
        assert!((value - (1.0 + 9.0 + 4.0) / 3.0).abs() < 1e-12);
        let of = cloud(20, 7, 0.0, 1);
        let pairs = (0..20).flat_map(|i| (0..i).map(move |j| (i, j)));
        let sum: f64 = pairs.map(|(i, j)| of.distance(i, &of, j).powi(2)).sum();
        assert!((mean_square(&of) - sum / 190.0).abs() < 1e-9);
    }

    #[test]
    fn one_file_alone_is_refused_and_none_is_not_computed() {
        let domain = Domain::Image { height: 28, width: 28, channels: 1 };
        assert!(matches!(Lpips::default().sight(domain, &Device::flex()), Ok(Sight::Missing("no weights"))));
        let heads = Lpips { weights: Some("alex.pth".into()), alexnet: None };
        assert!(heads.fingerprint().unwrap_err().to_string().contains("`alexnet` is missing"));
        let network = Lpips { weights: None, alexnet: Some("alexnet.pth".into()) };
        assert!(network.fingerprint().unwrap_err().to_string().contains("`weights` is missing"));
    }
}
