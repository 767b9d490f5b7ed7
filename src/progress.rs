//! Draws the events of a run: bars with rate and time left on a terminal, plain lines elsewhere; nothing under `--quiet`, keys
//! and losses too under `--verbose`.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use equigen_core::run::{Event, Observer};
use indicatif::{ProgressBar, ProgressStyle};

use crate::output::{Level, detail, level, note};

/// How often a plain line of progress is printed.
const PLAIN_EVERY: Duration = Duration::from_secs(10);

/// The command line's observer.
pub(crate) struct Bars {
    /// Whether bars are drawn.
    bars: bool,
    state: Mutex<State>,
}

struct State {
    bar: Option<ProgressBar>,
    /// Start of the stage's progress in this process, and units done by then.
    first: Option<(Instant, usize)>,
    printed: Instant,
    loss: String,
}

impl Bars {
    pub(crate) fn new() -> Self {
        let state = State { bar: None, first: None, printed: Instant::now(), loss: String::new() };
        // Lines between bars would tear them, and who wants all lines wants them to stay.
        Self { bars: level() == Level::Normal && std::io::stderr().is_terminal(), state: Mutex::new(state) }
    }
}

impl Observer for Bars {
    fn event(&self, event: &Event) {
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        match event {
            Event::Started { stage, key } => {
                state.start(self.bars);
                if !self.bars {
                    note(&format!("{stage}: started{}", of_key(key)));
                }
            }
            Event::Reused { stage, key } => note(&format!("{stage}: from the store{}", of_key(key))),
            Event::Progress { stage, done, total, unit } => state.progress(stage, *done, *total, unit),
            Event::Loss { stage, step, learning_rate, terms } => {
                state.loss = terms.iter().map(|(name, value)| format!(", {name} {value:.4}")).collect();
                detail(|| format!("{stage}: step {step}, learning rate {learning_rate:.2e}{}", state.loss));
            }
            Event::Finished { stage, seconds } => {
                if let Some(bar) = state.bar.take() {
                    bar.finish_and_clear();
                }
                note(&format!("{stage}: {seconds:.1} s{}", state.loss));
            }
        }
    }
}

/// A stage's key, for those who want to know more.
fn of_key(key: &str) -> String {
    if level() == Level::Verbose { format!(" as {key}") } else { String::new() }
}

impl State {
    fn start(&mut self, bars: bool) {
        let template = "{prefix} [{bar:32}] {pos}/{len} {msg}, {per_sec}, {eta} left";
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        self.bar = bars.then(|| ProgressBar::new(0).with_style(style));
        (self.first, self.printed) = (None, Instant::now());
        self.loss.clear();
    }

    fn progress(&mut self, stage: &str, done: usize, total: usize, unit: &str) {
        let (begun, before) = *self.first.get_or_insert((Instant::now(), done));
        if let Some(bar) = &self.bar {
            bar.set_prefix(stage.to_owned());
            bar.set_length(total as u64);
            bar.set_position(done as u64);
            bar.set_message(format!("{unit}{}", self.loss));
        } else if self.printed.elapsed() > PLAIN_EVERY && done < total {
            self.printed = Instant::now();
            // Cores report as they finish, so that a smaller count may come after a greater one; and the first report has
            // nothing to take a rate from.
            let since = done.saturating_sub(before);
            let rate = since as f64 / begun.elapsed().as_secs_f64();
            let pace = match since {
                0 => String::new(),
                _ => format!(", {rate:.*}/s, {:.0} s left", usize::from(rate < 10.0), (total - done) as f64 / rate),
            };
            note(&format!("{stage}: {done}/{total} {unit}{pace}{}", self.loss));
        }
    }
}
