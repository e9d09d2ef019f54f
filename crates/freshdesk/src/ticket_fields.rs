//! What fields a ticket has on this account and what may stand in them.

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;

use crate::client::Client;
use crate::codes::Status;
use crate::error::Error;
use crate::lenient::{Odd, Part, Scalar, Text, entries, kind, part, record};
use crate::page::Listing;

record! {
    /// A field of tickets.
    pub struct TicketField {
        @needs {
            /// `id`
            id: u64
        }
        /// `name`, as tickets have it: `status`, `cf_lot_number`
        name: Option<String>,
        /// `label` for agents
        label: Option<String>,
        /// `label_for_customers`
        label_for_customers: Option<String>,
        /// `type`, such as `default_status`, `custom_dropdown`, `nested_field`; an open set
        kind = "type": Option<String>,
        /// `description`
        description: Option<String>,
        /// `position`
        position: Option<u64>,
        /// `default`: one of Freshdesk's own
        is_default = "default": Option<bool>,
        /// `archived`
        archived: Option<bool>,
        /// `required_for_closure`
        required_for_closure: Option<bool>,
        /// `required_for_agents`
        required_for_agents: Option<bool>,
        /// `required_for_customers`
        required_for_customers: Option<bool>,
        /// `customers_can_edit`
        customers_can_edit: Option<bool>,
        /// `displayed_to_customers`
        displayed_to_customers: Option<bool>,
        /// `choices`, whichever shape they have
        choices: Option<Choices>,
        /// `nested_ticket_fields`: the lower levels of a nested field
        nested_ticket_fields: Vec<NestedField>,
        /// `created_at`
        created_at: Option<DateTime<Utc>>,
        /// `updated_at`
        updated_at: Option<DateTime<Utc>>,
    }
}

part! {
    /// A lower level of a nested field.
    pub struct NestedField {
        /// `id`
        id: Option<u64>,
        /// `name`
        name: Option<String>,
        /// `label`
        label: Option<String>,
        /// `level`, 2 or 3
        level: Option<u64>,
    }
}

/// `choices` of a field: Freshdesk writes them in four ways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choices {
    /// A list of labels: types and drop-downs.
    Labels(Vec<String>),
    /// Labels with numbers: sources, priorities, groups, agents, products.
    Numbers(Vec<(String, i64)>),
    /// Labels with further ones below: nested fields; and statuses, see [`TicketField::statuses`].
    Tree(Vec<Branch>),
}

/// A label with those below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// What it is called.
    pub label: String,
    /// What can be chosen below it.
    pub below: Vec<Branch>,
}

/// A status as this account calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusLabel {
    /// Its number.
    pub status: Status,
    /// What agents read.
    pub label: String,
    /// What customers read.
    pub label_for_customers: String,
}

/// Freshdesk nests three levels; what claims more is cut.
const DEEPEST: usize = 8;

impl Part for Choices {
    fn part(raw: &RawValue, path: &str, odd: &mut Vec<Odd>) -> Option<Self> {
        match kind(raw) {
            "a list" => {
                let items: Vec<&RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
                let mut labels = Vec::with_capacity(items.len());
                for (index, item) in items.into_iter().enumerate() {
                    labels.extend(label(item, &format!("{path}[{index}]"), odd));
                }
                Some(Self::Labels(labels))
            }
            "an object" => {
                let entries = entries(raw, path, odd);
                let numbers: Option<Vec<_>> = entries
                    .iter()
                    .map(|(label, raw)| Some((label.as_str().to_owned(), i64::scalar(raw)?)))
                    .collect();
                match numbers {
                    Some(numbers) => Some(Self::Numbers(numbers)),
                    None => Some(Self::Tree(branches(entries, path, odd, DEEPEST))),
                }
            }
            found => {
                odd.push(Odd {
                    field: path.to_owned(),
                    found,
                });
                None
            }
        }
    }
}

/// A label, bare or in an object as the admin call has it.
fn label(raw: &RawValue, path: &str, odd: &mut Vec<Odd>) -> Option<String> {
    if kind(raw) != "an object" {
        return String::part(raw, path, odd);
    }
    let fields = crate::lenient::Fields::open(raw, path, odd)?;
    fields.take::<Option<String>>(&["label", "value", "name"], odd)
}

fn branches(entries: Vec<(Text, &RawValue)>, path: &str, odd: &mut Vec<Odd>, depth: usize) -> Vec<Branch> {
    let named = entries.into_iter().map(|(name, raw)| {
        let path = format!("{path}.{}", name.as_str());
        let below = below(raw, &path, odd, depth.saturating_sub(1));
        Branch {
            label: name.into_string(),
            below,
        }
    });
    named.collect()
}

fn below(raw: &RawValue, path: &str, odd: &mut Vec<Odd>, depth: usize) -> Vec<Branch> {
    match kind(raw) {
        _ if depth == 0 => {
            odd.push(Odd {
                field: path.to_owned(),
                found: "too deep",
            });
            Vec::new()
        }
        "a list" => {
            let items: Vec<&RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
            let mut labels = Vec::with_capacity(items.len());
            for (index, item) in items.into_iter().enumerate() {
                labels.extend(label(item, &format!("{path}[{index}]"), odd));
            }
            labels
                .into_iter()
                .map(|label| Branch {
                    label,
                    below: Vec::new(),
                })
                .collect()
        }
        "an object" => {
            let entries = entries(raw, path, odd);
            branches(entries, path, odd, depth)
        }
        "null" => Vec::new(),
        found => {
            odd.push(Odd {
                field: path.to_owned(),
                found,
            });
            Vec::new()
        }
    }
}

impl TicketField {
    /// The statuses of this account, if this is the field that holds them (`status`). Whether a status stops the
    /// SLA clock is not told by the API.
    pub fn statuses(&self) -> Vec<StatusLabel> {
        if self.name.as_deref() != Some("status") && self.kind.as_deref() != Some("default_status") {
            return Vec::new();
        }
        match &self.choices {
            Some(Choices::Tree(branches)) => branches
                .iter()
                .filter_map(|branch| {
                    let status = Status::from_code(branch.label.trim().parse().ok()?);
                    let mut labels = branch.below.iter().map(|below| below.label.clone());
                    let label = labels.next()?;
                    let label_for_customers = labels.next().unwrap_or_else(|| label.clone());
                    Some(StatusLabel {
                        status,
                        label,
                        label_for_customers,
                    })
                })
                .collect(),
            Some(Choices::Numbers(numbers)) => numbers
                .iter()
                .map(|(label, code)| StatusLabel {
                    status: Status::from_code(*code),
                    label: label.clone(),
                    label_for_customers: label.clone(),
                })
                .collect(),
            Some(Choices::Labels(_)) | None => Vec::new(),
        }
    }
}

impl Client {
    /// All fields of tickets: `GET /ticket_fields`.
    pub async fn ticket_fields(&self) -> Result<Listing<TicketField>, Error> {
        self.send(crate::call::Call::get("list ticket fields", "ticket_fields"))
            .await?
            .listing()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lenient::Record;

    fn field(json: &str) -> TicketField {
        TicketField::record(serde_json::from_str(json).unwrap()).unwrap()
    }

    #[test]
    fn choices_are_read_in_each_of_their_shapes() {
        let dropdown = field(r#"{"id":1,"choices":["a","b"]}"#);
        assert_eq!(
            dropdown.choices,
            Some(Choices::Labels(vec!["a".into(), "b".into()]))
        );
        let groups = field(r#"{"id":1,"choices":{"Billing":103000085325,"Zoo":2}}"#);
        let numbers = vec![("Billing".into(), 103_000_085_325), ("Zoo".into(), 2)];
        assert_eq!(groups.choices, Some(Choices::Numbers(numbers)));
        let nested = field(r#"{"id":1,"type":"nested_field","choices":{"A":{"B":["c","d"],"E":{}},"F":[]}}"#);
        let Some(Choices::Tree(tree)) = &nested.choices else {
            panic!("{nested:?}")
        };
        assert_eq!(tree[0].below[0].below[1].label, "d");
        assert_eq!((tree.len(), tree[1].below.len()), (2, 0));
        let admin = field(r#"{"id":1,"choices":[{"label":"x","value":"x","id":7},{"value":"y"}]}"#);
        assert_eq!(admin.choices, Some(Choices::Labels(vec!["x".into(), "y".into()])));
        assert!(
            [dropdown, groups, nested, admin]
                .iter()
                .all(|field| field.odd.is_empty())
        );
    }

    #[test]
    fn statuses_keep_freshdesks_order_and_both_labels() {
        let status = field(
            r#"{"id":1,"name":"status","type":"default_status","choices":{"2":["Open","Being Processed"],"8":["Held"],"6":["Waiting","Awaiting"]}}"#,
        );
        let read: Vec<_> = status
            .statuses()
            .into_iter()
            .map(|one| (one.status.code(), one.label, one.label_for_customers))
            .collect();
        assert_eq!(
            read,
            [
                (2, "Open".into(), "Being Processed".into()),
                (8, "Held".into(), "Held".into()),
                (6, "Waiting".into(), "Awaiting".into())
            ]
        );
        assert!(
            field(r#"{"id":1,"name":"type","choices":{"2":["a"]}}"#)
                .statuses()
                .is_empty()
        );
    }

    #[test]
    fn nonsense_in_choices_costs_the_choice_and_not_the_field() {
        let odd = field(r#"{"id":1,"choices":{"A":5,"B":[7,"x",[]]}}"#);
        assert_eq!(odd.odd.len(), 3, "{:?}", odd.odd);
        assert_eq!(field(r#"{"id":1,"choices":7}"#).choices, None);
        let deep = format!(
            r#"{{"id":1,"choices":{}1{}}}"#,
            r#"{"a":"#.repeat(5000),
            "}".repeat(5000)
        );
        assert_eq!(field(&deep).odd[0].found, "too deep");
    }
}
