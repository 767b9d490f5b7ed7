use std::io::Write;

use proptest::prelude::*;

use super::*;
use crate::{Topology, shapes, write};

fn parse(bytes: &[u8]) -> Result<Mesh> {
    from_bytes(bytes, "`thing`")
}

/// The message for bytes that are refused, which names the file and all of `parts`.
fn refused(bytes: &[u8], parts: &[&str]) -> String {
    let message = parse(bytes).expect_err("these bytes are no mesh").to_string();
    for part in ["`thing`"].iter().chain(parts) {
        assert!(message.contains(part), "`{part}` is not in: {message}");
    }
    message
}

fn stl(triangles: &[[[f32; 3]; 3]], header: &[u8]) -> Vec<u8> {
    let mut bytes = header.to_vec();
    bytes.resize(80, 0);
    bytes.extend((triangles.len() as u32).to_le_bytes());
    for corners in triangles {
        bytes.extend([0; 12]);
        bytes.extend(corners.iter().flatten().flat_map(|x| x.to_le_bytes()));
        bytes.extend([0; 2]);
    }
    bytes
}

fn singles(mesh: &Mesh) -> Vec<[[f32; 3]; 3]> {
    mesh.corners().map(|corners| corners.map(|corner| corner.map(|x| x as f32))).collect()
}

fn text_stl(mesh: &Mesh) -> String {
    let mut text = String::from("solid some thing\n");
    for corners in mesh.corners() {
        text += "  facet normal 0 0 0\n    outer loop\n";
        corners.iter().for_each(|[x, y, z]| text += &format!("      vertex {x:e} {y} {z}\n"));
        text += "    endloop\n  endfacet\n";
    }
    text + "endsolid some thing\n"
}

const OBJ: &str = "\u{feff}# a prism, in all ways to name a corner\n\
    mtllib none.mtl\no first\ng left right\nusemtl grey\ns 1\n\
    v 0 0 0\r\nv 1 0 0 1.0\nv 1 1 0 0.5 0.5 0.5\nv +0 1e0 -0.0\n\
    vt 0 0\nvn 0 0 1\n\
    v 0 0 1\nv 1 0 1\nv 1 1 \\\n  1\nv 0 1 1\n\
    f 4 3 2 1\ng top\nf -4//1 -3//1 -2//1 -1//1 # trailing\n\
    f 1/1 2/1 6/1 5/1\nf 2/1/1 3/1/1 7/1/1\nf 2/1/1 7/1/1 6/1/1\n\
    o second\nf 3 4 8 7\nf 4 1 5 8\n\
    l 1 2 3\np 1\nv 100 100 100\nv 7 7 7\nl 9 10\n";

#[test]
fn obj_takes_groups_quads_negative_indices_and_what_it_does_not_need() {
    let mesh = parse(OBJ.as_bytes()).unwrap();
    assert_eq!(mesh.triangles().len(), 12);
    assert!(Topology::of(&mesh).watertight());
    assert!((mesh.volume() - 1.0).abs() < 1e-12);
    assert_eq!(mesh.bounds().unwrap().high, [1.0; 3]);
}

#[test]
fn obj_polygons_may_be_notched_repeat_a_corner_or_name_later_vertices() {
    let arrow = b"f 1 2 3 4\nv 0 0.5 0\nv 1 2 0\nv 0 1 0\nv -1 2 0\n";
    assert!((parse(arrow).unwrap().area() - 0.5).abs() < 1e-12);
    let repeats = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 1 2 3 3 1\nf 1 2 1\nf 2 2 2\nf 1 2\nf 3\n";
    assert_eq!(parse(repeats).unwrap().triangles(), [[0, 1, 2]]);
}

#[test]
fn obj_faults_are_named_with_their_line() {
    let vertices = "v 0 0 0\nv 1 0 0\nv 0 1 0\n";
    let with = |more: &str| format!("{vertices}{more}\n").into_bytes();
    refused(&with("v 0 nan 0\nf 1 2 3"), &["line 4", "`nan`", "finite"]);
    refused(&with("v 0 1e999 0\nf 1 2 3"), &["line 4", "`1e999`", "finite"]);
    refused(&with("v 0 zero 0\nf 1 2 3"), &["line 4", "`zero` is no number"]);
    refused(&with("v 0 1\nf 1 2 3"), &["line 4", "2 coordinates"]);
    refused(&with("# comment\n\nf 1 2 4"), &["line 6", "4th of 3 vertices"]);
    refused(&with("f 1 2 -4"), &["line 4", "vertex -4"]);
    refused(&with("f 0 1 2"), &["line 4", "vertex 0"]);
    refused(&with("f"), &["line 4", "0 corners"]);
    refused(format!("{vertices}f 1 2 3\nf 1 2").as_bytes(), &["line 5", "2 corners", "cut short"]);
    refused(&with("f 1 2 3/1 x/1"), &["line 4", "`x/1`"]);
    refused(&with("f 1 2 99999999999999999999"), &["line 4", "`99999999999999999999`"]);
    refused(&with("f 1 2 -9223372036854775808"), &["line 4"]);
    refused(&with("f 1 2 5000000000"), &["line 4", "5000000000"]);
    refused(vertices.as_bytes(), &["no face", "export the mesh with faces"]);
    refused(&with("f 1 2 2"), &["no face"]);
}

#[test]
fn stl_is_read_from_both_forms_and_welded() {
    let ball = shapes::sphere(1.0, 4);
    let binary = stl(&singles(&ball), b"made by hand");
    let mesh = parse(&binary).unwrap();
    assert_eq!((mesh.vertices().len(), mesh.triangles().len()), (ball.vertices().len(), ball.triangles().len()));
    assert!(Topology::of(&mesh).watertight());
    assert_eq!(parse(text_stl(&mesh).as_bytes()).unwrap(), mesh);
    assert_eq!(parse(text_stl(&mesh).to_uppercase().to_lowercase().as_bytes()).unwrap(), mesh);
}

#[test]
fn stl_faults_are_named() {
    let cube = shapes::cuboid([0.0; 3], [1.0; 3]);
    let binary = stl(&singles(&cube), b"solid but binary");
    assert_eq!(parse(&binary).unwrap().triangles().len(), 12);
    refused(&binary[..400], &["12 triangles", "684 bytes", "has 400", "cut short"]);
    let mut nan = singles(&cube);
    nan[3][1][2] = f32::NAN;
    refused(&stl(&nan, b""), &["triangle 3", "NaN"]);
    refused(&stl(&[], b""), &["no face"]);
    let text = text_stl(&cube);
    refused(&text.as_bytes()[..text.len() / 2], &["cut short"]);
    refused(text.replace("endsolid some thing\n", "").as_bytes(), &["line 85", "`endsolid`", "12 triangles"]);
    refused(text.replacen("vertex 1e0", "vertex inf", 1).as_bytes(), &["`inf`", "finite"]);
    refused(text.replacen("outer loop", "outer loop\nvertex 5 5 5", 1).as_bytes(), &["line 8", "3 corners"]);
    refused(text.replacen("facet", "facette", 1).as_bytes(), &["line 2", "`facette`"]);
}

#[test]
fn off_is_read_with_colours_comments_and_the_counts_on_the_first_line() {
    let faces = "4 0 1 2 3\n3 1 0 4 255 0 0\n3 2 1 4\n3 3 2 4 # last but one\n3 0 3 4 0.5 0.5 0.5 1\n";
    let points = "0 0 0\n0 1 0\n1 1 0\n1 0 0\n\n# tip\n0.5 0.5 1\n";
    let mut expected = None;
    for header in
        ["OFF\n5 5 0\n", "# made\nOFF 5 5 8\n", "OFF5 5 0\n", "COFF\n\n5 5\n", "OFF # counts follow\n5 5 0 \n"]
    {
        let mesh = parse(format!("{header}{points}{faces}").as_bytes()).unwrap();
        assert!(Topology::of(&mesh).watertight() && mesh.triangles().len() == 6, "{header}");
        assert_eq!(mesh, *expected.get_or_insert_with(|| mesh.clone()));
    }
}

#[test]
fn off_faults_are_named_with_their_line() {
    let head = "OFF\n3 1 0\n0 0 0\n1 0 0\n";
    refused(b"OFF\n", &["ends after its header"]);
    refused(b"OFF\nthree\n", &["line 2", "`three`"]);
    refused(b"OFF\n3\n", &["line 2", "vertices, faces"]);
    refused(b"OFF\n-3 1 0\n", &["line 2", "-3"]);
    refused(head.as_bytes(), &["line 4", "2 of 3 vertices", "cut short"]);
    refused(format!("{head}0 1 0\n").as_bytes(), &["line 5", "0 of 1 faces"]);
    refused(format!("{head}0 NaN 0\n3 0 1 2\n").as_bytes(), &["line 5", "`NaN`"]);
    refused(format!("{head}0 1 0\n3 0 1 3\n").as_bytes(), &["line 6", "4th of 3"]);
    refused(format!("{head}0 1 0\n3 0 1 -1\n").as_bytes(), &["line 6", "-1"]);
    refused(format!("{head}0 1 0\n3 0 1\n").as_bytes(), &["line 6", "2 of 3 corners"]);
    refused(format!("{head}0 1 0\n2 0 1\n").as_bytes(), &["no face"]);
    // No memory is taken for what a header merely promises.
    refused(b"OFF\n4000000000 4000000000 0\n0 0 0\n", &["1 of 4000000000 vertices"]);
    refused(b"OFF\n1 1 0\n0 0 0\n4000000000 0 0\n", &["2 of 4000000000 corners"]);
}

#[test]
fn the_bytes_decide_the_format_and_others_are_refused() {
    refused(b"", &["empty"]);
    refused(b"hello\n", &["neither OBJ nor STL nor OFF"]);
    refused(b"ply\nformat ascii 1.0\n", &["neither"]);
    refused(&[0x89, b'P', b'N', b'G', 0, 0, 0], &["neither"]);
    refused(&[7; 200], &["binary STL"]);
}

#[test]
fn files_are_named_limited_and_recognised_whatever_they_are_called() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chair.obj");
    let missing = file(&path, MOST_BYTES).unwrap_err().to_string();
    assert!(missing.contains("chair.obj"), "{missing}");
    let cube = shapes::cuboid([0.0; 3], [1.0; 3]);
    let bytes = stl(&singles(&cube), b"");
    std::fs::File::create(&path).unwrap().write_all(&bytes).unwrap();
    assert_eq!(file(&path, MOST_BYTES).unwrap().triangles().len(), 12);
    assert!(file(&path, bytes.len() as u64).is_ok());
    let large = file(&path, bytes.len() as u64 - 1).unwrap_err().to_string();
    assert!(large.contains("chair.obj") && large.contains("684") && large.contains("683"), "{large}");
}

proptest! {
    /// What is written is what is read, to the last bit.
    #[test]
    fn obj_goes_round(
        vertices in prop::collection::vec(prop::array::uniform3(prop::num::f64::NORMAL), 3..30),
        corners in prop::collection::vec(any::<[u32; 3]>(), 1..30),
    ) {
        let count = vertices.len() as u32;
        let distinct = |c: [u32; 3]| [c[0] % count, (c[0] + 1) % count, (c[0] + 2 + c[1] % (count - 2)) % count];
        let mesh = Mesh::new(vertices, corners.into_iter().map(distinct).collect()).unwrap();
        prop_assert_eq!(parse(&write::obj(&mesh)).unwrap(), mesh);
    }

    /// Whatever the bytes and wherever a file is cut: an error or a mesh, never a panic.
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), cut in 0..2000usize, which in 0..4usize) {
        let _ = parse(&bytes);
        let ball = shapes::torus(1.0, 0.5, 4);
        let whole = [write::obj(&ball), stl(&singles(&ball), b""), text_stl(&ball).into_bytes(), OBJ.into()];
        let mut damaged = whole[which].clone();
        damaged.truncate(cut);
        let _ = parse(&damaged);
        damaged.extend(&bytes);
        let _ = parse(&damaged);
        let mut text = b"v 0 0 0\nf 1 1 1\n".to_vec();
        text.extend(bytes.iter().map(|b| b"v f/-.\\\n1e"[*b as usize % 10]));
        let _ = parse(&text);
    }
}
