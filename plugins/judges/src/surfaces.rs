//! `surfaces`: shapes as clouds of points on their surfaces.

use burn::tensor::Device;
use equigen_core::config::Schedule;
use equigen_core::surface::Surface;
use equigen_core::{Domain, Error, Judge, JudgeModel, Judgement, Likeness, Result, Seed, register};
use equigen_geometry::{Mesh, distance::Cloud, sample};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Sees shapes as clouds of random points on their surfaces; it learns nothing and names no classes.
///
/// Of real shapes too it sees the surface between inside and outside, made in the same way at the same resolution, so that
/// what a mesh hides within does not count. A shape without a surface is left out of what is compared, and counted as `empty`.
/// Protocol: that of Yang et al. 2019, "PointFlow", and Erkoç et al. 2023, "HyperDiffusion".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Surfaces {
    /// Samples along each axis of the cube `[-1, 1]^3`.
    pub resolution: usize,
    /// Probability of being inside at the surface.
    pub level: f64,
    /// Points of each cloud, uniform by area.
    pub points: usize,
    /// How clouds are brought to one size.
    pub normalise: Normalise,
}

/// How clouds are brought to one size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Normalise {
    /// Mean 0, and deviation 1 over all coordinates, as HyperDiffusion does.
    #[default]
    Deviation,
    /// As they are.
    None,
}

impl Default for Surfaces {
    fn default() -> Self {
        Self { resolution: 64, level: 0.5, points: 2048, normalise: Normalise::Deviation }
    }
}

register!(Judge, Surfaces);

#[typetag::serde(name = "surfaces")]
impl Judge for Surfaces {
    fn build(&self, domain: Domain, _classes: usize, _device: &Device, seed: Seed) -> Result<Box<dyn JudgeModel>> {
        if !domain.has_own_points() {
            return Err(Error::config("judge `surfaces`: it looks at shapes only; choose `cnn` for images"));
        }
        if self.points == 0 {
            return Err(Error::config("judge `surfaces`: `points` = 0: give a number of points, such as 2048"));
        }
        let surface = Surface { resolution: self.resolution, level: self.level, files: Vec::new() };
        surface.check().map_err(|error| error.within("judge `surfaces`"))?;
        Ok(Box::new(Model { config: self.clone(), surface, seed }))
    }

    fn schedule(&self) -> Option<Schedule> {
        None
    }
}

struct Model {
    config: Surfaces,
    surface: Surface,
    seed: Seed,
}

impl Model {
    /// The cloud of one shape, `[points, 3]`; numbers that are none if it has no surface.
    fn cloud(&self, mesh: &Mesh, stream: u64) -> Vec<f32> {
        let drawn = || {
            let points = sample::Surface::new(mesh)?.draw(self.config.points, &mut self.seed.stream(stream));
            match self.config.normalise {
                Normalise::None => Ok(points),
                // The cloud's own order follows places; the first points must be random ones.
                Normalise::Deviation => {
                    Cloud::new(&points)?.standardised().map(|cloud| shuffled(cloud.points(), self.seed, stream))
                }
            }
        };
        let none = |_: equigen_geometry::Error| vec![[f64::NAN; 3]; self.config.points];
        drawn().unwrap_or_else(none).into_iter().flatten().map(|x| x as f32).collect()
    }
}

fn shuffled(points: &[[f64; 3]], seed: Seed, stream: u64) -> Vec<[f64; 3]> {
    let order = equigen_core::seed::permutation(&mut seed.split("order").stream(stream), points.len());
    order.into_iter().map(|i| points[i]).collect()
}

impl JudgeModel for Model {
    fn points(&self) -> Option<Vec<f32>> {
        Some(self.surface.points())
    }

    fn judge(&self, signals: &[f32]) -> Result<Judgement> {
        let see = |(i, signal): (usize, &[f32])| -> Result<Vec<f32>> {
            // The surface asks for the points in their order.
            let mut rest = signal;
            let mesh = self.surface.of(|points| {
                let (values, later) = rest.split_at(points.len() / 3);
                rest = later;
                values.iter().map(|value| if value.is_nan() { 0.0 } else { *value }).collect()
            })?;
            Ok(self.cloud(&mesh, i as u64))
        };
        let signals = signals.par_chunks(self.config.resolution.pow(3)).enumerate();
        let clouds = signals.map(see).collect::<Result<Vec<_>>>()?;
        let dim = 3 * self.config.points;
        Ok(Judgement { dim, features: clouds.concat(), likeness: Likeness::Clouds, classes: Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use equigen_core::Field;

    use super::*;

    const SHAPE: Domain = Domain::Shape { points: 1, tested: 0, field: Field::Occupancy };

    fn judge(config: Surfaces) -> Box<dyn JudgeModel> {
        config.build(SHAPE, 2, &Device::flex(), Seed::new(0)).unwrap()
    }

    #[test]
    fn a_ball_is_seen_as_points_at_its_radius_and_nothing_as_nothing() {
        let config = Surfaces { resolution: 32, points: 500, normalise: Normalise::None, ..Surfaces::default() };
        let judge = judge(config);
        let radius = |p: &[f32]| p.iter().map(|x| x * x).sum::<f32>().sqrt();
        let points = judge.points().unwrap();
        let ball = points.chunks(3).map(|p| 1.0 / (1.0 + (40.0 * (radius(p) - 0.6)).exp()));
        let signals: Vec<f32> = ball.chain(std::iter::repeat_n(0.0, 32 * 32 * 32)).collect();
        let seen = judge.judge(&signals).unwrap();
        assert_eq!((seen.len(), seen.present()), (2, vec![0]));
        assert!(seen.feature(0).chunks(3).all(|p| (radius(p) - 0.6).abs() < 0.02));
        assert_eq!(seen.distance(0, &seen, 1), f64::INFINITY);
    }

    #[test]
    fn the_same_shape_elsewhere_and_smaller_is_the_same_cloud_but_for_its_draw() {
        let judge = judge(Surfaces { resolution: 48, points: 1000, ..Surfaces::default() });
        let points = judge.points().unwrap();
        let box_at = |centre: f32, half: f32| {
            points.chunks(3).map(move |p| f32::from(p.iter().all(|x| (x - centre).abs() < half))).collect::<Vec<_>>()
        };
        let seen = judge.judge(&[box_at(0.0, 0.6), box_at(0.3, 0.4)].concat()).unwrap();
        // Two draws of 1,000 points of one such cube are about 0.028 apart.
        assert!(seen.distance(0, &seen, 1) < 0.05, "{}", seen.distance(0, &seen, 1));
    }

    #[test]
    fn images_and_settings_out_of_range_are_refused() {
        let refused = |config: Surfaces, domain| {
            config.build(domain, 2, &Device::flex(), Seed::new(0)).err().unwrap().to_string()
        };
        let image = Domain::Image { height: 9, width: 9, channels: 1 };
        assert!(refused(Surfaces::default(), image).contains("`cnn`"));
        assert!(refused(Surfaces { points: 0, ..Surfaces::default() }, SHAPE).contains("`points`"));
        assert!(refused(Surfaces { resolution: 1, ..Surfaces::default() }, SHAPE).contains("`resolution`"));
    }
}
