//! Figures of a run: durations by rank, and each promise beside what was measured.

use std::fmt;
use std::time::Duration;

/// Durations of one kind of thing.
#[derive(Debug, Default)]
pub(super) struct Sample(Vec<Duration>);

impl Sample {
    pub(super) fn add(&mut self, duration: Duration) {
        self.0.push(duration);
    }

    /// Adds another one's.
    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The duration that so many in a hundred are not above.
    pub(super) fn percentile(&mut self, percent: usize) -> Duration {
        self.0.sort_unstable();
        let at = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        self.0.get(at).copied().unwrap_or_default()
    }
}

/// One promise and what was measured.
#[derive(Debug, serde::Serialize)]
pub(super) struct Figure {
    /// `balance`, `import`.
    pub(super) measure: String,
    /// `sqlite`, `postgres`, or nothing.
    pub(super) engine: String,
    /// What was measured, in words.
    pub(super) measured: String,
    /// What is promised, in words.
    pub(super) promised: String,
    /// Was it kept?
    pub(super) kept: bool,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.kept { "ok  " } else { "MISS" };
        write!(
            f,
            "{sign} {:<9} {:<9} {:<70} promised: {}",
            self.measure, self.engine, self.measured, self.promised
        )
    }
}

/// A ratio in hundredths, for people: `1.37x`.
pub(super) fn ratio(of: Duration, to: Duration) -> (u128, String) {
    let hundredths = of.as_nanos() * 100 / to.as_nanos().max(1);
    (
        hundredths,
        format!("{}.{:02}x", hundredths / 100, hundredths % 100),
    )
}

/// Microseconds as milliseconds with three decimals.
pub(super) fn milliseconds(duration: Duration) -> String {
    let micros = duration.as_micros();
    format!("{}.{:03} ms", micros / 1000, micros % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_ranks_and_ratios_are_exact() {
        let mut sample = Sample::default();
        for n in (1..=200).rev() {
            sample.add(Duration::from_micros(n));
        }
        assert_eq!(sample.percentile(50), Duration::from_micros(100));
        assert_eq!(sample.percentile(99), Duration::from_micros(198));
        assert_eq!(
            ratio(Duration::from_micros(150), Duration::from_micros(100)).1,
            "1.50x"
        );
        assert_eq!(milliseconds(Duration::from_micros(1_234)), "1.234 ms");
    }
}
