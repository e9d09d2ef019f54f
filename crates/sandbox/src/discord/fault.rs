//! What is to go wrong with requests.

use std::time::Duration;

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// A bare status, such as 502, with no effect.
    Status(u16),
    /// One of Discord's refusals, with no effect.
    Refusal {
        /// The status.
        status: u16,
        /// Discord's code.
        code: u32,
        /// Its words.
        message: String,
    },
    /// 429 with no effect.
    TooMany {
        /// How long to wait.
        retry_after: Duration,
        /// Whose limit it is.
        scope: LimitScope,
    },
    /// The answer comes late; the effect does not.
    SlowAnswer(Duration),
    /// Effect and answer come late.
    Slow(Duration),
    /// The effect is there and the connection ends before the answer.
    LostAnswer,
    /// The connection ends and nothing happened.
    LostRequest,
    /// The answer's body is not what it should be.
    Garbage,
}

/// Whose limit a 429 speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitScope {
    /// The bot's own on this route.
    User,
    /// The bot's own on everything.
    Global,
    /// Everybody's on this resource; it does not count as an invalid request.
    Shared,
}

impl LimitScope {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Global => "global",
            Self::Shared => "shared",
        }
    }
}

/// A fault that waits for requests.
#[derive(Debug, Clone)]
struct Planned {
    id: u64,
    route: String,
    fault: Fault,
    skips: u64,
    times: Option<u64>,
}

/// All that wait.
#[derive(Debug, Default)]
pub(super) struct Faults {
    planned: Vec<Planned>,
    next: u64,
}

impl Faults {
    pub(super) fn plan(&mut self, route: &str, fault: Fault, skips: u64, times: Option<u64>) -> u64 {
        self.next += 1;
        self.planned.push(Planned {
            id: self.next,
            route: route.to_owned(),
            fault,
            skips,
            times,
        });
        self.next
    }

    pub(super) fn cancel(&mut self, id: u64) {
        self.planned.retain(|planned| planned.id != id);
    }

    pub(super) fn clear(&mut self) {
        self.planned.clear();
    }

    /// The fault that meets this request, if any: the first that was planned.
    pub(super) fn meet(&mut self, route: &str) -> Option<Fault> {
        let at = self.planned.iter_mut().position(|planned| {
            if !covers(&planned.route, route) {
                return false;
            }
            if planned.skips > 0 {
                planned.skips -= 1;
                return false;
            }
            true
        })?;
        let planned = self.planned.get_mut(at)?;
        let fault = planned.fault.clone();
        if let Some(times) = &mut planned.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.planned.remove(at);
            }
        }
        Some(fault)
    }
}

/// `*` covers all, `POST *` every POST, `* /x` every method on `/x`, and `POST /channels/*` what begins so.
fn covers(pattern: &str, route: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let (Some((method, path)), Some((of_method, of_path))) = (pattern.split_once(' '), route.split_once(' '))
    else {
        return false;
    };
    let is_path = match path.strip_suffix('*') {
        Some(start) => of_path.starts_with(start),
        None => path == of_path,
    };
    (method == "*" || method == of_method) && is_path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planned_fault_meets_its_route_so_often_and_after_so_many() {
        let mut faults = Faults::default();
        faults.plan("POST /channels/{}/messages", Fault::Status(502), 1, Some(2));
        let mut met = || faults.meet("POST /channels/{}/messages").is_some();
        assert_eq!([met(), met(), met(), met()], [false, true, true, false]);
    }

    #[test]
    fn a_pattern_covers_a_method_a_path_or_a_beginning() {
        let route = "PATCH /channels/{}/messages/{}";
        for pattern in ["*", "PATCH *", "* /channels/*", "PATCH /channels/{}/messages/{}"] {
            assert!(covers(pattern, route), "{pattern}");
        }
        for pattern in ["POST *", "PATCH /channels/{}", "PATCH /guilds/*", "PATCH"] {
            assert!(!covers(pattern, route), "{pattern}");
        }
    }
}
