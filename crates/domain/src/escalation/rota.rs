//! Rotas: who is on shift at a location at an instant, through nights, weekends, holidays, sale days,
//! overrides and clock changes.
//!
//! Hours are wall-clock times of the location. A shift that runs over a change of the clocks is as long as
//! the wall says; a time that does not exist that night begins when the clock next shows one, a time that
//! exists twice begins the first time.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::hours::{DayWord, Edge, Piece};
use crate::ids::{LocationId, PersonId};
use crate::location::{House, WorkingDays};
use crate::model::words;

words! {
    /// What of a queue goes along when a rota hands over.
    Carries {
        /// What nobody took yet.
        Unacknowledged = "unacknowledged",
        /// What those who go off have taken too, unless it waits for the client.
        Everything = "everything",
    }
}

/// The shifts of a location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rota {
    /// Id.
    pub id: String,
    /// Whose zone, holidays and weekend count.
    pub location: LocationId,
    /// The shifts.
    pub shifts: Vec<Shift>,
    /// What was changed for a while.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
    /// When somebody must be on; `rules lint` names the gaps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Need>,
    /// The rota that takes the queue when this one's last shift ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hands_over_to: Option<String>,
    /// What it takes along.
    #[serde(default = "unacknowledged")]
    pub carries: Carries,
    /// An iCalendar file with further shifts; relative to the config file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// The days of its sales.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub sale_days: BTreeSet<NaiveDate>,
    /// Shifts with fixed instants: what an imported calendar said.
    #[serde(skip)]
    pub fixed: Vec<Duty>,
    #[serde(skip, default = "nowhere")]
    zone: Tz,
    #[serde(skip, default = "WorkingDays::monday_to_friday")]
    days: WorkingDays,
}

const fn unacknowledged() -> Carries {
    Carries::Unacknowledged
}

const fn nowhere() -> Tz {
    Tz::UTC
}

/// A shift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shift {
    /// Id.
    pub id: String,
    /// As what: `coordinator`, `senior`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Who.
    pub people: Vec<PersonId>,
    /// On which days.
    pub days: Vec<DayWord>,
    /// Further days.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub dates: BTreeSet<NaiveDate>,
    /// From when to when, in pieces.
    pub hours: Vec<Piece>,
    /// One person after the other instead of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotate: Option<Rotate>,
}

/// One person after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotate {
    /// After so many days.
    pub every_days: u32,
    /// The first day of the first person.
    pub from: NaiveDate,
}

/// A change for a while: out, in, or one for the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// From.
    pub from: Edge,
    /// Until.
    pub until: Edge,
    /// Who is not on.
    #[serde(default, rename = "out", skip_serializing_if = "Option::is_none")]
    pub off: Option<PersonId>,
    /// Who is on instead, or as well where nobody is out.
    #[serde(default, rename = "in", skip_serializing_if = "Option::is_none")]
    pub on: Option<PersonId>,
    /// As what, where nobody is out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// When somebody must be on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// On which days.
    pub days: Vec<DayWord>,
    /// From when to when.
    pub hours: Vec<Piece>,
    /// As what; anybody where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

/// Somebody is on, from when to when.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Duty {
    /// From.
    pub from: DateTime<Utc>,
    /// Until.
    pub until: DateTime<Utc>,
    /// Who.
    pub person: PersonId,
    /// As what.
    pub role: Option<String>,
    /// In which shift.
    pub shift: String,
}

/// Nobody is on although somebody must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// From.
    pub from: DateTime<Utc>,
    /// Until.
    pub until: DateTime<Utc>,
    /// As what.
    pub role: Option<String>,
}

impl Rota {
    /// With the zone, weekend and holidays of its location.
    #[must_use]
    pub fn at(mut self, house: &House) -> Self {
        if let Some(location) = house.location(&self.location) {
            self.zone = location.zone;
            self.days = location.days.clone();
        }
        self
    }

    /// The zone of its location.
    pub const fn zone(&self) -> Tz {
        self.zone
    }

    /// Is it a day of a sale there?
    pub fn is_sale_day(&self, at: DateTime<Utc>) -> bool {
        self.sale_days
            .contains(&at.with_timezone(&self.zone).date_naive())
    }

    fn runs(&self, days: &[DayWord], dates: &BTreeSet<NaiveDate>, day: NaiveDate) -> bool {
        let is_holiday = self.days.holidays.contains_key(&day);
        let weekday = WorkingDays::weekday(day.weekday());
        let is_weekend = self.days.weekend.contains(&weekday);
        dates.contains(&day)
            || days.iter().any(|word| match word {
                DayWord::Holidays => is_holiday,
                DayWord::SaleDays => self.sale_days.contains(&day),
                _ if is_holiday => false,
                DayWord::Weekdays => !is_weekend,
                DayWord::Weekend => is_weekend,
                DayWord::Mon => weekday == 0,
                DayWord::Tue => weekday == 1,
                DayWord::Wed => weekday == 2,
                DayWord::Thu => weekday == 3,
                DayWord::Fri => weekday == 4,
                DayWord::Sat => weekday == 5,
                DayWord::Sun => weekday == 6,
            })
    }

    /// The shifts as planned, of the days that touch a stretch of time, overrides not looked at.
    fn planned(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Duty> {
        let mut duties: Vec<Duty> = self
            .fixed
            .iter()
            .filter(|duty| duty.from < until && from < duty.until)
            .cloned()
            .collect();
        let before = Days::new(1);
        let first = from.with_timezone(&self.zone).date_naive();
        let last = until.with_timezone(&self.zone).date_naive();
        let mut day = first.checked_sub_days(before).unwrap_or(first);
        while day <= last {
            for shift in self
                .shifts
                .iter()
                .filter(|shift| self.runs(&shift.days, &shift.dates, day))
            {
                for piece in &shift.hours {
                    let (begins, ends) = piece.on(self.zone, day);
                    if begins < until && from < ends {
                        duties.extend(shift.on(day).map(|person| Duty {
                            from: begins,
                            until: ends,
                            person: person.clone(),
                            role: shift.role.clone(),
                            shift: shift.id.clone(),
                        }));
                    }
                }
            }
            match day.checked_add_days(before) {
                Some(next) => day = next,
                None => break,
            }
        }
        duties
    }

    /// Who is on, from when to when, within a stretch of time; overrides are in it.
    pub fn duties(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<Duty> {
        let mut duties = self.planned(from, until);
        for change in &self.overrides {
            let (begins, ends) = (change.from.begins(self.zone), change.until.ends(self.zone));
            if begins >= ends {
                continue;
            }
            let mut after = Vec::with_capacity(duties.len() + 2);
            if change.off.is_none()
                && let Some(on) = &change.on
                && begins < until
                && from < ends
            {
                after.push(Duty {
                    from: begins,
                    until: ends,
                    person: on.clone(),
                    role: change.role.clone(),
                    shift: "extra".to_owned(),
                });
            }
            for duty in duties {
                let hits = change.off.as_ref() == Some(&duty.person)
                    && (change.role.is_none() || change.role == duty.role)
                    && begins < duty.until
                    && duty.from < ends;
                if !hits {
                    after.push(duty);
                    continue;
                }
                let (inner_from, inner_until) = (duty.from.max(begins), duty.until.min(ends));
                if duty.from < inner_from {
                    after.push(Duty {
                        until: inner_from,
                        ..duty.clone()
                    });
                }
                if let Some(on) = &change.on {
                    after.push(Duty {
                        from: inner_from,
                        until: inner_until,
                        person: on.clone(),
                        ..duty.clone()
                    });
                }
                if inner_until < duty.until {
                    after.push(Duty {
                        from: inner_until,
                        ..duty
                    });
                }
            }
            duties = after;
        }
        duties.retain(|duty| duty.from < until && from < duty.until);
        duties.sort();
        duties.dedup();
        duties
    }

    /// Who is on at that instant; a person in two shifts is named once.
    pub fn on_at(&self, at: DateTime<Utc>, role: Option<&str>) -> Vec<Duty> {
        let mut seen = BTreeSet::new();
        self.duties(at, at + TimeDelta::microseconds(1))
            .into_iter()
            .filter(|duty| role.is_none() || duty.role.as_deref() == role)
            .filter(|duty| seen.insert(duty.person.clone()))
            .collect()
    }

    /// When somebody must be on and nobody is. `is_there` may say that somebody planned is away.
    pub fn gaps(
        &self,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
        is_there: impl Fn(&PersonId, DateTime<Utc>) -> bool,
    ) -> Vec<Gap> {
        let duties = self.duties(from, until);
        let mut gaps = Vec::new();
        for need in &self.needs {
            let mut day = from.with_timezone(&self.zone).date_naive();
            let last = until.with_timezone(&self.zone).date_naive();
            while day <= last {
                if self.runs(&need.days, &BTreeSet::new(), day) {
                    for piece in &need.hours {
                        let (begins, ends) = piece.on(self.zone, day);
                        let (begins, ends) = (begins.max(from), ends.min(until));
                        let there = duties.iter().filter(|duty| {
                            (need.role.is_none() || duty.role == need.role)
                                && is_there(&duty.person, duty.from.max(begins))
                        });
                        gaps.extend(uncovered(begins, ends, there).map(|(from, until)| Gap {
                            from,
                            until,
                            role: need.role.clone(),
                        }));
                    }
                }
                match day.checked_add_days(Days::new(1)) {
                    Some(next) => day = next,
                    None => break,
                }
            }
        }
        gaps
    }
}

/// The parts of a stretch that no duty covers; duties come in the order of their beginnings.
fn uncovered<'a>(
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    duties: impl Iterator<Item = &'a Duty>,
) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> {
    let mut bare = Vec::new();
    let mut covered_to = from;
    for duty in duties.filter(|duty| duty.from < until && from < duty.until) {
        if duty.from > covered_to {
            bare.push((covered_to, duty.from));
        }
        covered_to = covered_to.max(duty.until);
    }
    if covered_to < until {
        bare.push((covered_to, until));
    }
    bare.into_iter()
}

impl Shift {
    /// Who of its people is on that day.
    fn on(&self, day: NaiveDate) -> impl Iterator<Item = &PersonId> {
        let turn = self.rotate.as_ref().and_then(|rotate| {
            let days = (day - rotate.from).num_days();
            let turns = days.div_euclid(i64::from(rotate.every_days.max(1)));
            let people = i64::try_from(self.people.len()).ok().filter(|n| *n > 0)?;
            usize::try_from(turns.rem_euclid(people)).ok()
        });
        self.people
            .iter()
            .enumerate()
            .filter(move |(at, _)| turn.is_none_or(|turn| *at == turn))
            .map(|(_, person)| person)
    }
}

/// The duties of one person over several rotas, in order; what a calendar program is given.
pub fn duties_of<'a>(
    person: &PersonId,
    rotas: impl Iterator<Item = &'a Rota>,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> BTreeMap<String, Vec<Duty>> {
    rotas
        .map(|rota| {
            let mut duties = rota.duties(from, until);
            duties.retain(|duty| duty.person == *person);
            (rota.id.clone(), duties)
        })
        .filter(|(_, duties)| !duties.is_empty())
        .collect()
}
