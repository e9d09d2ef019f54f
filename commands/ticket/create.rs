//! `/ticket create`.

use hammerdesk_domain::helpdesk::{HelpdeskWrite, NewTicket, html_of};
use hammerdesk_domain::ids::ClientNo;
use hammerdesk_domain::message::Reply;
use hammerdesk_domain::model::AliasKind;
use hammerdesk_domain::text::clean;
use serde_json::json;

use super::{Changing, Done, PRIORITIES, queued, unchanged, without_cards, words_of};
use crate::errors::{Failure, UserError};
use crate::grammar::{TicketCreateArgs, line_of};
use crate::lookup::{self, Meaning};

/// Freshdesk's own limit.
const LONGEST_SUBJECT: usize = 255;

/// Whose the ticket is to be.
enum Whose {
    Known(Box<NewTicket>),
    Choice(Box<Reply>),
}

/// Makes the ticket.
pub(super) async fn make(changing: &mut Changing<'_>, args: &TicketCreateArgs) -> Result<Done, Failure> {
    let words = words_of(&args.text)?;
    without_cards(words)?;
    without_cards(&args.subject)?;
    let subject = clean(&args.subject, LONGEST_SUBJECT);
    if subject.is_empty() {
        return Err(UserError::malformed("subject: is empty. Say in a line what it is about.").into());
    }
    let whose = match whose(changing, args).await? {
        Whose::Known(whose) => *whose,
        Whose::Choice(choice) => return Ok(Done::Unchanged(choice)),
    };
    let priority = args
        .priority
        .as_deref()
        .and_then(|word| PRIORITIES.iter().find(|(known, _)| *known == word))
        .map(|(_, code)| *code);
    let for_whom = whose
        .email
        .clone()
        .or_else(|| whose.phone.clone())
        .unwrap_or_default();
    let ticket = NewTicket {
        subject: subject.clone(),
        html: html_of(words),
        priority,
        ..whose
    };
    let cause = format!("create:{}:{for_whom}:{subject}:{words}", changing.asker.id);
    if !changing
        .queue_once(&cause, &HelpdeskWrite::Create(ticket))
        .await?
    {
        return Ok(unchanged("You asked for this ticket just now; it is made once."));
    }
    Ok(queued(
        &format!("A ticket “{subject}” for {for_whom}."),
        json!({ "subject": subject, "for": for_whom, "priority": priority }),
    ))
}

async fn whose(changing: &mut Changing<'_>, args: &TicketCreateArgs) -> Result<Whose, Failure> {
    match (&args.client, &args.email) {
        (Some(_), Some(_)) => Err(UserError::malformed("Give client: or email:, not both.").into()),
        (None, None) => Err(UserError::malformed(
            "Say whose ticket it is: client: with a number or a name, or email: with an address.",
        )
        .into()),
        (None, Some(typed)) => {
            let email = address(typed)?;
            Ok(Whose::Known(Box::new(NewTicket {
                email: Some(email),
                ..NewTicket::default()
            })))
        }
        (Some(typed), None) => {
            let ask = |no: &ClientNo| {
                let no = no.to_string();
                let mut options = vec![
                    ("subject", args.subject.as_str()),
                    ("text", args.text.as_str()),
                    ("client", no.as_str()),
                ];
                options.extend(args.priority.as_deref().map(|word| ("priority", word)));
                line_of("/ticket create", &options)
            };
            let asker = changing.asker;
            match lookup::client_in(&mut changing.unit, changing.settings, asker, typed, ask).await? {
                Meaning::One(no) => of_client(changing, &no).await,
                Meaning::Choice(choice) => Ok(Whose::Choice(choice)),
            }
        }
    }
}

/// The client's own address, or telephone where there is none.
async fn of_client(changing: &mut Changing<'_>, no: &ClientNo) -> Result<Whose, Failure> {
    let Some(client) = changing.unit.survivor(no).await? else {
        return Err(UserError::unknown(format!("There is no client {}.", no.short())).into());
    };
    if !changing.asker.may_see(&client) {
        return Err(lookup::out_of_reach(changing.settings, changing.asker, &client).into());
    }
    changing.about = Some(client.no.clone());
    let aliases = changing.unit.aliases(&client.no).await?;
    let first = |kind: AliasKind| {
        aliases
            .iter()
            .find(|alias| alias.kind == kind)
            .map(|alias| alias.value.clone())
    };
    let (email, phone) = (first(AliasKind::Email), first(AliasKind::Phone));
    if email.is_none() && phone.is_none() {
        return Err(UserError::refused(format!(
            "The house knows no address and no telephone of {}. Give email: with the address.",
            client.no.short()
        ))
        .into());
    }
    Ok(Whose::Known(Box::new(NewTicket {
        phone: phone.filter(|_| email.is_none()),
        email,
        name: Some(clean(&client.name, 120)),
        ..NewTicket::default()
    })))
}

/// One address, as far as one can tell by looking.
pub(super) fn address(typed: &str) -> Result<String, UserError> {
    let typed = typed.trim();
    let fits = typed.chars().count() <= 254
        && typed
            .chars()
            .all(|c| !c.is_whitespace() && !matches!(c, '<' | '>' | ',' | ';' | '"' | '(' | ')'))
        && typed.split_once('@').is_some_and(|(who, host)| {
            !who.is_empty()
                && host.contains('.')
                && !host.starts_with('.')
                && !host.ends_with('.')
                && !host.contains('@')
        });
    fits.then(|| typed.to_owned()).ok_or_else(|| {
        UserError::malformed(format!(
            "“{}” is no e-mail address. Write it like ada@example.com.",
            clean(typed, 60)
        ))
    })
}
