//! The surfaces of shape networks: as meshes, pictures and files.

use std::path::Path;

use equigen_geometry::{Extraction, Inside, Mesh, View, shade, write};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Error, Result, Zoo, device, files, picture};

/// How the surface of a shape is made: where the probability of being inside passes a level, by marching cubes (Lorensen and
/// Cline 1987) in the cube `[-1, 1]^3`, closed at its sides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Surface {
    /// Samples along each axis.
    pub resolution: usize,
    /// Probability at the surface.
    pub level: f64,
    /// Formats in which each sample's surface is written beside its picture.
    pub files: Vec<Format>,
}

/// A format of mesh files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Wavefront OBJ, text.
    Obj,
    /// Stanford PLY, binary.
    Ply,
    /// glTF 2.0, binary.
    Glb,
}

/// Points of a network rendered at a time.
const CHUNK: usize = 1 << 16;

impl Default for Surface {
    fn default() -> Self {
        Self { resolution: 64, level: 0.5, files: Vec::new() }
    }
}

impl Surface {
    /// Whether all is as by default: then it does not stand in a stage's key.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The surface of a network of a zoo of shapes; it may be empty.
    ///
    /// # Errors
    /// If a setting is out of range, or the network has values that are not finite.
    pub fn mesh(&self, zoo: &Zoo, row: usize) -> Result<Mesh> {
        let device = device::open("flex")?;
        self.of(|points| picture::render(zoo, &[row], points, &device))
    }

    /// Values of a network of a zoo of shapes at [`Surface::points`].
    ///
    /// # Errors
    /// If the host cannot compute.
    pub fn values(&self, zoo: &Zoo, row: usize) -> Result<Vec<f32>> {
        let device = device::open("flex")?;
        let points = self.points();
        Ok(points.chunks(3 * CHUNK).flat_map(|points| picture::render(zoo, &[row], points, &device)).collect())
    }

    /// The surface of a function that answers for points `[n, 3]` with probabilities of being inside `[n]`. It asks for all
    /// of [`Surface::points`], in their order.
    ///
    /// # Errors
    /// If a setting is out of range, or a value is not finite.
    pub fn of(&self, inside: impl FnMut(&[f32]) -> Vec<f32>) -> Result<Mesh> {
        self.check()?;
        self.extraction().mesh(inside).map_err(|error| Error::failed(error.to_string()))
    }

    /// The points at which a shape is looked at, `[resolution^3, 3]`, x the fastest axis and z the slowest.
    pub fn points(&self) -> Vec<f32> {
        let mut points = Vec::with_capacity(3 * self.resolution.pow(3));
        let nothing = self.extraction().mesh(|asked| {
            points.extend_from_slice(asked);
            vec![0.0; asked.len() / 3]
        });
        debug_assert!(nothing.is_ok_and(|mesh| mesh.is_empty()));
        points
    }

    /// Refuses settings that are out of range.
    ///
    /// # Errors
    /// If one is.
    pub fn check(&self) -> Result<()> {
        let Self { resolution, level, .. } = self;
        if (2..=1024).contains(resolution) && *level > 0.0 && *level < 1.0 {
            return Ok(());
        }
        Err(Error::config(format!(
            "a surface at `resolution` = {resolution} and `level` = {level}: give 2 to 1024 samples along each axis and a \
             probability between 0 and 1, such as 64 and 0.5"
        )))
    }

    /// Bytes that a surface takes while it is made and written, of a shape that is no more wrinkled than a sphere is:
    /// [`Extraction::bytes`], and a file as large as the mesh.
    pub fn bytes(&self) -> u64 {
        2 * self.extraction().bytes()
    }

    fn extraction(&self) -> Extraction {
        let Self { resolution, level, .. } = *self;
        Extraction { resolution, bounds: [-1.0, 1.0], level, inside: Inside::Above, closed: true, chunk: CHUNK }
    }

    /// A shaded picture, `[side, side, 3]` in `[0, 1]`.
    pub fn picture(&self, mesh: &Mesh, side: usize) -> Vec<f32> {
        let view = View { width: side, height: side, smooth: true, half: 1.3, ..View::default() };
        shade(mesh, &view).chunks_exact(4).flat_map(|pixel| &pixel[..3]).map(|byte| f32::from(*byte) / 255.0).collect()
    }

    /// Writes a surface beside `stem`, in each of the chosen formats; one without triangles is left out.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn save(&self, mesh: &Mesh, folder: &Path, stem: &str) -> Result<()> {
        for format in self.files.iter().filter(|_| !mesh.is_empty()) {
            let (extension, bytes) = match format {
                Format::Obj => ("obj", write::obj(mesh)),
                Format::Ply => ("ply", write::ply(mesh)),
                Format::Glb => ("glb", write::glb(mesh).map_err(|error| Error::failed(error.to_string()))?),
            };
            files::write(&folder.join(format!("{stem}.{extension}")), &bytes)?;
        }
        Ok(())
    }
}
