//! What `hammerdesk check` says about Discord: token, application, servers, roles, and the rights per channel.
//!
//! Each finding that is not in order says what to do about it, in the words of Discord's own settings.

use serde::Deserialize;
use serde_json::Value;

use super::Setup;
use super::rest::{Call, Rest, RestError};

const ADMINISTRATOR: u64 = 1 << 3;

/// The rights that the bot needs in each of its channels, as Discord's settings call them.
const NEEDED: [(u64, &str); 8] = [
    (1 << 10, "View Channel"),
    (1 << 11, "Send Messages"),
    (1 << 35, "Create Public Threads"),
    (1 << 38, "Send Messages in Threads"),
    (1 << 15, "Attach Files"),
    (1 << 14, "Embed Links"),
    (1 << 16, "Read Message History"),
    (1 << 34, "Manage Threads"),
];

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// In order?
    pub ok: bool,
    /// What was found, and what to do.
    pub says: String,
}

#[derive(Debug, Deserialize)]
struct Named {
    id: String,
    #[serde(default, alias = "username")]
    name: String,
}

#[derive(Debug, Deserialize)]
struct Guild {
    name: String,
    roles: Vec<Role>,
}

#[derive(Debug, Deserialize)]
struct Role {
    id: String,
    permissions: String,
}

#[derive(Debug, Deserialize)]
struct Member {
    roles: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Place {
    #[serde(rename = "type")]
    kind: u8,
    guild_id: Option<String>,
    #[serde(default)]
    permission_overwrites: Vec<Overwrite>,
}

#[derive(Debug, Deserialize)]
struct Overwrite {
    id: String,
    allow: String,
    deny: String,
}

/// The address by which an administrator brings the bot onto a server with the rights that it needs.
fn invitation(application: &str) -> String {
    let rights: u64 = NEEDED.iter().map(|(bit, _)| bit).sum();
    format!(
        "https://discord.com/oauth2/authorize?client_id={application}&scope=bot+applications.commands&permissions={rights}"
    )
}

struct Checked {
    rest: Rest,
    found: Vec<Finding>,
}

/// Looks at everything that the bot needs; changes nothing.
pub async fn check(setup: &Setup) -> Vec<Finding> {
    let rest = match Rest::of(setup) {
        Ok(rest) => rest,
        Err(error) => {
            return vec![Finding {
                ok: false,
                says: error.to_string(),
            }];
        }
    };
    let mut checked = Checked {
        rest,
        found: Vec::new(),
    };
    checked.all(setup).await;
    checked.found
}

impl Checked {
    fn find(&mut self, ok: bool, says: impl Into<String>) {
        self.found.push(Finding {
            ok,
            says: says.into(),
        });
    }

    async fn all(&mut self, setup: &Setup) {
        let me = match self.rest.call::<Named>(Call::get("/users/@me")).await {
            Ok(me) => me,
            Err(error) if error.status() == Some(401) => {
                return self.find(
                    false,
                    "Discord does not accept discord.token; reset it in the developer portal under Bot and configure the new one",
                );
            }
            Err(error) => return self.find(false, error.to_string()),
        };
        self.find(true, format!("the token is that of {}", me.name));
        let application = match self.rest.call::<Named>(Call::get("/applications/@me")).await {
            Ok(application) => application,
            Err(error) => return self.find(false, format!("the application cannot be read: {error}")),
        };
        self.find(
            true,
            format!("invite the bot with {}", invitation(&application.id)),
        );
        let guilds = match self.guilds(setup).await {
            Ok(guilds) => guilds,
            Err(error) => return self.find(false, format!("its servers cannot be read: {error}")),
        };
        if guilds.is_empty() {
            self.find(
                false,
                "the bot is on no server; open the invitation above as an administrator of yours",
            );
        }
        let mut roles = Vec::new();
        for guild in guilds {
            roles.extend(self.guild(setup, guild, &application.id, &me.id).await);
        }
        for role in setup.people.guild_roles() {
            if !roles.is_empty() && !roles.contains(&role.to_string()) {
                self.find(
                    false,
                    format!("[discord.roles] {role}: no server has that role; copy its id from Server Settings, Roles"),
                );
            }
        }
    }

    async fn guilds(&self, setup: &Setup) -> Result<Vec<u64>, RestError> {
        if !setup.guilds.is_empty() {
            return Ok(setup.guilds.clone());
        }
        let all: Vec<Named> = self.rest.call(Call::get("/users/@me/guilds")).await?;
        Ok(all.iter().filter_map(|guild| guild.id.parse().ok()).collect())
    }

    /// A server and the channels on it; gives its roles.
    async fn guild(&mut self, setup: &Setup, id: u64, application: &str, me: &str) -> Vec<String> {
        let guild = match self.rest.call::<Guild>(Call::get(format!("/guilds/{id}"))).await {
            Ok(guild) => guild,
            Err(error) if matches!(error.status(), Some(403 | 404)) => {
                self.find(
                    false,
                    format!("discord.guilds {id}: the bot is not on that server; open the invitation above, or remove the id"),
                );
                return Vec::new();
            }
            Err(error) => {
                self.find(false, format!("server {id} cannot be read: {error}"));
                return Vec::new();
            }
        };
        let member = match self
            .rest
            .call::<Member>(Call::get(format!("/guilds/{id}/members/{me}")))
            .await
        {
            Ok(member) => member,
            Err(error) => {
                self.find(
                    false,
                    format!("the bot's own roles on {} cannot be read: {error}", guild.name),
                );
                return Vec::new();
            }
        };
        let commands = format!("/applications/{application}/guilds/{id}/commands");
        match self.rest.call::<Vec<Value>>(Call::get(commands)).await {
            Ok(_) => self.find(true, format!("on the server {} ({id})", guild.name)),
            Err(_) => self.find(
                false,
                format!(
                    "{}: the bot may not offer commands; invite it again with the link above",
                    guild.name
                ),
            ),
        }
        for channel in &setup.channels {
            if let Some(discord) = &channel.discord {
                self.channel(channel.id.as_str(), discord, (id, &guild), (&member, me), setup)
                    .await;
            }
        }
        guild.roles.into_iter().map(|role| role.id).collect()
    }

    async fn channel(
        &mut self,
        name: &str,
        discord: &str,
        (id, guild): (u64, &Guild),
        (member, me): (&Member, &str),
        setup: &Setup,
    ) {
        let place = match self
            .rest
            .call::<Place>(Call::get(format!("/channels/{discord}")))
            .await
        {
            Ok(place) => place,
            Err(error) if matches!(error.status(), Some(403 | 404)) => {
                // Every server would say the same of it.
                if setup.guilds.first().is_none_or(|first| *first == id) {
                    self.find(
                        false,
                        format!("{name}: there is no channel {discord} that the bot may see; give it View Channel there, or correct the id"),
                    );
                }
                return;
            }
            Err(error) => return self.find(false, format!("{name}: the channel cannot be read: {error}")),
        };
        if place.guild_id.as_deref() != Some(id.to_string().as_str()) {
            return;
        }
        if !matches!(place.kind, 0 | 5) {
            return self.find(false, format!("{name}: {discord} is not a text channel"));
        }
        let rights = rights(&id.to_string(), guild, member, me, &place.permission_overwrites);
        let missing: Vec<&str> = NEEDED
            .iter()
            .filter(|(bit, _)| rights & bit == 0)
            .map(|(_, name)| *name)
            .collect();
        if missing.is_empty() {
            self.find(true, format!("{name}: has every right that it needs"));
        } else {
            self.find(
                false,
                format!(
                    "{name}: the bot lacks {}; give it these in the channel's settings, Permissions",
                    missing.join(", ")
                ),
            );
        }
    }
}

/// What the bot may do in a channel, by Discord's own order of roles and overwrites.
fn rights(guild_id: &str, guild: &Guild, member: &Member, me: &str, overwrites: &[Overwrite]) -> u64 {
    let bits = |text: &str| text.parse::<u64>().unwrap_or(0);
    let holds = |role: &str| role == guild_id || member.roles.iter().any(|held| held == role);
    let mut rights = guild
        .roles
        .iter()
        .filter(|role| holds(&role.id))
        .fold(0, |rights, role| rights | bits(&role.permissions));
    if rights & ADMINISTRATOR != 0 {
        return u64::MAX;
    }
    let everyone = overwrites.iter().filter(|overwrite| overwrite.id == guild_id);
    let roles = overwrites
        .iter()
        .filter(|overwrite| overwrite.id != guild_id && holds(&overwrite.id));
    let own = overwrites.iter().filter(|overwrite| overwrite.id == me);
    let apply = |rights: u64, of: &mut dyn Iterator<Item = &Overwrite>| {
        let (allow, deny) = of.fold((0, 0), |(allow, deny), overwrite| {
            (allow | bits(&overwrite.allow), deny | bits(&overwrite.deny))
        });
        (rights & !deny) | allow
    };
    let layers: [&mut dyn Iterator<Item = &Overwrite>; 3] = [&mut { everyone }, &mut { roles }, &mut { own }];
    for layer in layers {
        rights = apply(rights, layer);
    }
    rights
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overwrite(id: &str, allow: u64, deny: u64) -> Overwrite {
        Overwrite {
            id: id.to_owned(),
            allow: allow.to_string(),
            deny: deny.to_string(),
        }
    }

    #[test]
    fn rights_follow_roles_then_everyone_then_roles_of_the_channel_then_the_bot_itself() {
        let role = |id: &str, permissions: u64| Role {
            id: id.to_owned(),
            permissions: permissions.to_string(),
        };
        let guild = Guild {
            name: "House".to_owned(),
            roles: vec![role("1", 0b0001), role("2", 0b0110), role("3", ADMINISTRATOR)],
        };
        let of = |roles: &[&str], overwrites: &[Overwrite]| {
            let member = Member {
                roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            };
            rights("1", &guild, &member, "9", overwrites)
        };
        assert_eq!(of(&[], &[]), 0b0001);
        assert_eq!(of(&["2"], &[]), 0b0111);
        assert_eq!(of(&["3"], &[overwrite("1", 0, u64::MAX)]), u64::MAX);
        assert_eq!(
            of(&["2"], &[overwrite("1", 0, 0b0111), overwrite("2", 0b0100, 0)]),
            0b0100
        );
        assert_eq!(
            of(&["2"], &[overwrite("2", 0, 0b0010), overwrite("9", 0b0010, 0)]),
            0b0111
        );
        assert_eq!(of(&[], &[overwrite("2", 0b1000, 0)]), 0b0001);
    }

    #[test]
    fn the_invitation_asks_for_what_is_needed_and_no_more() {
        let link = invitation("123");
        assert_eq!(
            link,
            "https://discord.com/oauth2/authorize?client_id=123&scope=bot+applications.commands&permissions=326417632256"
        );
    }
}
