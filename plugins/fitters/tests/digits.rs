//! Both fitters on real digits from `examples/data`.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::tensor::Device;
use equigen_core::dense::{self, Points};
use equigen_core::{Domain, FitJob, Fitted, Fitter, Inr, Layout, Seed, SignalSet, Signals, Weights, host};
use equigen_fitters::{AdamSettings, Autodiff, Fused, Optimiser};
use equigen_inrs::{Siren, Variant};
use equigen_signals::IdxImages;

fn digits() -> SignalSet {
    let mut signals = IdxImages { images: "mnist-images.idx.gz".into(), labels: "mnist-labels.idx.gz".into() };
    signals.resolve(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data"));
    signals.load().unwrap()
}

struct Case {
    digits: SignalSet,
    inr: Siren,
    layout: Layout,
}

impl Case {
    fn new(inr: Siren) -> Self {
        let layout = inr.layout(2, 1).unwrap();
        Self { digits: digits(), inr, layout }
    }

    fn initial(&self, n: usize) -> Vec<f32> {
        let seed = Seed::new(11);
        (0..n as u64).flat_map(|row| self.inr.initialise(&self.layout, &mut seed.stream(row))).collect()
    }

    /// Fits the first `n` digits.
    fn fit(&self, fitter: &dyn Fitter, n: usize, stop_psnr: f64, max_steps: usize) -> Fitted {
        let progress = AtomicUsize::new(0);
        let fitted = fitter.fit(self.job(n, stop_psnr, max_steps, &|count| {
            progress.fetch_add(count, Ordering::Relaxed);
        }));
        assert_eq!(progress.into_inner(), n, "every network is reported once");
        fitted.unwrap()
    }

    fn job<'a>(
        &'a self,
        n: usize,
        stop_psnr: f64,
        max_steps: usize,
        progress: &'a (dyn Fn(usize) + Sync),
    ) -> FitJob<'a> {
        FitJob {
            inr: &self.inr,
            layout: &self.layout,
            domain: self.digits.domain,
            targets: &self.digits.values[..n * self.digits.domain.points()],
            initial: self.initial(n),
            stop: stop_psnr,
            seed: Seed::new(0),
            first: 0,
            max_steps,
            device: Device::flex(),
            progress,
        }
    }

    /// PSNR of weights, by plain tensor code and in double precision.
    fn psnr(&self, weights: &[f32]) -> Vec<f64> {
        let device = Device::flex();
        let weights = Weights::from_host(self.layout.clone().into(), weights.to_vec(), &device).unwrap();
        let points = self.digits.domain.points();
        let grid = Points::Shared(host::tensor(self.digits.domain.grid(), [points, 2], &device));
        let stack = self.inr.dense(&self.layout).unwrap();
        let values = host::read(dense::plain(&stack, &weights, &grid).1);
        let pairs = values.chunks(points).zip(self.digits.values.chunks(points));
        let square = |(a, b): (&f32, &f32)| (f64::from(*a) - f64::from(*b)).powi(2);
        pairs
            .map(|(values, target)| values.iter().zip(target).map(square).sum::<f64>() / points as f64)
            .map(|mse| -10.0 * mse.log10())
            .collect()
    }
}

/// `fused` by Adam alone.
fn adam(settings: AdamSettings) -> Fused {
    Fused { optimiser: settings.into(), batch: None }
}

/// `fused` by K-FAC with these settings.
fn kfac(start: f64, damping: f64, adam: AdamSettings) -> Fused {
    Fused { optimiser: Optimiser::Kfac { start, damping, adam }, batch: None }
}

#[test]
fn all_reach_35_db_and_say_what_their_weights_really_reach() {
    let case = Case::new(Siren::default());
    let fused = case.fit(&adam(AdamSettings::default()), 8, 35.0, 400);
    let second = case.fit(&Fused::default(), 8, 35.0, 400);
    let autodiff = case.fit(&Autodiff::default(), 8, 35.0, 400);
    for (name, fitted) in [("fused", &fused), ("fused by K-FAC", &second), ("autodiff", &autodiff)] {
        for ((said, real), steps) in fitted.quality.iter().zip(case.psnr(&fitted.weights)).zip(&fitted.steps) {
            assert!(*said >= 34.999 && *steps < 400, "{name}: {said} dB after {steps} steps");
            assert!((f64::from(*said) - real).abs() < 0.01, "{name}: said {said}, is {real}");
        }
    }
    for (a, b) in fused.steps.iter().zip(&autodiff.steps) {
        assert!(a.abs_diff(*b) <= 2 + b / 10, "steps {:?} and {:?}", fused.steps, autodiff.steps);
    }
    let sum = |fitted: &Fitted| fitted.steps.iter().sum::<u32>();
    assert!(6 * sum(&second) < 5 * sum(&fused), "steps {:?} by K-FAC, {:?} by Adam", second.steps, fused.steps);
}

#[test]
fn parts_of_a_job_are_fitted_as_the_whole() {
    let case = Case::new(Siren::default());
    let points = case.digits.domain.points();
    let random = Fused { batch: Some(100), ..adam(AdamSettings::default()) };
    for fitter in [&random as &dyn Fitter, &Fused::default(), &Autodiff::default()] {
        let whole = case.fit(fitter, 5, 99.0, 12);
        let part = |places: std::ops::Range<usize>| {
            let mut job = case.job(places.end, 99.0, 12, &|_| ());
            job.targets = &job.targets[places.start * points..];
            job.initial.drain(..places.start * case.layout.parameters());
            job.first = places.start;
            fitter.fit(job).unwrap()
        };
        let (one, other) = (part(0..3), part(3..5));
        assert_eq!(whole.weights, [one.weights, other.weights].concat(), "{fitter:?}");
        assert_eq!(whole.quality, [one.quality, other.quality].concat(), "{fitter:?}");
        assert_eq!(whole.steps, [one.steps, other.steps].concat(), "{fitter:?}");
    }
}

#[test]
fn settings_read_as_written_and_default_to_kfac() {
    let read = |text: &str| serde_json::from_str::<Fused>(text);
    assert_eq!(read("{}").unwrap(), kfac(0.15, 0.1, AdamSettings::default()));
    assert_eq!(read(r#"{ "optimiser": { "type": "adam" } }"#).unwrap(), adam(AdamSettings::default()));
    let slow = AdamSettings { learning_rate: 0.003, ..AdamSettings::default() };
    let text = r#"{ "optimiser": { "type": "kfac", "start": 0.2, "adam": { "learning_rate": 0.003 } } }"#;
    assert_eq!(read(text).unwrap(), kfac(0.2, 0.1, slow));
    for fused in [Fused::default(), adam(slow)] {
        assert_eq!(read(&serde_json::to_string(&fused).unwrap()).unwrap(), fused);
    }
    let error = read(r#"{ "optimiser": { "type": "adam", "damping": 1.0 } }"#).unwrap_err().to_string();
    assert!(error.contains("damping"), "{error}");
}

#[test]
fn both_take_the_same_steps() {
    for variant in [Variant::Standard, Variant::Dwsnets] {
        let case = Case::new(Siren { variant, hidden: vec![17, 24], ..Siren::default() });
        let fused = case.fit(&adam(AdamSettings::default()), 3, 99.0, 6);
        let autodiff = case.fit(&Autodiff::default(), 3, 99.0, 6);
        assert_eq!((&fused.steps[..], &autodiff.steps[..]), (&[6; 3][..], &[6; 3][..]));
        // After six steps of 1e-2 the weights have moved by up to 6e-2; rounding explains a small part of that.
        let worst = fused.weights.iter().zip(&autodiff.weights).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-3, "{variant:?}: {worst}");
        let moved = fused.weights.iter().zip(&case.initial(3)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(moved > 1e-2, "{moved}");
    }
}

#[test]
fn the_chunk_changes_nothing() {
    let case = Case::new(Siren { hidden: vec![16, 16], ..Siren::default() });
    let fit = |chunk| case.fit(&Autodiff { chunk: Some(chunk), ..Autodiff::default() }, 5, 22.0, 60);
    let whole = fit(64);
    assert!(whole.steps.iter().any(|steps| *steps != whole.steps[0]), "networks stop at different steps");
    assert_eq!(fit(1), whole);
    assert_eq!(fit(2), whole);
}

#[test]
fn no_steps_keep_the_start_and_wrong_jobs_are_refused() {
    let case = Case::new(Siren { hidden: vec![8], ..Siren::default() });
    for fitter in [&Fused::default() as &dyn Fitter, &Autodiff::default()] {
        let fitted = case.fit(fitter, 2, 40.0, 0);
        assert_eq!((fitted.weights, fitted.steps), (case.initial(2), vec![0, 0]));
        assert!(fitted.quality.iter().all(|psnr| psnr.is_finite()));
        let mut job = case.job(2, 40.0, 1, &|_| ());
        job.initial.pop();
        assert!(fitter.fit(job).unwrap_err().to_string().contains("no equal number"));
        let bad = vec![f32::NAN; 784];
        let mut job = case.job(1, 40.0, 1, &|_| ());
        job.targets = &bad;
        assert!(fitter.fit(job).unwrap_err().to_string().contains("a value of NaN"));
        let mut job = case.job(1, 40.0, 1, &|_| ());
        (job.domain, job.targets, job.initial) = (Domain::Image { height: 0, width: 3, channels: 1 }, &[], vec![]);
        assert!(fitter.fit(job).unwrap_err().to_string().contains("no points"));
    }
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let case = Case::new(Siren { hidden: vec![8], ..Siren::default() });
    let sound = AdamSettings::default();
    let still = AdamSettings { learning_rate: 0.0, ..sound };
    let wrong: [(Box<dyn Fitter>, &str); 10] = [
        (Box::new(adam(still)), "`fused`: `optimiser.learning_rate`"),
        (Box::new(adam(AdamSettings { half_life: 0.0, ..sound })), "`fused`: `optimiser.half_life`"),
        (Box::new(adam(AdamSettings { beta2: 1.0, ..sound })), "`fused`: `optimiser.beta2`"),
        (Box::new(kfac(0.15, 0.1, still)), "`fused`: `optimiser.adam.learning_rate`"),
        (Box::new(kfac(0.0, 0.1, sound)), "`fused`: `optimiser.start`"),
        (Box::new(kfac(0.15, 0.0, sound)), "`fused`: `optimiser.damping`"),
        (Box::new(Autodiff { floor: 1.5, ..Autodiff::default() }), "`autodiff`: `floor`"),
        (Box::new(Autodiff { beta1: f64::NAN, ..Autodiff::default() }), "`autodiff`: `beta1`"),
        (Box::new(Autodiff { chunk: Some(0), ..Autodiff::default() }), "`autodiff`: `chunk`"),
        (Box::new(Autodiff { memory: 0.0, ..Autodiff::default() }), "`autodiff`: `memory`"),
    ];
    for (fitter, text) in wrong {
        let message = fitter.fit(case.job(1, 40.0, 1, &|_| ())).unwrap_err().to_string();
        assert!(message.contains(text), "{message}");
    }
}
