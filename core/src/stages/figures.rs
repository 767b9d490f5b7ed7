//! Figures of sets of networks, through the eyes of the judge, and of every metric that has eyes of its own.

use std::collections::BTreeMap;

use super::Row;
use crate::run::{StageContext, in_signals};
use crate::{Comparison, Error, JudgeModel, Judgement, Likeness, Metric, Result, Sight, Zoo, picture};

/// A judge that looks at networks.
pub(super) struct Eyes<'a> {
    context: &'a StageContext<'a>,
    judge: &'a dyn JudgeModel,
    /// Where the judge looks, if not on the signals' grid.
    points: Option<Vec<f32>>,
}

impl<'a> Eyes<'a> {
    pub(super) fn new(context: &'a StageContext<'a>, judge: &'a dyn JudgeModel) -> Self {
        Self { context, judge, points: judge.points() }
    }

    pub(super) fn see(&self, zoo: &Zoo, rows: &[usize]) -> Result<Judgement> {
        let grid = zoo.domain.grid();
        let points = self.points.as_ref().unwrap_or(&grid);
        self.judge.judge(&picture::render(zoo, rows, points, &self.context.device))
    }

    /// Looks at real signals, those of which something can be seen.
    pub(super) fn see_real(&self, rows: &[usize]) -> Result<Judgement> {
        let Some(points) = &self.points else {
            let signals = self.context.signals()?;
            return self.judge.judge(&rows.iter().flat_map(|row| signals.signal(*row)).copied().collect::<Vec<_>>());
        };
        let (mut signals, _) = self.context.open_signals()?;
        let mut sorted = rows.to_vec();
        sorted.sort_unstable();
        let (mut values, mut next) = (Vec::new(), 0);
        for (i, row) in sorted.iter().enumerate() {
            signals.skip(row - next).map_err(in_signals)?;
            values.extend(signals.read_at(1, points).map_err(in_signals)?);
            next = row + 1;
            self.context.progress(i + 1, rows.len(), "real signals");
        }
        let seen = self.judge.judge(&values)?;
        Ok(seen.select(&seen.present()))
    }
}

/// Networks that are measured together.
pub(super) struct Set<'a> {
    pub(super) name: &'static str,
    pub(super) zoo: &'a Zoo,
    pub(super) rows: &'a [usize],
}

/// The sets, and those that all are compared with.
pub(super) struct Sets<'a> {
    /// All, in the order of the table.
    pub(super) all: &'a [Set<'a>],
    /// Which of them is the ceiling, and which the repeated shots.
    pub(super) ceiling: usize,
    pub(super) repeated: usize,
    pub(super) shots: Set<'a>,
    /// Rows of the real signals.
    pub(super) reference: &'a [usize],
    /// Class number of the target.
    pub(super) target: usize,
}

/// What one pair of eyes sees in them.
pub(super) struct Seen {
    pub(super) all: Vec<Judgement>,
    pub(super) shots: Judgement,
    pub(super) reference: Judgement,
}

impl Sets<'_> {
    /// Looks at all. `first` is what was seen in the first set, if it was looked at already.
    pub(super) fn seen(&self, eyes: &Eyes<'_>, first: Option<Judgement>) -> Result<Seen> {
        let reference = eyes.see_real(self.reference)?;
        let shots = eyes.see(self.shots.zoo, self.shots.rows)?;
        let mut all: Vec<Judgement> = first.into_iter().collect();
        for set in &self.all[all.len()..] {
            all.push(eyes.see(set.zoo, set.rows)?);
            eyes.context.progress(all.len(), self.all.len(), "sets");
        }
        Ok(Seen { all, shots, reference })
    }

    /// A row of figures for each set, and what is not computed, with the reason.
    pub(super) fn measure(&self, context: &StageContext<'_>, seen: &Seen) -> Result<(Vec<Row>, Vec<String>)> {
        let empty = |set: &Judgement| {
            let clouds = set.likeness == Likeness::Clouds;
            clouds.then(|| ("empty".to_owned(), (set.len() - set.present().len()) as f64))
        };
        let row = |(set, seen): (&Set<'_>, &Judgement)| Row {
            name: set.name.to_owned(),
            measures: empty(seen).into_iter().collect::<BTreeMap<_, _>>(),
        };
        let mut rows: Vec<Row> = self.all.iter().zip(&seen.all).map(row).collect();
        let mut missing = Vec::new();
        for (i, metric) in context.pipeline.evaluate.metrics.iter().enumerate() {
            let domain = self.shots.zoo.domain;
            match metric.sight(domain, &context.device).map_err(|error| in_metric(error, i))? {
                Sight::Judge => self.by(&**metric, seen, &mut rows),
                Sight::Own(own) => self.by(&**metric, &self.seen(&Eyes::new(context, &*own), None)?, &mut rows),
                Sight::Missing(why) => {
                    missing.push(format!("{}: not computed: {why}", metric.typetag_name()));
                    Ok(())
                }
            }
            .map_err(|error| in_metric(error, i))?;
        }
        Ok((rows, missing))
    }

    /// Adds a metric's figures of each set.
    fn by(&self, metric: &dyn Metric, seen: &Seen, rows: &mut [Row]) -> Result<()> {
        let comparison = Comparison {
            reference: &seen.reference,
            ceiling: &seen.all[self.ceiling],
            shots: &seen.shots,
            repeated_shots: &seen.all[self.repeated],
            target: self.target,
        };
        for (set, row) in seen.all.iter().zip(rows) {
            let set = &set.select(&set.present());
            // A generator may make nothing that has a surface: the row says so, and the others are still worth their figures.
            if set.is_empty() && set.likeness == Likeness::Clouds {
                continue;
            }
            let figures = metric.measure(set, &comparison)?;
            row.measures.extend(figures.into_iter().map(|measure| (measure.name.to_owned(), measure.value)));
        }
        Ok(())
    }
}

/// Says of an error which metric of the pipeline it is about.
pub(super) fn in_metric(error: Error, i: usize) -> Error {
    error.within(format!("evaluate.metrics[{i}]"))
}
