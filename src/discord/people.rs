//! Who asks: made anew from the roles that Discord says a member has at that very interaction.
//!
//! Nothing is remembered of anybody, so that losing a role takes effect with the next press, on old buttons
//! and completions too. Somebody of `[[people]]` who names their Discord account there is that person
//! wherever they ask; everybody else is what their server's roles say.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use hammerdesk_domain::access::{Asker, Role, Scope};
use hammerdesk_domain::ids::PersonId;

use super::text::plain;

/// What a role of a server gives its holder.
#[derive(Debug, Clone)]
pub struct Grant {
    /// A role of ours and its place in the config: the first counts where somebody has several.
    pub role: Option<(usize, Arc<Role>)>,
    /// Whose accounts; together with a role for that one alone, without one for whichever its holder has.
    pub scope: Option<Scope>,
}

/// Everybody whom Discord may bring.
#[derive(Debug, Clone, Default)]
pub struct People {
    /// By account.
    named: HashMap<u64, Asker>,
    /// By the server's role.
    grants: HashMap<u64, Grant>,
    /// Does any role say whose accounts? Then who has none of those may ask about nobody's.
    has_places: bool,
}

/// Somebody as an interaction brings them.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    /// The account.
    pub(crate) id: u64,
    /// As the server shows them; they chose it themselves.
    pub(crate) name: String,
    /// Their roles on the server at this moment.
    pub(crate) roles: Vec<u64>,
}

impl People {
    /// From the config.
    pub fn new(named: HashMap<u64, Asker>, grants: HashMap<u64, Grant>) -> Self {
        let has_places = grants.values().any(|grant| grant.scope.is_some());
        Self {
            named,
            grants,
            has_places,
        }
    }

    /// The asker that somebody is at this moment; `None` is a stranger.
    pub(crate) fn asker(&self, member: &Member) -> Option<Asker> {
        if let Some(named) = self.named.get(&member.id) {
            return Some(named.clone());
        }
        let held: Vec<&Grant> = member
            .roles
            .iter()
            .filter_map(|role| self.grants.get(role))
            .collect();
        let (rank, role) = held
            .iter()
            .filter_map(|grant| grant.role.as_ref())
            .min_by_key(|(rank, _)| *rank)?;
        // A scope that comes with another role is not for this one.
        let fits = |grant: &&&Grant| grant.role.as_ref().is_none_or(|(other, _)| other == rank);
        let scopes = held.iter().filter(fits).filter_map(|grant| grant.scope.as_ref());
        let scope = if self.has_places {
            together(scopes)
        } else {
            Scope::All
        };
        let name = plain(&member.name, 60);
        Some(Asker {
            id: PersonId::new(format!("discord:{}", member.id)),
            name: if name.is_empty() {
                format!("Member {}", member.id)
            } else {
                name
            },
            role: Arc::clone(role),
            scope,
        })
    }

    /// The id under which an account is known: that of `[[people]]` where it is named there.
    pub(crate) fn person_id(&self, account: u64) -> PersonId {
        self.named.get(&account).map_or_else(
            || PersonId::new(format!("discord:{account}")),
            |asker| asker.id.clone(),
        )
    }

    /// The account of a person, where it is known.
    pub(crate) fn account_of(&self, person: &PersonId) -> Option<u64> {
        let named = self.named.iter().find(|(_, asker)| asker.id == *person);
        named
            .map(|(account, _)| *account)
            .or_else(|| person.as_str().strip_prefix("discord:")?.parse().ok())
    }

    /// The server's roles that mean something here.
    pub(crate) fn guild_roles(&self) -> impl Iterator<Item = u64> {
        self.grants.keys().copied()
    }
}

fn together<'a>(scopes: impl Iterator<Item = &'a Scope>) -> Scope {
    let mut all = BTreeSet::new();
    for scope in scopes {
        match scope {
            Scope::All => return Scope::All,
            Scope::Only(locations) => all.extend(locations.iter().cloned()),
        }
    }
    Scope::Only(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hammerdesk_domain::ids::LocationId;

    fn only(locations: &[&str]) -> Scope {
        Scope::Only(locations.iter().map(|id| LocationId::new(*id)).collect())
    }

    fn grant(role: Option<(usize, &str)>, scope: Option<Scope>) -> Grant {
        Grant {
            role: role.map(|(rank, id)| (rank, Arc::new(Role::new(id, id, &[])))),
            scope,
        }
    }

    fn member(roles: &[u64]) -> Member {
        Member {
            id: 77,
            name: " Eve\u{202E}\n@everyone ".to_owned(),
            roles: roles.to_vec(),
        }
    }

    fn people() -> People {
        let grants = [
            (1, grant(Some((0, "manager")), Some(only(&["paris"])))),
            (2, grant(Some((1, "coordinator")), Some(only(&["london"])))),
            (3, grant(None, Some(only(&["hong_kong"])))),
            (4, grant(Some((1, "coordinator")), None)),
        ];
        People::new(HashMap::new(), grants.into())
    }

    fn seen(roles: &[u64]) -> Option<(String, Scope)> {
        people()
            .asker(&member(roles))
            .map(|asker| (asker.role.id.clone(), asker.scope))
    }

    #[test]
    fn who_has_no_role_that_means_something_is_a_stranger() {
        assert_eq!(seen(&[]), None);
        assert_eq!(seen(&[99]), None);
        assert_eq!(seen(&[3]), None);
    }

    #[test]
    fn of_several_roles_the_first_counts_and_places_never_go_from_one_role_to_another() {
        assert_eq!(seen(&[2]), Some(("coordinator".to_owned(), only(&["london"]))));
        assert_eq!(
            seen(&[2, 3]),
            Some(("coordinator".to_owned(), only(&["london", "hong_kong"])))
        );
        assert_eq!(seen(&[1, 2, 4]), Some(("manager".to_owned(), only(&["paris"]))));
        assert_eq!(seen(&[4]), Some(("coordinator".to_owned(), only(&[]))));
    }

    #[test]
    fn where_no_role_says_whose_accounts_a_role_is_for_all() {
        let people = People::new(
            HashMap::new(),
            [(4, grant(Some((1, "coordinator")), None))].into(),
        );
        assert_eq!(people.asker(&member(&[4])).unwrap().scope, Scope::All);
    }

    #[test]
    fn a_name_is_shown_harmless_and_the_id_says_the_platform() {
        let asker = people().asker(&member(&[1])).unwrap();
        assert_eq!(
            (asker.id.as_str(), asker.name.as_str()),
            ("discord:77", "Eve @everyone")
        );
    }

    #[test]
    fn somebody_of_the_config_is_that_person_whatever_the_roles() {
        let named = Asker {
            id: PersonId::new("ada"),
            name: "Ada".to_owned(),
            role: Arc::new(Role::new("manager", "Manager", &[])),
            scope: Scope::All,
        };
        let people = People::new([(77, named.clone())].into(), HashMap::new());
        assert_eq!(people.asker(&member(&[])), Some(named));
        assert_eq!(people.person_id(77).as_str(), "ada");
        assert_eq!(people.person_id(78).as_str(), "discord:78");
    }
}
