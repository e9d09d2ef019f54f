//! Ordinary clients: what fills the house around the showcases, and scales to a million invoices.
//!
//! Promises: a client depends on the seed and its own position alone, so any one can be made without the
//! others; no two of them share a lot, a document or a paddle.

use hammerdesk_domain::ids::{DisputeId, GroupId, LotKey, LotNo, TermsId};
use hammerdesk_domain::model::{
    Accrual, AliasKind, ClientKind, Collector, Confidentiality, Dispute, DisputeStage, Instalment,
    InvoiceKind, LineKind, Lot, Method, PayerMatch, PaymentState, Permit, Quote, Release, ReleaseRoute,
    ReleaseState, TermsAgreement, TermsState, Whereabouts,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::account::{Account, Receipt, client_no, resale_right, share, title};
use crate::names;
use crate::place::{Place, Slot};
use crate::rows::LotIn;

/// Numbers of ordinary clients start here.
pub(crate) const FIRST_CLIENT: u64 = 2_000_000;
/// Lots below this number are the showcases'.
const FIRST_LOT: usize = 201;
/// Lots of the eight sales that each client has to do with.
const LOTS_EACH: usize = 10;

/// What the ordinary clients are made from.
#[derive(Debug, Clone)]
pub(crate) struct Crowd {
    /// The seed of the house.
    pub(crate) seed: u64,
    /// How many there are.
    pub(crate) clients: u64,
    /// If set, each client gets older, paid invoices until it has so many.
    pub(crate) invoices_each: Option<usize>,
}

/// A client being made.
pub(crate) struct Maker<'a> {
    pub(crate) rng: ChaCha8Rng,
    pub(crate) place: &'a Place,
    pub(crate) account: Account,
}

impl Crowd {
    /// The client at that position.
    pub(crate) fn client(&self, places: &[Place], at: u64) -> Account {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(at + 1);
        let saleroom = usize::try_from(at).unwrap_or(0) % places.len();
        let position = usize::try_from(at).unwrap_or(0) / places.len();
        let place = &places[saleroom];
        let name = names::name(&mut rng, saleroom);
        let mut account = Account::new(FIRST_CLIENT + at, &name.legal, place);
        let client = &mut account.client;
        client.language = Some(name.language.to_owned());
        client.country = Some(name.country.to_owned());
        client.kind = match (name.company, rng.random_ratio(1, 3)) {
            (false, _) => ClientKind::Person,
            (true, false) => ClientKind::Company,
            (true, true) => ClientKind::Trade,
        };
        client.tier =
            Some(["Standard", "Standard", "Standard", "Preferred", "Key"][rng.random_range(0..5)].to_owned());
        client.owner = Some(owner(place, position));
        client.confidentiality = match rng.random_range(0..200) {
            0 => Confidentiality::Restricted,
            1..=4 => Confidentiality::Vip,
            _ => Confidentiality::Normal,
        };
        if position % 25 < 2 {
            client.group = Some(GroupId::new(format!("GRP-{}{:04}", place.letter, position / 25)));
        }
        account.known_as(
            AliasKind::Email,
            format!("{}{at}@example.{}", name.mailbox, ["com", "org"][saleroom % 2]),
            None,
        );
        account.known_as(AliasKind::Phone, names::phone(saleroom, at / 3), None);
        for variant in name.variants {
            account.known_as(AliasKind::Name, variant, None);
        }
        // One in ninety was merged into the neighbour at the same saleroom and has nothing left.
        if position % 90 == 89 {
            account.client.merged_into = Some(client_no(FIRST_CLIENT + at - 3));
            account.status = None;
            return account;
        }
        let mut maker = Maker { rng, place, account };
        maker.compliance();
        maker.eight_sales(self, position);
        maker.deposit();
        maker.oddities();
        if let Some(wanted) = self.invoices_each {
            maker.history(position, wanted);
        }
        maker.account
    }
}

fn owner(place: &Place, position: usize) -> String {
    let names = match place.letter {
        'L' => ["Nia Prosser", "Callum Reid", "Asha Nair"],
        'N' => ["Marcus Bell", "Rosa Delgado", "Yael Stern"],
        _ => ["Kwok Wing-yan", "Jocelyn Tam", "Ho Sai-lung"],
    };
    names[position % names.len()].to_owned()
}

impl Maker<'_> {
    pub(crate) fn one_in(&mut self, many: u32) -> bool {
        self.rng.random_ratio(1, many)
    }

    pub(crate) fn of<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.rng.random_range(0..from.len())]
    }

    /// Two lots each in five of the eight sales: bought, unsold, or still to come.
    fn eight_sales(&mut self, crowd: &Crowd, position: usize) {
        for pair in position * LOTS_EACH / 2..(position + 1) * LOTS_EACH / 2 {
            let slot = Slot::ALL[pair % 8];
            let first = FIRST_LOT + pair / 8 * 2;
            let sale = self.place.sale(slot);
            let consigned_by = client_no(FIRST_CLIENT + self.rng.random_range(0..crowd.clients));
            let mut bought = Vec::with_capacity(2);
            for number in [first, first + 1].map(|number| u32::try_from(number).unwrap_or(u32::MAX)) {
                let hammer =
                    i64::from(self.rng.random_range(2_u32..250)) * self.of(&[5_000, 10_000, 10_000, 50_000]);
                let sold = self.rng.random_ratio(3, 4);
                if slot.is_final() && !sale.cancelled && sold {
                    bought.push((number, hammer));
                } else {
                    let counted = slot == Slot::Counting && sold;
                    self.account.lots.push(LotIn {
                        lot: Lot {
                            key: LotKey {
                                sale: sale.no.clone(),
                                lot: LotNo::new(number.to_string()),
                            },
                            title: title(number).to_owned(),
                            hammer: counted.then(|| self.place.money(hammer)),
                            buyer: counted.then(|| self.account.no().clone()),
                            consignor: Some(consigned_by.clone()),
                            work_of_art: number % 5 != 0,
                            export_licence: Permit::NotNeeded,
                            cites: Permit::NotNeeded,
                            cancellation_until: None,
                            whereabouts: Whereabouts::InHouse,
                        },
                        currency: self.place.currency,
                    });
                }
            }
            if pair % 3 == 0 {
                let paddle = (201 + pair / 8).to_string();
                self.account
                    .known_as(AliasKind::Paddle, paddle, Some(sale.no.clone()));
            }
            if !bought.is_empty() {
                let from = self.account.lots.len();
                let invoice = self.account.buys(self.place, sale, &bought);
                for lot in &mut self.account.lots[from..] {
                    lot.lot.consignor = Some(consigned_by.clone());
                    lot.lot.work_of_art = bought[0].0 % 5 != 0;
                }
                self.settle(slot, invoice, from);
            }
        }
    }

    /// What became of an invoice of that sale, whose lots start at `from`.
    fn settle(&mut self, slot: Slot, invoice: usize, from: usize) {
        let (first, last) = match slot {
            Slot::Ancient => (120, 146),
            Slot::Old => (75, 96),
            Slot::Past => (35, 56),
            Slot::Month => (4, 26),
            _ => (0, 2),
        };
        let days_ago = self.rng.random_range(first..=last);
        let method = self.of(&[
            Method::Wire,
            Method::Wire,
            Method::Wire,
            Method::Card,
            Method::Card,
            Method::Cheque,
        ]);
        let how = Receipt { method, days_ago };
        let total = self.account.invoices[invoice].total.minor();
        let part = share(total, self.rng.random_range(2..9), 10);
        let paid_of_100 = match slot {
            Slot::Ancient => 95,
            Slot::Old => 91,
            Slot::Past => 86,
            Slot::Month => 62,
            _ => 34,
        };
        let fate = self.rng.random_range(0..100);
        if fate < paid_of_100 {
            if self.one_in(12) && self.place.letter == 'L' {
                self.with_resale_right(invoice, from);
            }
            let payment = self.account.pays(self.place, invoice, how);
            self.warehouse(from, days_ago);
            self.afterwards(invoice, payment, from, how);
            return;
        }
        match (fate - paid_of_100) * 10 / (100 - paid_of_100) {
            0 => {
                self.account.pays_part(self.place, invoice, None, part, how);
            }
            1 => {
                self.account.pays_leaving_residual(self.place, invoice, part, how);
            }
            2 => {
                self.account
                    .receives(self.place, Some(invoice), total, Receipt { method, days_ago: 1 });
            }
            3 => self.paid_by_a_third_party(invoice, total),
            4 if slot != Slot::Fresh => self.terms(invoice),
            5 if slot != Slot::Fresh => self.storage(from),
            _ => {}
        }
        if matches!(slot, Slot::Ancient | Slot::Old | Slot::Past) {
            self.accrues(invoice, from, total);
        }
        for at in from..self.account.lots.len() {
            let release = self.release(at, ReleaseState::Blocked, None);
            self.account.releases.push(release);
        }
    }

    fn release(&mut self, lot: usize, state: ReleaseState, on: Option<i64>) -> Release {
        Release {
            lot: self.account.lot_key(lot),
            state,
            on: on.map(|days_ago| self.place.day(-days_ago)),
            to: (state == ReleaseState::Released).then(|| self.account.client.name.clone()),
            route: self.of(&[
                ReleaseRoute::Collection,
                ReleaseRoute::Collection,
                ReleaseRoute::Delivery,
            ]),
            collector: Collector::Buyer,
            quote: Quote::NotNeeded,
            authority: None,
            authorised_by: None,
            authority_until: None,
            residual: None,
        }
    }

    fn warehouse(&mut self, from: usize, paid_days_ago: i64) {
        let state = self.of(&[
            ReleaseState::Released,
            ReleaseState::Released,
            ReleaseState::Scheduled,
            ReleaseState::Authorised,
            ReleaseState::Releasable,
        ]);
        let on = (state != ReleaseState::Releasable).then(|| (paid_days_ago - 3).max(0));
        for at in from..self.account.lots.len() {
            let mut release = self.release(at, state, on);
            if release.route == ReleaseRoute::Delivery {
                release.quote = Quote::Accepted;
            }
            self.account.releases.push(release);
        }
    }

    /// A line for the artist's resale right, billed with the rest.
    fn with_resale_right(&mut self, invoice: usize, from: usize) {
        let lot = &self.account.lots[from].lot;
        let royalty = resale_right(lot.hammer.map_or(0, hammerdesk_domain::money::Money::minor));
        if royalty == 0 {
            return;
        }
        let key = lot.key.clone();
        self.account
            .charges_more(invoice, Some(key), LineKind::Arr, royalty);
    }

    /// Shipping invoices, card fees and disputes that come after a payment.
    fn afterwards(&mut self, invoice: usize, payment: usize, from: usize, how: Receipt) {
        if self.one_in(9) {
            let lot = Some(self.account.lot_key(from));
            let value = self.account.invoices[invoice].total.minor();
            let charges = vec![
                (lot.clone(), LineKind::Shipping, 18_000 + share(value, 1, 200)),
                (lot, LineKind::Insurance, share(value, 1, 100)),
            ];
            let issued = self.place.day(-how.days_ago);
            let due = self.place.day(14 - how.days_ago);
            let shipping = self
                .account
                .bill(self.place, InvoiceKind::Shipping, None, (issued, due), charges);
            if how.days_ago > 10 && self.rng.random_ratio(3, 4) {
                self.account.pays(
                    self.place,
                    shipping,
                    Receipt {
                        days_ago: how.days_ago - 8,
                        ..how
                    },
                );
            }
        }
        if how.method == Method::Card && self.one_in(14) {
            let stage = self.of(DisputeStage::ALL);
            let paid = &mut self.account.payments[payment];
            let withdrawn = !matches!(stage, DisputeStage::Inquiry | DisputeStage::InquiryClosed);
            if withdrawn {
                paid.state = match stage {
                    DisputeStage::Lost => PaymentState::Lost,
                    DisputeStage::WonFinal => PaymentState::Reinstated,
                    _ => PaymentState::Disputed,
                };
            }
            let open = matches!(
                stage,
                DisputeStage::Opened | DisputeStage::EvidenceDue | DisputeStage::Inquiry
            );
            self.account.disputes.push(Dispute {
                id: DisputeId::new(format!("dp_{}", paid.id)),
                payment: (paid.source.clone(), paid.id.clone()),
                client: paid.client.clone(),
                entity: paid.entity.clone(),
                stage,
                reason: Some("Cardholder does not recognise the charge".to_owned()),
                amount: paid.amount,
                due_at: open
                    .then(|| self.place.day(9).and_hms_opt(23, 59, 59))
                    .flatten()
                    .map(|at| at.and_utc()),
                funds_withdrawn: withdrawn && stage != DisputeStage::WonFinal,
            });
        }
    }

    fn paid_by_a_third_party(&mut self, invoice: usize, total: i64) {
        let at = self.account.receives(
            self.place,
            Some(invoice),
            total,
            Receipt {
                method: Method::Wire,
                days_ago: 2,
            },
        );
        let payment = &mut self.account.payments[at];
        payment.state = PaymentState::HeldThirdParty;
        payment.payer_name = Some("Harbourline Trading FZE".to_owned());
        payment.payer_match = PayerMatch::Mismatch;
    }

    fn storage(&mut self, lot: usize) {
        let key = Some(self.account.lot_key(lot));
        let charges = vec![(key, LineKind::Storage, 6_000 + 500 * self.rng.random_range(1..40))];
        let dates = (self.place.day(-6), self.place.day(8));
        self.account
            .bill(self.place, InvoiceKind::Storage, None, dates, charges);
    }

    fn accrues(&mut self, invoice: usize, lot: usize, total: i64) {
        let (key, entity) = (
            self.account.lot_key(lot),
            self.account.invoices[invoice].key.entity.clone(),
        );
        let accrual = |kind, lot, amount| Accrual {
            client: self.account.no().clone(),
            entity: entity.clone(),
            kind,
            lot,
            amount: self.place.money(amount),
            through_on: self.place.day(-1),
        };
        let (storage, interest) = (
            accrual(LineKind::Storage, Some(key), 24_000),
            accrual(LineKind::Interest, None, share(total, 8, 600)),
        );
        // One row for interest on the account: it is keyed by client, entity and kind.
        if !self
            .account
            .accruals
            .iter()
            .any(|known| known.kind == LineKind::Interest)
        {
            self.account.accruals.push(interest);
        }
        self.account.accruals.push(storage);
    }

    fn terms(&mut self, invoice: usize) {
        let state = self.of(TermsState::ALL);
        let bill = &self.account.invoices[invoice];
        let (number, sale, total) = (bill.key.number.clone(), bill.sale.clone(), bill.total.minor());
        let id = TermsId::new(format!("T{number}"));
        let third = total / 3;
        let papers = matches!(
            state,
            TermsState::Requested | TermsState::DocsMissing | TermsState::Approved
        );
        let late = state == TermsState::Breached;
        let instalments = [(1, third), (2, third), (3, total - 2 * third)];
        self.account.terms.push(TermsAgreement {
            id,
            client: self.account.no().clone(),
            entity: self.place.entity.clone(),
            sale,
            invoice: Some(number),
            state,
            release_included: self.rng.random_ratio(1, 2),
            accelerates: self.rng.random_ratio(1, 2),
            documents_missing: papers.then(|| "Signed terms letter".to_owned()),
            approver: (!papers).then(|| "Finance director".to_owned()),
            valid_from: Some(self.place.day(-40)),
            valid_to: Some(self.place.day(90)),
            instalments: instalments
                .map(|(n, amount)| Instalment {
                    n,
                    due_on: self.place.day(if late { 30 * n - 50 } else { 30 * n - 15 }),
                    amount: self.place.money(amount),
                    paid: self.place.money(0),
                })
                .to_vec(),
        });
    }

    /// Older invoices of one lot each, paid long ago, until there are so many as wanted.
    fn history(&mut self, position: usize, wanted: usize) {
        let older = self.place.sales.len() - Slot::ALL.len();
        if older == 0 {
            return;
        }
        for n in self.account.invoices.len()..wanted {
            let at = position * wanted + n;
            let sale = &self.place.sales[Slot::ALL.len() + at % older];
            let number = u32::try_from(FIRST_LOT + at / older).unwrap_or(u32::MAX);
            let hammer = i64::from(self.rng.random_range(2_u32..250)) * 10_000;
            let invoice = self.account.buys(self.place, sale, &[(number, hammer)]);
            let days_ago = (self.place.today - sale.ends_on).num_days() - self.rng.random_range(2..9);
            self.account.pays(
                self.place,
                invoice,
                Receipt {
                    method: Method::Wire,
                    days_ago,
                },
            );
        }
    }
}
