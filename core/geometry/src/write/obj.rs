//! Wavefront OBJ.

use std::fmt::Write;

use crate::Mesh;

/// The bytes of an OBJ file: vertices as the shortest decimals that read back as the same numbers, then triangles.
pub fn obj(mesh: &Mesh) -> Vec<u8> {
    let mut text = String::with_capacity(64 * mesh.vertices().len() + 24 * mesh.triangles().len());
    for [x, y, z] in mesh.vertices() {
        writeln!(text, "v {x} {y} {z}").expect("a string takes all");
    }
    for [a, b, c] in mesh.triangles().iter().map(|corners| corners.map(|c| u64::from(c) + 1)) {
        writeln!(text, "f {a} {b} {c}").expect("a string takes all");
    }
    text.into_bytes()
}
