//! The real bot against a simulated Discord, over real sockets: everything as in production but the address.

mod answers;
mod asked;
mod chaos;
mod checks;
mod faults;
mod files;
mod gateway;
mod guard;
mod heard;
mod people;
mod posts;
mod serving;

use std::collections::HashMap;
use std::time::Duration;

use hammerdesk::config::Secret;
use hammerdesk::discord::{Discord, Grant, People, Setup, State};
use hammerdesk_commands::settings::Settings;
use hammerdesk_domain::access::{Asker, Permission};
use hammerdesk_domain::chat::Channel;
use hammerdesk_domain::ids::{ChannelId, LocationId};
use hammerdesk_sandbox::discord::{Asked, DiscordSim, Id, Options, Outcome, Person, Rights, Seen, TlsFront};
use hammerdesk_store::Store;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::harness::{COORDINATOR, Desk};

/// Longer than anything may take where nothing is wrong.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The id of somebody of `[[people]]`.
pub(crate) const KIT: &str = "kit-ashdown";

/// A house's bot on a guild of its own.
pub(crate) struct Chat {
    pub(crate) desk: Desk,
    pub(crate) sim: DiscordSim,
    pub(crate) bot: Discord,
    pub(crate) guild: Id,
    /// The accounts team's channel: answers here are private unless shared.
    pub(crate) accounts: Id,
    /// Answers may stand here for all to read.
    pub(crate) managers: Id,
    /// The call centre reads here.
    pub(crate) call_centre: Id,
    /// The guild's role behind each person of the house.
    pub(crate) roles: HashMap<String, Id>,
    pub(crate) setup: Setup,
    /// Somebody whom `[[people]]` names, and who is an agent in the helpdesk.
    pub(crate) kit: Person,
    _front: Option<TlsFront>,
    stop: watch::Sender<bool>,
    running: JoinHandle<()>,
}

/// Something done to Discord before the bot connects.
pub(crate) type Before = Box<dyn FnOnce(&DiscordSim)>;

/// What is different from the usual.
#[derive(Default)]
pub(crate) struct Different {
    pub(crate) options: Options,
    /// Done to the simulator before the bot connects.
    pub(crate) before: Option<Before>,
    /// Registers its commands everywhere.
    pub(crate) everywhere: bool,
    /// A furnished store, where it is not the usual one.
    pub(crate) store: Option<Store>,
    /// Discord is reached over TLS, with an authority of its own.
    pub(crate) tls: bool,
    /// Changes the house's settings.
    pub(crate) desk: Option<fn(&mut Settings)>,
    /// Changes what the administrator decided about Discord.
    pub(crate) setup: Option<fn(&DiscordSim, &mut Setup)>,
}

impl Chat {
    pub(crate) async fn open() -> Self {
        Self::with(Different::default()).await
    }

    /// The same, and connected.
    pub(crate) async fn with(different: Different) -> Self {
        let chat = Self::begin(different).await;
        chat.put_right(1).await;
        chat
    }

    /// Started, wherever it gets to.
    pub(crate) async fn begin(different: Different) -> Self {
        let sim = DiscordSim::start(different.options).await.unwrap();
        let guild = sim.guild("The House");
        let [accounts, managers, call_centre] =
            ["accounts-london", "managers", "call-centre"].map(|name| sim.channel(guild, name));
        if let Some(before) = different.before {
            before(&sim);
        }
        let channels = channels(accounts, managers, call_centre);
        let change = |settings: &mut Settings| {
            settings.channels = channels.clone();
            settings.agents.insert("kit@house.test".to_owned(), KIT.into());
            if let Some(change) = different.desk {
                change(settings);
            }
        };
        let mut desk = match different.store {
            Some(store) => Desk::over(store, None, change),
            None => Desk::with(change).await,
        };
        let mut roles = HashMap::new();
        let mut grants = HashMap::new();
        for (rank, asker) in desk.house.people().into_iter().enumerate() {
            let role = sim.role(guild, &asker.role.name, Rights::NONE);
            grants.insert(
                role.number(),
                Grant {
                    role: Some((rank, asker.role.clone())),
                    scope: Some(asker.scope.clone()),
                },
            );
            roles.insert(asker.id.to_string(), role);
        }
        let kit = sim.person(guild, "Kit Ashdown", &[]);
        let mut named = HashMap::new();
        if let Some(role) = desk
            .house
            .people()
            .into_iter()
            .find(|asker| asker.id.as_str() == COORDINATOR)
        {
            let asker = Asker {
                id: KIT.into(),
                name: "Kit Ashdown".to_owned(),
                ..role
            };
            named.insert(kit.id.number(), asker);
        }
        let front = match different.tls {
            true => Some(sim.tls_front().await.unwrap()),
            false => None,
        };
        let api_url = front.as_ref().map_or_else(
            || sim.api_url(),
            |front| format!("https://localhost:{}", front.address.port()),
        );
        let mut setup = Setup {
            token: Secret::from(sim.token().as_str()),
            api_url: Some(api_url),
            gateway_url: None,
            guilds: if different.everywhere {
                Vec::new()
            } else {
                vec![guild.number()]
            },
            people: People::new(named, grants),
            listens: true,
            channels,
            calls_per_second: None,
            refused_at_most: None,
            authority: front.as_ref().map(|front| front.certificate.clone()),
        };
        if let Some(change) = different.setup {
            change(&sim, &mut setup);
        }
        let for_check = setup.clone();
        desk.app = desk.app.clone().with_discord(setup).unwrap();
        let bot = desk.app.discord.clone().unwrap();
        let (stop, stopped) = watch::channel(false);
        let running = bot.clone();
        let running = tokio::spawn(async move { running.run(stopped).await });
        Self {
            desk,
            sim,
            bot,
            guild,
            accounts,
            managers,
            call_centre,
            roles,
            setup: for_check,
            kit,
            _front: front,
            stop,
            running,
        }
    }

    /// Waits until everything has been put right so often.
    pub(crate) async fn put_right(&self, times: u64) {
        let mut put_right = self.bot.times_put_right();
        let so_often = put_right.wait_for(|so_far| *so_far >= times);
        tokio::time::timeout(PATIENCE, so_often)
            .await
            .expect("the bot should be ready")
            .unwrap();
        self.state(|state| *state == State::Connected).await;
    }

    /// Waits for a state.
    pub(crate) async fn state(&self, is_so: impl FnMut(&State) -> bool) -> State {
        let mut state = self.bot.state();
        let found = tokio::time::timeout(PATIENCE, state.wait_for(is_so)).await;
        found.expect("the bot's state should change").unwrap().clone()
    }

    /// Somebody with the role of that person of the house.
    pub(crate) fn person(&self, name: &str, role: &str) -> Person {
        self.sim.person(self.guild, name, &[self.roles[role]])
    }

    pub(crate) fn coordinator(&self) -> Person {
        self.person("Nia Prosser", COORDINATOR)
    }

    /// A client of whom there is something to say, and a name to look for.
    pub(crate) fn client(&self, row: &str) -> (String, String) {
        let showcase = self
            .desk
            .house
            .showcases()
            .iter()
            .find(|showcase| showcase.row == row)
            .unwrap();
        let number = showcase
            .question
            .split(' ')
            .nth(1)
            .unwrap()
            .trim_start_matches("client:")
            .to_owned();
        (number.trim_matches('"').to_owned(), showcase.name.clone())
    }

    /// Puts posts where they belong until nothing is due.
    pub(crate) async fn deliver(&self) {
        self.desk.app.engine().settle().await.unwrap();
    }

    /// Ends the bot. The simulator itself looks after the form of every request.
    pub(crate) async fn close(self) {
        self.stop.send_replace(true);
        tokio::time::timeout(PATIENCE, self.running)
            .await
            .expect("it always ends")
            .unwrap();
        for seen in self.sim.requests() {
            assert!(
                !seen.body.to_string().contains(&self.sim.token()),
                "the token stands in a body"
            );
        }
    }
}

fn channels(accounts: Id, managers: Id, call_centre: Id) -> Vec<Channel> {
    let channel = |id: &str, discord: Id, location: Option<&str>, needs: &[Permission], open| Channel {
        id: ChannelId::new(id),
        about: String::new(),
        location: location.map(LocationId::new),
        needs: needs.to_vec(),
        open,
        console: false,
        discord: Some(discord.to_string()),
    };
    use Permission::{Debtors, Internal};
    vec![
        channel("accounts-london", accounts, Some("london"), &[Internal], false),
        channel("managers", managers, None, &[Debtors, Internal], true),
        channel("call-centre", call_centre, None, &[], false),
    ]
}

/// Asks and reads the answer.
pub(crate) async fn ask(person: &Person, channel: Id, command: &str, options: Value) -> Outcome {
    person.slash(channel, command, &options).unwrap().outcome().await
}

/// Presses the button of that label.
pub(crate) fn press(person: &Person, message: &Seen, label: &str) -> Asked {
    let button = message
        .button(label)
        .unwrap_or_else(|| panic!("no button {label:?} on {}", message.text()));
    person.press(message.id, &button).unwrap()
}

pub(crate) fn client(number: &str) -> Value {
    json!({ "client": number })
}
