//! A step of training reads nothing from the device, and one at which the loss is logged reads once: a read waits for all
//! that the device was told to do.
//!
//! Reads are counted for the whole process, so that this test has one to itself. Core is linked by itself, as in
//! `tests/laws`.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use equigen_core::config::{LoadOptions, load};
use equigen_core::registry::Registry;
use equigen_core::run::{Event, Observer, Options, execute};
use equigen_core::{device, host};
// Links every bundled plugin, so that its components are registered.
use equigen_plugins as _;

/// What happened between two steps of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    reads: u64,
    logged: u64,
}

#[derive(Default)]
struct Seen {
    /// The stage under way, and reads when its last step ended.
    last: Option<(&'static str, u64)>,
    logged: u64,
    /// How many steps of each stage were alike.
    steps: BTreeMap<&'static str, BTreeMap<Step, usize>>,
}

#[derive(Default)]
struct Watch(Mutex<Seen>);

impl Observer for Watch {
    fn event(&self, event: &Event) {
        let mut seen = self.0.lock().unwrap();
        match event {
            Event::Loss { .. } => seen.logged += 1,
            Event::Progress { stage, unit: "steps", .. } => {
                let stage = *stage;
                let (now, logged) = (host::reads(), std::mem::take(&mut seen.logged));
                // The first step of a stage follows what the stage loads and renders.
                if let Some((_, before)) = seen.last.filter(|(last, _)| *last == stage) {
                    let step = Step { reads: now - before, logged };
                    *seen.steps.entry(stage).or_default().entry(step).or_default() += 1;
                }
                seen.last = Some((stage, now));
            }
            _ => {}
        }
    }
}

#[test]
fn a_step_reads_nothing_and_one_that_logs_reads_once() {
    let registry = Registry::collect().unwrap();
    let pipeline = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/tiny.toml");
    for offer in device::offers().into_iter().filter(|offer| offer.missing.is_none()) {
        // More steps than points of a loss curve, so that some are not logged.
        let steps = ["judge", "pretrain", "train", "adapt"].map(|stage| format!("{stage}.schedule.steps=420"));
        let set = [&steps[..], &[format!("device={:?}", offer.name)]].concat();
        let pipeline = load(pipeline.as_ref(), &LoadOptions { set }, &registry).unwrap();
        let folder = tempfile::tempdir().unwrap();
        // A checkpoint reads everything.
        let options = Options {
            until: Some("adapt".to_owned()),
            checkpoint_every: Duration::from_secs(3600),
            ..Options::default()
        };
        let watch = Watch::default();
        execute(&pipeline, &folder.path().join("run"), &options, &registry, &watch).unwrap();
        let seen = watch.0.into_inner().unwrap();
        for stage in ["judge", "pretrain", "train", "adapt"] {
            let kinds: Vec<&Step> = seen.steps[stage].keys().collect();
            let [silent, logged] = [0, 1].map(|count| Step { reads: count, logged: count });
            assert_eq!(kinds, [&silent, &logged], "{stage} on {}: {:?}", offer.name, seen.steps[stage]);
        }
    }
}
