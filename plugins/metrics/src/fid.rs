//! The Fréchet Inception distance, where its network is at hand.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use equigen_core::{Comparison, Domain, Judgement, Measure, Metric, Result, Sight, register};
use equigen_exchange::Weights;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::convolution::{hash, resolve};
use crate::eyes::Eyes;
use crate::frechet_distance::Gaussian;
use crate::inception::{Inception, SIDE};
use crate::pictures::Pictures;

/// FID (Heusel et al. 2017), by the Inception network of pytorch-fid.
///
/// Measures `fid`: ‖μ₁-μ₂‖² + tr(C₁ + C₂ - 2 (C₁C₂)^½) of gaussians fitted to 2,048 features of the set and of the reference,
/// as pytorch-fid has them: images are resized to 299 x 299, bilinearly, and grey is repeated. Values are cut to [0, 1] and not
/// rounded to bytes. It needs the file `pt_inception-2015-12-05-6726825d.pth` that pytorch-fid publishes; without it `fid` is
/// not computed. FID falls with the size of the sets: compare only values of sets as large. A look at an image takes 5.7
/// thousand million multiplications, so that a run's sets take minutes on a processor.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Fid {
    /// Path of the network's weights, relative to the pipeline file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<PathBuf>,
}

register!(Metric, Fid);

/// Images looked at in one go.
const LOOK: usize = 4;

#[typetag::serde(name = "fid")]
impl Metric for Fid {
    fn resolve(&mut self, folder: &Path) {
        resolve(&mut self.weights, folder);
    }

    fn fingerprint(&self) -> Result<Option<String>> {
        self.weights.as_deref().map(hash).transpose()
    }

    fn sight(&self, domain: Domain, device: &Device) -> Result<Sight> {
        let Some(path) = &self.weights else {
            return Ok(Sight::Missing("no weights"));
        };
        let pictures = Pictures::of(domain)?;
        let network = Inception::load(Weights::read(path)?, device)?;
        let look = move |signals: &[f32]| network.features(pictures.planes(signals, [SIDE, SIDE]));
        Ok(Sight::Own(Box::new(Eyes { length: pictures.length(), at_once: LOOK, look })))
    }

    fn measure(&self, of: &Judgement, with: &Comparison<'_>) -> Result<Vec<Measure>> {
        super::check_vectors(of)?;
        super::check(of, 2, "the compared set", "sample.count and data.reference")?;
        super::check(with.reference, 2, "the reference set", "data.reference")?;
        Ok(vec![Measure { name: "fid", value: Gaussian::fit(of).frechet(&Gaussian::fit(with.reference)) }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{cloud, comparison};

    #[test]
    fn is_the_frechet_distance_of_what_it_is_given() {
        let (a, b) = (cloud(40, 8, 0.0, 1), cloud(60, 8, 1.0, 2));
        let value = Fid::default().measure(&a, &comparison(&b, &b)).unwrap()[0].value;
        assert!((value - Gaussian::fit(&a).frechet(&Gaussian::fit(&b))).abs() < 1e-12);
    }

    #[test]
    fn without_weights_it_is_not_computed_and_a_missing_file_is_named() {
        let domain = Domain::Image { height: 28, width: 28, channels: 1 };
        let sight = Fid::default().sight(domain, &Device::flex());
        assert!(matches!(sight, Ok(Sight::Missing("no weights"))));
        assert_eq!(Fid::default().fingerprint().unwrap(), None);
        let mut fid = Fid { weights: Some("none.pth".into()) };
        fid.resolve(Path::new("/nowhere"));
        for error in [fid.fingerprint().unwrap_err(), fid.sight(domain, &Device::flex()).err().unwrap()] {
            assert!(error.to_string().contains("`/nowhere/none.pth`"), "{error}");
        }
    }
}
