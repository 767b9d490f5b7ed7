//! Meshes become points and whether these are inside.

use equigen_core::seed::Rng;
use equigen_core::{Error, Result};
use equigen_geometry::{Frame, Mesh, Solid, sample};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Body;

/// How a mesh becomes a signal.
///
/// It is centred and scaled so that the longest side of its box is twice `extent`. A point is inside where the generalised
/// winding number (Jacobson et al. 2013) is above a half, or nearer to the surface than `thickness`: meshes made for pictures
/// have sheets that are no bodies, and holes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sampling {
    /// Points of a shape that its network is fitted to.
    pub points: usize,
    /// Share of them near the surface; the others are uniform in the cube `[-1, 1]^3`.
    pub near: f64,
    /// Standard deviation of the near points' distance from the surface along each axis.
    pub deviation: f64,
    /// Further points, uniform in the cube, at which the fit is tested.
    pub tested: usize,
    /// Distance from the surface up to which a point is inside.
    pub thickness: f64,
    /// Half of the longest side of a shape's box.
    pub extent: f64,
    /// Seed of the points.
    pub seed: u64,
    /// Leave out meshes that cannot be read, and count them in the report, in place of stopping.
    pub skip_damaged: bool,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            points: 16384,
            near: 0.5,
            deviation: 0.04,
            tested: 8192,
            thickness: 0.025,
            extent: 0.9,
            seed: 0,
            skip_damaged: false,
        }
    }
}

impl Sampling {
    /// Refuses settings that are out of range.
    pub(super) fn check(&self) -> Result<()> {
        let Self { points, near, deviation, tested, thickness, extent, .. } = *self;
        for (key, right, remedy) in [
            ("points", points > 0, "a number above 0, such as 16384"),
            ("tested", tested > 0, "a number above 0, such as 8192"),
            ("near", (0.0..=1.0).contains(&near), "a share between 0 and 1"),
            ("deviation", deviation > 0.0 && deviation < 1.0, "a distance above 0 and below 1, such as 0.04"),
            ("thickness", (0.0..0.5).contains(&thickness), "a distance of at least 0, such as 0.025"),
            ("extent", extent > 0.0 && extent + thickness <= 1.0, "a size above 0 with extent + thickness at most 1"),
        ] {
            if !right {
                return Err(Error::config(format!("sampling.{key}: give {remedy}")));
            }
        }
        Ok(())
    }

    /// A mesh, centred, scaled and prepared for questions.
    ///
    /// # Errors
    /// If it has no area.
    pub(crate) fn solid(&self, mesh: &Mesh) -> equigen_geometry::Result<Box<dyn Body>> {
        let (mesh, _) = mesh.welded().single_sided().normalised(Frame::Cube, self.extent)?;
        let (solid, surface) = (Solid::new(&mesh)?, sample::Surface::new(&mesh)?);
        Ok(Box::new(Sampled { solid, surface, thickness: self.thickness }))
    }
}

/// A mesh that can be asked.
struct Sampled {
    solid: Solid,
    surface: sample::Surface,
    thickness: f64,
}

impl Body for Sampled {
    fn signal(&self, sampling: &Sampling, rng: &mut Rng) -> Vec<f32> {
        let near = (sampling.points as f64 * sampling.near).round() as usize;
        let mut points = self.surface.draw_near(near, sampling.deviation, rng);
        points.extend(sample::in_cube(sampling.points - near + sampling.tested, 1.0, rng));
        let inside = self.solid.occupancy(&points, self.thickness);
        let row = |(point, inside): (&[f64; 3], bool)| {
            let [x, y, z] = point.map(|x| x as f32);
            [x, y, z, f32::from(inside)]
        };
        points.iter().zip(inside).flat_map(row).collect()
    }

    fn at(&self, points: &[f32]) -> Vec<f32> {
        let points: Vec<_> = points.chunks_exact(3).map(|p| [p[0], p[1], p[2]].map(f64::from)).collect();
        self.solid.occupancy(&points, self.thickness).into_iter().map(f32::from).collect()
    }
}
