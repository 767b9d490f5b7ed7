//! GLB, the binary form of glTF. Source: Khronos Group, "glTF 2.0 Specification", sections 3.7.2 and 4.4.

use crate::{Error, Mesh, Point, Result, mesh::Bounds};

/// The bytes of a GLB file: one mesh with normals, in single precision, with a grey material that is seen from both
/// sides.
///
/// # Errors
/// If the mesh has no triangle, which glTF does not allow, if a coordinate is too large for single precision, or if it
/// all takes more than 4 GiB.
pub fn glb(mesh: &Mesh) -> Result<Vec<u8>> {
    if mesh.is_empty() {
        return Err(Error::new("a GLB file cannot hold a mesh without triangles"));
    }
    let single = |point: &Point| point.map(|x| f64::from(x as f32));
    let vertices: Vec<Point> = mesh.vertices().iter().map(single).collect();
    let bounds = Bounds::of(vertices.iter().copied()).expect("triangles have vertices");
    if !bounds.size().iter().all(|x| x.is_finite()) {
        return Err(Error::new("a coordinate is too large for the single precision of a GLB file"));
    }
    let (count, indices) = (vertices.len(), 3 * mesh.triangles().len());
    let (points, corners) = (12 * count, 4 * indices);
    let length = 2 * points + corners;
    let list = |point: Point| format!("[{},{},{}]", point[0] as f32, point[1] as f32, point[2] as f32);
    let (low, high) = (list(bounds.low), list(bounds.high));
    // 34962 and 34963: vertices and indices; 5126 and 5125: f32 and u32.
    let mut json = String::from(r#"{"asset":{"version":"2.0","generator":"equigen"},"scene":0,"#);
    json += r#""scenes":[{"nodes":[0]}],"nodes":[{"mesh":0}],"#;
    json += r#""meshes":[{"primitives":[{"attributes":{"POSITION":0,"NORMAL":1},"indices":2,"material":0}]}],"#;
    json += r#""materials":[{"pbrMetallicRoughness":{"baseColorFactor":[0.7,0.7,0.7,1],"metallicFactor":0,"#;
    json += r#""roughnessFactor":0.8},"doubleSided":true}],"accessors":["#;
    json +=
        &format!(r#"{{"bufferView":0,"componentType":5126,"count":{count},"type":"VEC3","min":{low},"max":{high}}},"#);
    json += &format!(r#"{{"bufferView":1,"componentType":5126,"count":{count},"type":"VEC3"}},"#);
    json += &format!(r#"{{"bufferView":2,"componentType":5125,"count":{indices},"type":"SCALAR"}}],"bufferViews":["#);
    json += &format!(r#"{{"buffer":0,"byteLength":{points},"target":34962}},"#);
    json += &format!(r#"{{"buffer":0,"byteOffset":{points},"byteLength":{points},"target":34962}},"#);
    json += &format!(r#"{{"buffer":0,"byteOffset":{},"byteLength":{corners},"target":34963}}],"#, 2 * points);
    json += &format!(r#""buffers":[{{"byteLength":{length}}}]}}"#);
    let mut json = json.into_bytes();
    json.resize(json.len().next_multiple_of(4), b' ');

    let word = |number: usize| {
        u32::try_from(number)
            .map(u32::to_le_bytes)
            .map_err(|_| Error::new("the mesh is too large for a GLB file (4 GiB)"))
    };
    let mut bytes = b"glTF".to_vec();
    bytes.extend(word(2)?);
    bytes.extend(word(12 + 8 + json.len() + 8 + length)?);
    bytes.extend(word(json.len())?);
    bytes.extend(b"JSON");
    bytes.extend(json);
    bytes.extend(word(length)?);
    bytes.extend(b"BIN\0");
    let floats = vertices.iter().copied().chain(mesh.normals()).flatten();
    bytes.extend(floats.flat_map(|x| (x as f32).to_le_bytes()));
    bytes.extend(mesh.triangles().iter().flatten().flat_map(|corner| corner.to_le_bytes()));
    Ok(bytes)
}
