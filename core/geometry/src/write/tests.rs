use super::*;
use crate::Mesh;
use crate::shapes::{cuboid, torus};

#[test]
fn obj_lists_vertices_and_triangles_counted_from_one() {
    let mesh = Mesh::new(vec![[0.0, 0.1, -2.5e-9], [1.0, 0.0, 0.0], [0.0, 3.0, 0.0]], vec![[2, 0, 1]]).unwrap();
    assert_eq!(String::from_utf8(obj(&mesh)).unwrap(), "v 0 0.1 -0.0000000025\nv 1 0 0\nv 0 3 0\nf 3 1 2\n");
}

#[test]
fn ply_has_the_promised_size_and_bytes() {
    let mesh = torus(1.0, 0.3, 6);
    let bytes = ply(&mesh);
    let header = bytes.windows(11).position(|w| w == b"end_header\n").unwrap() + 11;
    let text = std::str::from_utf8(&bytes[..header]).unwrap();
    assert!(text.starts_with("ply\nformat binary_little_endian 1.0\nelement vertex 72\n"));
    assert!(text.contains("element face 144\nproperty list uchar int vertex_indices\n"));
    assert_eq!(bytes.len(), header + 72 * 24 + 144 * 13);
    let single = |at: usize| f32::from_le_bytes(bytes[header + at..header + at + 4].try_into().unwrap());
    // The first vertex lies outermost on the x axis; so does its normal.
    assert_eq!([0, 4, 8].map(single), [1.3, 0.0, 0.0]);
    assert!(single(12) > 0.9);
    assert_eq!(bytes[header + 72 * 24], 3);
}

#[test]
fn glb_is_a_header_a_json_chunk_and_the_data() {
    let mesh = cuboid([-1.0, -2.0, -3.0], [1.0, 2.0, 0.1]);
    let bytes = glb(&mesh).unwrap();
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    assert_eq!((&bytes[..4], word(4), word(8)), (&b"glTF"[..], 2, bytes.len()));
    let json = word(12);
    assert_eq!(&bytes[16..20], b"JSON");
    let text: serde_json::Value = serde_json::from_slice(&bytes[20..20 + json]).unwrap();
    assert_eq!(text["accessors"][0]["count"], 8);
    let low: Vec<f64> = serde_json::from_value(text["accessors"][0]["min"].clone()).unwrap();
    assert_eq!(low, [-1.0, -2.0, -3.0]);
    // The maximum is that of the rounded coordinates, as the validator asks.
    assert_eq!(text["accessors"][0]["max"][2].as_f64().unwrap() as f32, 0.1f32);
    assert_eq!(text["accessors"][2]["count"], 36);
    let data = 20 + json;
    assert_eq!((word(data), &bytes[data + 4..data + 8]), (8 * 24 + 36 * 4, &b"BIN\0"[..]));
    assert_eq!(bytes.len(), data + 8 + 8 * 24 + 36 * 4);
    assert_eq!(bytes.len() % 4, 0);
    let corners: Vec<u32> = mesh.triangles().concat();
    let read: Vec<u32> = (0..36).map(|i| word(data + 8 + 8 * 24 + 4 * i) as u32).collect();
    assert_eq!(read, corners);
}

#[test]
fn glb_refuses_what_the_format_cannot_hold_and_writes_triangles_without_area() {
    assert!(glb(&Mesh::default()).unwrap_err().to_string().contains("without triangles"));
    let huge = cuboid([-1e300; 3], [1e300; 3]);
    assert!(glb(&huge).unwrap_err().to_string().contains("single precision"));
    let line = Mesh::new(vec![[0.0; 3], [1.0, 0.0, 0.0]], vec![[0, 1, 1]]).unwrap();
    assert!(glb(&line).is_ok());
}
