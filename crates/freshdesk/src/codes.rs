//! Freshdesk's numbers with their names. Each set is open: accounts add statuses from 8 up and sources of their own,
//! and an unknown number must survive reading and writing back.

use serde_json::value::RawValue;

use crate::lenient::{Scalar, Text};

macro_rules! codes {
    ($(#[$meta:meta])* pub enum $name:ident { $( $(#[$vmeta:meta])* $variant:ident = $code:literal ),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $( $(#[$vmeta])* $variant, )*
            /// A number that Freshdesk's documentation does not name.
            Other(i64),
        }

        impl $name {
            /// From Freshdesk's number.
            pub fn from_code(code: i64) -> Self {
                match code {
                    $( $code => Self::$variant, )*
                    other => Self::Other(other),
                }
            }

            /// Freshdesk's number.
            pub fn code(self) -> i64 {
                match self {
                    $( Self::$variant => $code, )*
                    Self::Other(code) => code,
                }
            }
        }

        impl Scalar for $name {
            fn scalar(raw: &RawValue) -> Option<Self> {
                i64::scalar(raw).map(Self::from_code)
            }
        }

        impl From<$name> for serde_json::Value {
            fn from(value: $name) -> Self {
                value.code().into()
            }
        }
    };
}

codes! {
    /// `status` of a ticket. Labels and custom ones: [`crate::TicketField::statuses`].
    pub enum Status {
        /// 2
        Open = 2,
        /// 3
        Pending = 3,
        /// 4
        Resolved = 4,
        /// 5
        Closed = 5,
        /// 6, on accounts that have it
        WaitingOnCustomer = 6,
        /// 7, on accounts that have it
        WaitingOnThirdParty = 7,
    }
}

codes! {
    /// `priority` of a ticket.
    pub enum Priority {
        /// 1
        Low = 1,
        /// 2
        Medium = 2,
        /// 3
        High = 3,
        /// 4
        Urgent = 4,
    }
}

codes! {
    /// `source` of a ticket: how it came in.
    pub enum Source {
        /// 1
        Email = 1,
        /// 2
        Portal = 2,
        /// 3
        Phone = 3,
        /// 4
        Forum = 4,
        /// 5
        Twitter = 5,
        /// 6
        Facebook = 6,
        /// 7
        Chat = 7,
        /// 8
        MobiHelp = 8,
        /// 9
        FeedbackWidget = 9,
        /// 10
        OutboundEmail = 10,
        /// 11
        Ecommerce = 11,
        /// 12
        Bot = 12,
        /// 13
        Whatsapp = 13,
    }
}

codes! {
    /// `source` of a conversation.
    pub enum ConversationSource {
        /// 0
        Reply = 0,
        /// 2
        Note = 2,
        /// 5
        Tweet = 5,
        /// 6
        Survey = 6,
        /// 7
        Facebook = 7,
        /// 8
        ForwardedEmail = 8,
        /// 9
        Phone = 9,
        /// 10
        MobiHelp = 10,
        /// 11
        Ecommerce = 11,
    }
}

codes! {
    /// `category` of a conversation; seen live, not documented.
    pub enum ConversationCategory {
        /// 2
        Note = 2,
        /// 3
        AgentReply = 3,
        /// 7
        Survey = 7,
    }
}

codes! {
    /// `association_type` of a ticket.
    pub enum Association {
        /// 1
        Parent = 1,
        /// 2
        Child = 2,
        /// 3
        Tracker = 3,
        /// 4
        Related = 4,
    }
}

codes! {
    /// `ticket_scope` of an agent: which tickets they see.
    pub enum TicketScope {
        /// 1
        Global = 1,
        /// 2
        Group = 2,
        /// 3
        Restricted = 3,
    }
}

/// `type` of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentKind {
    /// `support_agent`
    Support,
    /// `field_agent`
    Field,
    /// `collaborator`, who cannot reply to customers
    Collaborator,
    /// Another name.
    Other(String),
}

impl Scalar for AgentKind {
    fn scalar(raw: &RawValue) -> Option<Self> {
        Some(match Text::scalar(raw)?.as_str() {
            "support_agent" => Self::Support,
            "field_agent" => Self::Field,
            "collaborator" => Self::Collaborator,
            other => Self::Other(other.to_owned()),
        })
    }
}
