//! PLY, the Stanford polygon format. Source: Turk, "The PLY Polygon File Format", 1994.

use crate::Mesh;

/// The bytes of a binary little-endian PLY file: vertices with normals in single precision, then triangles.
pub fn ply(mesh: &Mesh) -> Vec<u8> {
    let (vertices, triangles) = (mesh.vertices(), mesh.triangles());
    let mut bytes = b"ply\nformat binary_little_endian 1.0\n".to_vec();
    bytes.extend(format!("element vertex {}\n", vertices.len()).bytes());
    for property in ["x", "y", "z", "nx", "ny", "nz"] {
        bytes.extend(format!("property float {property}\n").bytes());
    }
    bytes.extend(format!("element face {}\n", triangles.len()).bytes());
    bytes.extend(b"property list uchar int vertex_indices\nend_header\n");
    for (vertex, normal) in vertices.iter().zip(mesh.normals()) {
        bytes.extend(vertex.iter().chain(&normal).flat_map(|x| (*x as f32).to_le_bytes()));
    }
    for corners in triangles {
        bytes.push(3);
        bytes.extend(corners.iter().flat_map(|corner| corner.to_le_bytes()));
    }
    bytes
}
