//! Meshes become points and whether these are inside.

use equigen_core::seed::Rng;
use equigen_core::{Error, Field, Result};
use equigen_geometry::{Frame, Mesh, Point, Solid, sample};
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
    /// Signed distances in place of occupancies, negative inside, cut at this distance and in units of it; such as 0.1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_distance: Option<f64>,
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
            signed_distance: None,
            seed: 0,
            skip_damaged: false,
        }
    }
}

impl Sampling {
    /// Refuses settings that are out of range.
    pub(super) fn check(&self) -> Result<()> {
        let Self { points, near, deviation, tested, thickness, extent, signed_distance, .. } = *self;
        let cut = signed_distance.unwrap_or(0.1);
        for (key, right, remedy) in [
            ("points", points > 0, "a number above 0, such as 16384"),
            ("tested", tested > 0, "a number above 0, such as 8192"),
            ("near", (0.0..=1.0).contains(&near), "a share between 0 and 1"),
            ("deviation", deviation > 0.0 && deviation < 1.0, "a distance above 0 and below 1, such as 0.04"),
            ("thickness", (0.0..0.5).contains(&thickness), "a distance of at least 0, such as 0.025"),
            (
                "signed_distance",
                cut > 0.0 && cut <= 2.0,
                "a distance above 0 and up to 2, such as 0.1, or leave it out",
            ),
            ("extent", extent > 0.0 && extent + thickness <= 1.0, "a size above 0 with extent + thickness at most 1"),
        ] {
            if !right {
                return Err(Error::config(format!("sampling.{key}: give {remedy}")));
            }
        }
        Ok(())
    }

    /// What signals say at a point.
    pub(crate) fn field(&self) -> Field {
        if self.signed_distance.is_some() { Field::SignedDistance } else { Field::Occupancy }
    }

    /// A mesh, centred, scaled and prepared for questions.
    ///
    /// # Errors
    /// If it has no area.
    pub(crate) fn solid(&self, mesh: &Mesh) -> equigen_geometry::Result<Box<dyn Body>> {
        let (mesh, _) = mesh.welded().single_sided().normalised(Frame::Cube, self.extent)?;
        let (solid, surface) = (Solid::new(&mesh)?, sample::Surface::new(&mesh)?);
        Ok(Box::new(Sampled { solid, surface, thickness: self.thickness, cut: self.signed_distance }))
    }
}

/// A mesh that can be asked.
struct Sampled {
    solid: Solid,
    surface: sample::Surface,
    thickness: f64,
    /// Where distances are cut, if they are what is said.
    cut: Option<f64>,
}

impl Sampled {
    /// Values of signals at points: [`Field`].
    fn values(&self, points: &[Point]) -> Vec<f32> {
        let Some(cut) = self.cut else {
            return self.solid.occupancy(points, self.thickness).into_iter().map(f32::from).collect();
        };
        // The surface of what is inside lies the thickness further out than that of the mesh.
        let value = |distance: f64| (0.5 - (distance - self.thickness) / (2.0 * cut)).clamp(0.0, 1.0) as f32;
        self.solid.signed_distances(points).into_iter().map(value).collect()
    }
}

impl Body for Sampled {
    fn signal(&self, sampling: &Sampling, rng: &mut Rng) -> Vec<f32> {
        let near = (sampling.points as f64 * sampling.near).round() as usize;
        let mut points = self.surface.draw_near(near, sampling.deviation, rng);
        points.extend(sample::in_cube(sampling.points - near + sampling.tested, 1.0, rng));
        let row = |(point, value): (&Point, f32)| {
            let [x, y, z] = point.map(|x| x as f32);
            [x, y, z, value]
        };
        points.iter().zip(self.values(&points)).flat_map(row).collect()
    }

    fn at(&self, points: &[f32]) -> Vec<f32> {
        let points: Vec<_> = points.chunks_exact(3).map(|p| [p[0], p[1], p[2]].map(f64::from)).collect();
        self.values(&points)
    }
}
