//! The names of ShapeNet's classes.

/// Synsets of ShapeNetCore (offsets of nouns in WordNet 3.0) with their names: the 55 classes of version 2 and the two that
/// version 1 has beside them. Source: Chang et al. 2015, "ShapeNet", and the `taxonomy.json` that comes with it.
const NAMES: [(&str, &str); 57] = [
    ("02691156", "airplane"),
    ("02747177", "trash bin"),
    ("02773838", "bag"),
    ("02801938", "basket"),
    ("02808440", "bathtub"),
    ("02818832", "bed"),
    ("02828884", "bench"),
    ("02834778", "bicycle"),
    ("02843684", "birdhouse"),
    ("02858304", "boat"),
    ("02871439", "bookshelf"),
    ("02876657", "bottle"),
    ("02880940", "bowl"),
    ("02924116", "bus"),
    ("02933112", "cabinet"),
    ("02942699", "camera"),
    ("02946921", "can"),
    ("02954340", "cap"),
    ("02958343", "car"),
    ("02992529", "cellphone"),
    ("03001627", "chair"),
    ("03046257", "clock"),
    ("03085013", "keyboard"),
    ("03207941", "dishwasher"),
    ("03211117", "display"),
    ("03261776", "earphone"),
    ("03325088", "faucet"),
    ("03337140", "file cabinet"),
    ("03467517", "guitar"),
    ("03513137", "helmet"),
    ("03593526", "jar"),
    ("03624134", "knife"),
    ("03636649", "lamp"),
    ("03642806", "laptop"),
    ("03691459", "loudspeaker"),
    ("03710193", "mailbox"),
    ("03759954", "microphone"),
    ("03761084", "microwaves"),
    ("03790512", "motorbike"),
    ("03797390", "mug"),
    ("03928116", "piano"),
    ("03938244", "pillow"),
    ("03948459", "pistol"),
    ("03991062", "flowerpot"),
    ("04004475", "printer"),
    ("04074963", "remote"),
    ("04090263", "rifle"),
    ("04099429", "rocket"),
    ("04225987", "skateboard"),
    ("04256520", "sofa"),
    ("04330267", "stove"),
    ("04379243", "table"),
    ("04401088", "telephone"),
    ("04460130", "tower"),
    ("04468005", "train"),
    ("04530566", "watercraft"),
    ("04554684", "washer"),
];

/// The name of a synset, if it is one of ShapeNetCore's.
pub(super) fn name(synset: &str) -> Option<&'static str> {
    NAMES.iter().find(|(known, _)| *known == synset).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_synset_and_every_name_stands_there_once() {
        let synsets: BTreeSet<_> = NAMES.iter().map(|(synset, _)| synset).collect();
        let names: BTreeSet<_> = NAMES.iter().map(|(_, name)| name).collect();
        assert_eq!((synsets.len(), names.len()), (57, 57));
        assert!(
            NAMES.iter().all(|(synset, _)| synset.len() == 8 && synset.bytes().all(|digit| digit.is_ascii_digit()))
        );
        assert_eq!((name("03001627"), name("00000000")), (Some("chair"), None));
    }
}
