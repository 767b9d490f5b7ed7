//! A component that panics ends its stage with an error that names it, not the program.

use std::backtrace::Backtrace;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use crate::registry::{Record, Registry};
use crate::{Error, Result};

/// What the hook saw of the last panic: message with place, and the functions that were running.
static LAST: Mutex<Option<(String, String)>> = Mutex::new(None);

/// Calls of [`caught`] under way: outside them, panics print as ever.
static WATCHING: AtomicUsize = AtomicUsize::new(0);

/// Runs `work`; a panic in it, on whatever thread, becomes an error.
///
/// # Errors
/// As `work`, or [`Error::Failed`] with the panic's message and the component in whose code it happened.
pub(super) fn caught<T>(registry: &Registry, work: impl FnOnce() -> Result<T>) -> Result<T> {
    watch();
    WATCHING.fetch_add(1, Ordering::SeqCst);
    let outcome = panic::catch_unwind(AssertUnwindSafe(work));
    WATCHING.fetch_sub(1, Ordering::SeqCst);
    outcome.unwrap_or_else(|payload| {
        let seen = LAST.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (message, functions) = seen.unwrap_or_else(|| (text_of(&*payload), String::new()));
        let culprit = culprit(registry, &functions).map_or_else(String::new, |record| {
            let library = record.library.as_ref().map_or_else(String::new, |path| format!(", `{}`", path.display()));
            format!("{} `{}` ({}{library}) panicked: ", record.kind.name(), record.name, record.origin)
        });
        let remedy = "this is a fault in code, not in your pipeline; what was finished is kept";
        Err(Error::failed(format!("{culprit}{message}; {remedy}")))
    })
}

/// Installs the hook, once.
fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if WATCHING.load(Ordering::SeqCst) == 0 {
                return before(info);
            }
            let seen = (describe(info), Backtrace::force_capture().to_string());
            *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        }));
    });
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map_or_else(String::new, |place| format!(" (at {}:{})", place.file(), place.line()));
    format!("{}{place}", text_of(info.payload()))
}

fn text_of(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

/// The component whose module stands first in a backtrace, which begins with the innermost function.
fn culprit<'a>(registry: &'a Registry, functions: &str) -> Option<&'a Record> {
    functions.lines().find_map(|line| {
        let within = |record: &&Record| {
            let mut places = line.match_indices(record.module);
            places.any(|(at, module)| line[at + module.len()..].starts_with("::"))
        };
        registry.records().filter(within).max_by_key(|record| record.module.len())
    })
}
