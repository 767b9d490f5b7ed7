//! `obj-folder`: meshes in folders, a folder a class.

use std::path::{Path, PathBuf};

use equigen_core::{Error, Result, SignalReader, Signals};
use equigen_geometry::read;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::shapes::{Sampling, Shapes, absolute};

/// Meshes (OBJ, STL or OFF) in folders, as solids; a folder's name is the label of what lies in it.
///
/// Every file below `folder/CLASS/` that ends in `.obj`, `.stl` or `.off` is a shape, in the order of their paths; what is in
/// it decides the format, not its name. The y axis is taken to be up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ObjFolder {
    /// The folder of the classes' folders, relative to the pipeline file.
    pub folder: PathBuf,
    /// Bytes that a file may have at most.
    pub most_bytes: u64,
    /// How a mesh becomes a signal.
    pub sampling: Sampling,
}

impl Default for ObjFolder {
    fn default() -> Self {
        Self { folder: PathBuf::new(), most_bytes: read::MOST_BYTES, sampling: Sampling::default() }
    }
}

equigen_core::register!(Signals, ObjFolder);

impl ObjFolder {
    /// Label and path of every mesh, in order.
    fn files(&self) -> Result<Vec<(String, PathBuf)>> {
        if self.folder.as_os_str().is_empty() {
            return Err(Error::config(
                "obj-folder: `folder` is missing; give a folder with a folder of meshes per class",
            ));
        }
        if !self.folder.is_dir() {
            return Err(Error::failed(format!("`{}`: there is no such folder; check the path", self.folder.display())));
        }
        let mut files = Vec::new();
        for class in sorted(&self.folder)?.into_iter().filter(|path| path.is_dir()) {
            let label = class.file_name().unwrap_or_default().to_string_lossy().into_owned();
            meshes(&class, &mut |path| files.push((label.clone(), path)))?;
        }
        if files.is_empty() {
            let place = self.folder.display();
            return Err(Error::failed(format!(
                "obj-folder: `{place}` has no CLASS/NAME.obj (or .stl, .off); put each class's meshes in a folder of its own"
            )));
        }
        Ok(files)
    }
}

/// What is in a folder, by name.
fn sorted(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}

/// All meshes below a folder, in order.
fn meshes(folder: &Path, found: &mut dyn FnMut(PathBuf)) -> Result<()> {
    for path in sorted(folder)? {
        let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
        if path.is_dir() {
            meshes(&path, found)?;
        } else if extension.is_some_and(|extension| ["obj", "stl", "off"].contains(&extension.as_str())) {
            found(path);
        }
    }
    Ok(())
}

#[typetag::serde(name = "obj-folder")]
impl Signals for ObjFolder {
    fn resolve(&mut self, folder: &Path) {
        self.folder = absolute(folder, &self.folder);
    }

    fn fingerprint(&self) -> Result<String> {
        let mut hasher = blake3::Hasher::new();
        for (label, path) in self.files()? {
            let mut file = blake3::Hasher::new();
            file.update_reader(fs_err::File::open(&path)?)?;
            hasher.update(label.as_bytes()).update(&[0]).update(file.finalize().as_bytes());
        }
        let settings = serde_json::json!(self.sampling);
        Ok(format!("obj-folder 1 {settings} files={}", hasher.finalize()))
    }

    fn open(&self) -> Result<Box<dyn SignalReader>> {
        let (labels, paths): (Vec<String>, Vec<PathBuf>) = self.files()?.into_iter().unzip();
        let most = self.most_bytes;
        // Before hours go into what stands in front of a file that will be refused.
        for path in &paths {
            let size = fs_err::metadata(path)?.len();
            if size > most && !self.sampling.skip_damaged {
                let what = format!("`{}` has {size} bytes, the limit is {most}", path.display());
                return Err(Error::failed(format!("{what}: raise `most_bytes` or simplify the mesh")));
            }
        }
        let load = Box::new(move |item: usize, sampling: &Sampling| {
            let mesh = read::file(&paths[item], most)?;
            sampling.solid(&mesh).map_err(|error| error.within(format!("`{}`", paths[item].display())))
        });
        Ok(Box::new(Shapes::new(labels, load, self.sampling.clone())?))
    }
}

#[cfg(test)]
mod tests {
    use equigen_geometry::{shapes, write};

    use super::*;

    fn folder(files: &[(&str, &[u8])]) -> (tempfile::TempDir, ObjFolder) {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        let sampling = Sampling { points: 400, tested: 2000, thickness: 0.0, extent: 0.8, ..Sampling::default() };
        let mut signals = ObjFolder { folder: "".into(), sampling, ..ObjFolder::default() };
        signals.folder = folder.path().to_owned();
        (folder, signals)
    }

    #[test]
    fn folders_are_classes_and_meshes_are_solids() {
        let cube = write::obj(&shapes::cuboid([0.0; 3], [7.0; 3]));
        let torus = write::obj(&shapes::torus(1.0, 0.3, 24));
        let (_folder, signals) = folder(&[
            ("box/b.OBJ", &cube),
            ("box/deep/a.obj", &cube),
            ("ring/r.obj", &torus),
            ("box/readme.txt", b"x"),
        ]);
        let set = signals.load().unwrap();
        assert_eq!(set.labels, ["box", "box", "ring"]);
        // The share of the cube of side 2 that a cube of side 1.6 fills, at the uniform points that test.
        let inside = set.signal(0)[1600..].chunks(4).filter(|row| row[3] == 1.0).count() as f64 / 2000.0;
        assert!((inside - 0.512).abs() < 0.04, "{inside}");
        assert_ne!(set.signal(0), set.signal(1), "each shape has points of its own");
    }

    #[test]
    fn signed_distances_are_those_of_the_thickened_shape_cut() {
        let (_folder, mut signals) = folder(&[("a/cube.obj", &write::obj(&shapes::cuboid([0.0; 3], [3.0; 3])))]);
        signals.sampling.thickness = 0.1;
        signals.sampling.signed_distance = Some(0.05);
        let set = signals.load().unwrap();
        assert_eq!(set.domain.field(), Some(equigen_core::Field::SignedDistance));
        let mut seen = [false; 3];
        for row in set.signal(0).chunks(4) {
            // Of the cube of half side 0.8: how far out along each axis.
            let out = [0, 1, 2].map(|k| f64::from(row[k].abs()) - 0.8);
            let beyond = out.map(|x| x.max(0.0).powi(2)).iter().sum::<f64>().sqrt();
            let distance = beyond + out.iter().fold(f64::MIN, |a, b| a.max(*b)).min(0.0) - 0.1;
            let expected = (0.5 - distance / 0.1).clamp(0.0, 1.0);
            assert!((f64::from(row[3]) - expected).abs() < 1e-5, "{row:?}, not {expected}");
            seen = [seen[0] || expected == 0.0, seen[1] || expected == 1.0, seen[2] || (0.1..0.9).contains(&expected)];
        }
        assert_eq!(seen, [true; 3], "the signal has points inside, outside and between");
        let at = signals.open().unwrap().read_at(1, &[0.0, 0.0, 0.0, 0.9, 0.0, 0.0]).unwrap();
        assert!(at[0] == 1.0 && (at[1] - 0.5).abs() < 1e-5, "{at:?}");
        signals.sampling.signed_distance = Some(0.0);
        assert!(signals.open().err().unwrap().to_string().contains("sampling.signed_distance"));
    }

    #[test]
    fn damaged_meshes_stop_the_run_unless_they_may_be_left_out() {
        let cube = write::obj(&shapes::cuboid([0.0; 3], [1.0; 3]));
        let nan = b"v 0 0 nan\nv 1 0 0\nv 0 1 0\nf 1 2 3\n";
        let range = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n";
        let (_folder, mut signals) =
            folder(&[("a/cube.obj", &cube), ("a/nan.obj", nan), ("b/range.obj", range), ("b/none.obj", b"v 0 0 0\n")]);
        let error = signals.load().unwrap_err().to_string();
        // Meshes are read in parallel: any of the damaged ones may be met first.
        let named = ["nan.obj", "range.obj", "none.obj"].iter().any(|name| error.contains(name));
        assert!(named && error.contains("skip_damaged"), "{error}");
        signals.sampling.skip_damaged = true;
        let reader = signals.open().unwrap();
        assert_eq!((reader.count(), reader.left_out().len()), (1, 3));
        assert!(reader.left_out()[2].contains("range.obj"), "{:?}", reader.left_out());
    }

    #[test]
    fn an_empty_folder_and_a_large_file_are_refused_by_name() {
        let (_folder, signals) = folder(&[("readme.txt", b"")]);
        assert!(signals.open().err().unwrap().to_string().contains("CLASS/NAME.obj"));
        assert!(ObjFolder::default().open().err().unwrap().to_string().contains("`folder`"));
        let cube = write::obj(&shapes::cuboid([0.0; 3], [1.0; 3]));
        let (_folder, mut signals) = folder(&[("a/cube.obj", &cube)]);
        signals.most_bytes = 10;
        assert!(signals.open().err().unwrap().to_string().contains("cube.obj"));
    }
}
