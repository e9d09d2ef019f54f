//! Freshdesk's own SLA policies and the business hours they count in.

use chrono::{DateTime, NaiveTime, Utc, Weekday};
use chrono_tz::Tz;
use serde_json::value::RawValue;

use crate::call::Call;
use crate::client::Client;
use crate::error::Error;
use crate::lenient::{Fields, Odd, Part, Scalar, part, record};
use crate::page::Listing;
use crate::zones::zone_of;

record! {
    /// An SLA policy. Of the active ones, the first by `position` that applies is used; the default one applies to
    /// the rest.
    pub struct SlaPolicy {
        @needs {
            /// `id`
            id: u64
        }
        /// `name`
        name: Option<String>,
        /// `description`
        description: Option<String>,
        /// `active`
        active: Option<bool>,
        /// `is_default`
        is_default: Option<bool>,
        /// `position`
        position: Option<u64>,
        /// `applicable_to`: which tickets
        applicable_to: Option<AppliesTo>,
        /// `sla_target`: how fast
        sla_target: Option<Targets>,
        /// `escalation`: who is told
        escalation: Option<Escalation>,
        /// `created_at`
        created_at: Option<DateTime<Utc>>,
        /// `updated_at`
        updated_at: Option<DateTime<Utc>>,
    }
}

part! {
    /// Which tickets a policy applies to: those that match every list that is not empty.
    pub struct AppliesTo {
        /// `company_ids`
        company_ids: Vec<u64>,
        /// `group_ids`
        group_ids: Vec<u64>,
        /// `product_ids`
        product_ids: Vec<u64>,
        /// `sources`
        sources: Vec<i64>,
        /// `ticket_types`
        ticket_types: Vec<String>,
    }
}

part! {
    /// The targets of a policy by priority.
    pub struct Targets {
        /// `priority_1`
        low = "priority_1": Option<Target>,
        /// `priority_2`
        medium = "priority_2": Option<Target>,
        /// `priority_3`
        high = "priority_3": Option<Target>,
        /// `priority_4`
        urgent = "priority_4": Option<Target>,
    }
}

part! {
    /// How fast, in seconds. Where `business_hours` is set, observed accounts count whole days of 86,400 seconds as
    /// that many business days and anything less in business seconds.
    pub struct Target {
        /// `respond_within`, seconds
        respond_within: Option<u64>,
        /// `next_respond_within`, seconds; null where the plan has none
        next_respond_within: Option<u64>,
        /// `resolve_within`, seconds
        resolve_within: Option<u64>,
        /// `business_hours`: counts in those rather than in calendar hours
        business_hours: Option<bool>,
        /// `escalation_enabled`
        escalation_enabled: Option<bool>,
    }
}

part! {
    /// Who is told, before and after.
    pub struct Escalation {
        /// `reminder_response`
        reminder_response: Option<Notice>,
        /// `reminder_next_response`
        reminder_next_response: Option<Notice>,
        /// `reminder_resolution`
        reminder_resolution: Option<Notice>,
        /// `response`
        response: Option<Notice>,
        /// `next_response`
        next_response: Option<Notice>,
        /// `resolution`
        resolution: Option<Levels>,
    }
}

part! {
    /// The levels of a late resolution.
    pub struct Levels {
        /// `level_1`
        level_1: Option<Notice>,
        /// `level_2`
        level_2: Option<Notice>,
        /// `level_3`
        level_3: Option<Notice>,
        /// `level_4`
        level_4: Option<Notice>,
    }
}

part! {
    /// One notice.
    pub struct Notice {
        /// `escalation_time`, seconds from the due instant
        escalation_time: Option<i64>,
        /// `agent_ids`; -1 seems to be the assigned agent
        agent_ids: Vec<i64>,
    }
}

record! {
    /// A business calendar. Its holidays are not told by the API.
    pub struct BusinessHours {
        @needs {
            /// `id`
            id: u64
        }
        /// `name`
        name: Option<String>,
        /// `description`
        description: Option<String>,
        /// `is_default`
        is_default: Option<bool>,
        /// `time_zone`, a Rails name; see [`BusinessHours::zone`]
        time_zone: Option<String>,
        /// `business_hours`, or `working_hours` in copies of it
        week = "business_hours" or "working_hours": Option<Week>,
        /// `created_at`
        created_at: Option<DateTime<Utc>>,
        /// `updated_at`
        updated_at: Option<DateTime<Utc>>,
    }
}

impl BusinessHours {
    /// Its zone, if the name is known.
    pub fn zone(&self) -> Option<Tz> {
        zone_of(self.time_zone.as_deref()?)
    }
}

/// When it is open on each weekday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Week([Option<Hours>; 7]);

/// From when to when it is open, in the calendar's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// `start_time`
    pub from: NaiveTime,
    /// `end_time`; midnight is the end of the day
    pub until: NaiveTime,
}

impl Week {
    /// The hours of a weekday; `None` is closed.
    pub fn on(&self, day: Weekday) -> Option<Hours> {
        self.0[day.num_days_from_monday() as usize]
    }
}

impl Part for Week {
    fn part(raw: &RawValue, path: &str, odd: &mut Vec<Odd>) -> Option<Self> {
        const DAYS: [&str; 7] = [
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
            "sunday",
        ];
        let fields = Fields::open(raw, path, odd)?;
        Some(Self(DAYS.map(|day| fields.take(&[day], odd))))
    }
}

impl Part for Hours {
    fn part(raw: &RawValue, path: &str, odd: &mut Vec<Odd>) -> Option<Self> {
        let fields = Fields::open(raw, path, odd)?;
        let from: TimeOfDay = fields.need("start_time", odd)?;
        let until: TimeOfDay = fields.need("end_time", odd)?;
        Some(Self {
            from: from.0,
            until: until.0,
        })
    }
}

/// `8:00 am`, or `08:00`.
struct TimeOfDay(NaiveTime);

impl Scalar for TimeOfDay {
    fn scalar(raw: &RawValue) -> Option<Self> {
        let text = String::scalar(raw)?.trim().to_ascii_uppercase();
        let text = text.replace(' ', "");
        NaiveTime::parse_from_str(&text, "%I:%M%p")
            .or_else(|_| NaiveTime::parse_from_str(&text, "%H:%M"))
            .or_else(|_| NaiveTime::parse_from_str(&text, "%H:%M:%S"))
            .ok()
            .map(Self)
    }
}

impl Client {
    /// All SLA policies: `GET /sla_policies`.
    pub async fn sla_policies(&self) -> Result<Listing<SlaPolicy>, Error> {
        self.all("list SLA policies", "sla_policies").await
    }

    /// All business calendars: `GET /business_hours`.
    pub async fn business_hours(&self) -> Result<Listing<BusinessHours>, Error> {
        self.all("list business hours", "business_hours").await
    }

    /// One business calendar: `GET /business_hours/{id}`.
    pub async fn business_hours_of(&self, id: u64) -> Result<BusinessHours, Error> {
        let call = Call::get("read business hours", format!("business_hours/{id}"));
        self.send(call).await?.record()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lenient::Record;

    #[test]
    fn a_calendar_is_read_with_its_zone_and_a_missing_day_is_closed() {
        let read = BusinessHours::record(
            serde_json::from_str(
                r#"{"id":1,"name":"Default","is_default":true,"time_zone":"Eastern Time (US & Canada)","business_hours":{
                "monday":{"start_time":"8:00 am","end_time":"5:00 pm"},"tuesday":{"start_time":"12:00 am","end_time":"11:59 pm"},
                "friday":{"start_time":"9","end_time":"5:00 pm"}}}"#,
            )
            .unwrap(),
        )
        .unwrap();
        assert_eq!(read.zone(), Some(Tz::America__New_York));
        let on = |day| {
            read.week
                .unwrap()
                .on(day)
                .map(|hours| format!("{} {}", hours.from, hours.until))
        };
        assert_eq!(on(Weekday::Mon).as_deref(), Some("08:00:00 17:00:00"));
        assert_eq!(on(Weekday::Tue).as_deref(), Some("00:00:00 23:59:00"));
        assert_eq!((on(Weekday::Sun), on(Weekday::Fri)), (None, None));
        assert_eq!(
            read.odd[0].field, "business_hours.friday.start_time",
            "unreadable is not silently closed"
        );
    }

    #[test]
    fn a_policy_is_read_with_its_targets_in_seconds() {
        let read = SlaPolicy::record(
            serde_json::from_str(
                r#"{"id":7,"name":"Default","is_default":true,"active":true,"applicable_to":{},"escalation":{},"sla_target":{
                "priority_4":{"respond_within":3600,"resolve_within":14400,"next_respond_within":null,"business_hours":false,"escalation_enabled":true},
                "priority_1":{"respond_within":86400.0,"resolve_within":"259200"}}}"#,
            )
            .unwrap(),
        )
        .unwrap();
        let targets = read.sla_target.unwrap();
        assert_eq!(targets.urgent.as_ref().unwrap().respond_within, Some(3600));
        assert_eq!(targets.low.as_ref().unwrap().resolve_within, Some(259_200));
        assert_eq!(targets.low.unwrap().respond_within, Some(86_400));
        assert!(read.odd.is_empty() && targets.high.is_none());
    }
}
