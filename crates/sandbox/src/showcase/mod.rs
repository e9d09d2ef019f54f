//! The showcases: one client for every row of the three decision tables.
//!
//! Promises: [`Showcase::question`] asked by [`Showcase::as_person`] meets the row; client numbers tell the
//! row (B8 is client 1400008, R07 is 1500007, D3 is 1600003, P14 is 1700014).

mod balance;
mod deposit;
mod release;

use chrono::{DateTime, Utc};
use hammerdesk_domain::ids::{ClientNo, PersonId};
use hammerdesk_domain::location::House;
use hammerdesk_domain::model::{AliasKind, Sale, SaleKind};
use hammerdesk_domain::money::Currency;
use hammerdesk_domain::text::fold;

use crate::account::Account;
use crate::names;
use crate::place::{Place, Slot};

/// A question that shows one row of a decision table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Showcase {
    /// The row: `B8`, `R01`, `D3`, `P14`, or an outcome of the release table such as `PARTIAL`.
    pub row: String,
    /// What to ask.
    pub question: String,
    /// Who asks.
    pub as_person: PersonId,
    /// About whom.
    pub client: ClientNo,
    /// The client's name.
    pub name: String,
    /// The story in a sentence.
    pub says: String,
}

/// All showcases with their accounts, and the sales that only they need.
pub(crate) struct Stage {
    pub(crate) showcases: Vec<Showcase>,
    pub(crate) accounts: Vec<Account>,
    pub(crate) sales: Vec<Sale>,
}

/// Where a story plays, as a position among the director's places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    London,
    NewYork,
    HongKong,
    PrivateLondon,
    PrivateNewYork,
}

/// A story before it is told.
#[derive(Debug, Clone, Copy)]
struct Story {
    row: &'static str,
    no: u64,
    /// The legal name, then other spellings after a bar: `陳美玲|Mei Ling Chan`.
    name: &'static str,
    at: At,
    says: &'static str,
    asked_by: Option<&'static str>,
}

const fn story(row: &'static str, no: u64, name: &'static str, at: At, says: &'static str) -> Story {
    Story {
        row,
        no,
        name,
        at,
        says,
        asked_by: None,
    }
}

impl Story {
    /// Asked by somebody else than the coordinator of the place.
    const fn by(self, person: &'static str) -> Self {
        Self {
            asked_by: Some(person),
            ..self
        }
    }
}

struct Director {
    places: Vec<Place>,
    stage: Stage,
}

impl Director {
    /// The place of a story.
    fn place(&self, at: At) -> &Place {
        &self.places[at as usize]
    }

    /// Makes a client without a question: somebody whom another story needs.
    fn cast(&mut self, no: u64, name: &str, at: At, build: impl FnOnce(&mut Account, &Place)) {
        let place = self.place(at).clone();
        let mut account = newcomer(no, name, &place);
        build(&mut account, &place);
        self.stage.accounts.push(account);
    }

    /// Tells a story: makes its client and notes its question.
    fn tell(&mut self, story: Story, build: impl FnOnce(&mut Account, &Place) -> String) {
        let place = self.place(story.at).clone();
        let mut account = newcomer(story.no, story.name, &place);
        let question = build(&mut account, &place);
        self.note(story, &account, question);
        self.stage.accounts.push(account);
    }

    /// Notes another question about a client that exists already.
    fn note(&mut self, story: Story, account: &Account, question: String) {
        let person = story.asked_by.unwrap_or(match story.at {
            At::London | At::PrivateLondon => "coordinator-london",
            At::HongKong => "coordinator-hong-kong",
            At::NewYork | At::PrivateNewYork => "manager",
        });
        self.stage.showcases.push(Showcase {
            row: story.row.to_owned(),
            question,
            as_person: PersonId::new(person),
            client: account.no().clone(),
            name: account.client.name.clone(),
            says: story.says.to_owned(),
        });
    }
}

fn newcomer(no: u64, name: &str, place: &Place) -> Account {
    let mut spellings = name.split('|');
    let legal = spellings.next().unwrap_or(name);
    let mut account = Account::new(no, legal, place);
    let mut mailbox = mailbox_of(legal);
    for spelling in spellings {
        account.known_as(AliasKind::Name, spelling, None);
        mailbox = mailbox.or_else(|| mailbox_of(spelling));
    }
    let mailbox = mailbox.unwrap_or_else(|| format!("client{no}"));
    account.known_as(AliasKind::Email, format!("{mailbox}@example.org"), None);
    let saleroom = match place.letter {
        'N' | 'Q' => 1,
        'H' => 2,
        _ => 0,
    };
    account.known_as(AliasKind::Phone, names::phone(saleroom, no), None);
    account.client.tier = Some("Standard".to_owned());
    account.client.language = Some("en".to_owned());
    account
}

/// The name as people write it before an `@`; nothing where it is in another script.
fn mailbox_of(name: &str) -> Option<String> {
    let folded = fold(name);
    let parts: Vec<String> = folded
        .split([' ', '-', '.'])
        .map(|part| part.chars().filter(char::is_ascii_lowercase).collect::<String>())
        .filter(|part| !part.is_empty())
        .collect();
    (!parts.is_empty()).then(|| parts.join("."))
}

impl Stage {
    pub(crate) fn new(house: &House, rooms: &[Place], now: DateTime<Utc>) -> Self {
        let mut places = rooms.to_vec();
        let private = [(Currency::GBP, 'P'), (Currency::USD, 'Q')];
        for (location, (currency, letter)) in house.locations.iter().skip(rooms.len()).zip(private) {
            places.push(Place::new(location, currency, letter, now, 0));
        }
        for (private, room) in [(At::PrivateLondon, At::London), (At::PrivateNewYork, At::NewYork)] {
            // The saleroom looks after the clients of its private sales.
            places[private as usize].id = places[room as usize].id.clone();
        }
        let sales = [At::PrivateLondon, At::PrivateNewYork]
            .map(|at| Sale {
                title: "Private sale".to_owned(),
                kind: SaleKind::Private,
                ..places[at as usize].sale(Slot::Month).clone()
            })
            .to_vec();
        let stage = Self {
            showcases: Vec::new(),
            accounts: Vec::new(),
            sales,
        };
        let mut director = Director { places, stage };
        balance::tell(&mut director);
        release::tell(&mut director);
        deposit::tell(&mut director);
        director.stage
    }
}

/// `/balance 1400008`.
fn balance(account: &Account) -> String {
    format!("/balance {}", account.no().short())
}
