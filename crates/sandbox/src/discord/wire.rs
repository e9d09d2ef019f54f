//! The objects of the model as Discord writes them, with every field that its own answers carry.

use serde_json::{Map, Value, json};

use super::id::{Id, stamp};
use super::model::{
    Attachment, Channel, Command, EPHEMERAL, Guild, Member, Message, Role, State, Thread, User,
};
use super::rights::Rights;

pub(super) fn user(user: &User) -> Value {
    json!({
        "id": user.id, "username": user.name, "global_name": user.global_name, "discriminator": "0",
        "avatar": null, "avatar_decoration_data": null, "banner": null, "accent_color": null, "bot": user.is_bot,
        "system": false, "public_flags": 0, "primary_guild": null, "collectibles": null,
    })
}

pub(super) fn role(role: &Role) -> Value {
    json!({
        "id": role.id, "name": role.name, "description": null, "color": 0,
        "colors": {"primary_color": 0, "secondary_color": null, "tertiary_color": null},
        "hoist": false, "icon": null, "unicode_emoji": null, "position": role.position,
        "permissions": role.rights.0.to_string(), "managed": role.is_managed, "mentionable": false, "flags": 0,
    })
}

/// A member without its user.
fn bare_member(member: &Member) -> Value {
    json!({
        "nick": member.nick, "avatar": null, "banner": null, "roles": member.roles,
        "joined_at": stamp(member.joined_at), "premium_since": null, "deaf": false, "mute": false, "flags": 0,
        "pending": false, "communication_disabled_until": null, "avatar_decoration_data": null,
        "collectibles": null,
    })
}

pub(super) fn command(command: &Command) -> Value {
    command.body.clone()
}

impl State {
    pub(super) fn wire_user(&self, id: Id) -> Value {
        user(&self.user(id))
    }

    pub(super) fn wire_member(&self, member: &Member) -> Value {
        let mut wire = bare_member(member);
        wire["user"] = self.wire_user(member.user);
        wire
    }

    /// A member as it comes with an interaction: with its rights in that channel.
    pub(super) fn wire_member_in(&self, member: &Member, channel: &Channel) -> Value {
        let mut wire = self.wire_member(member);
        wire["permissions"] = self.rights(channel, member.user).0.to_string().into();
        wire["unusual_dm_activity_until"] = Value::Null;
        wire
    }

    pub(super) fn wire_channel(&self, channel: &Channel) -> Value {
        let last = channel.messages.iter().rev().find(|id| {
            self.messages
                .get(id)
                .is_some_and(|found| found.only_for.is_none())
        });
        if let Some(recipient) = channel.recipient {
            return json!({
                "id": channel.id, "type": channel.kind, "last_message_id": last, "flags": 0,
                "recipients": [self.wire_user(recipient)],
            });
        }
        let mut wire = json!({
            "id": channel.id, "type": channel.kind, "last_message_id": last, "flags": 0, "guild_id": channel.guild,
            "name": channel.name, "parent_id": channel.parent, "rate_limit_per_user": 0,
            "last_pin_timestamp": null,
        });
        if let Some(thread) = &channel.thread {
            let messages = channel.messages.len();
            wire["owner_id"] = json!(thread.owner);
            wire["message_count"] = messages.into();
            wire["total_message_sent"] = messages.into();
            wire["member_count"] = thread.members.len().min(50).into();
            wire["thread_metadata"] = wire_thread(channel, thread);
            if thread.members.contains(&self.bot) {
                wire["member"] = json!({
                    "id": channel.id, "user_id": self.bot, "join_timestamp": stamp(channel.id.made_at()), "flags": 0,
                });
            }
        } else {
            let overwrites: Vec<Value> = channel
                .overwrites
                .iter()
                .map(|overwrite| {
                    json!({
                        "id": overwrite.id, "type": u8::from(overwrite.of_member),
                        "allow": overwrite.allow.0.to_string(), "deny": overwrite.deny.0.to_string(),
                    })
                })
                .collect();
            wire["topic"] = json!(channel.topic);
            wire["position"] = channel.position.into();
            wire["permission_overwrites"] = overwrites.into();
            wire["nsfw"] = false.into();
        }
        wire
    }

    /// A channel as it comes with an interaction.
    pub(super) fn wire_partial_channel(&self, channel: &Channel, person: Id) -> Value {
        let mut wire = self.wire_channel(channel);
        wire["permissions"] = self.rights(channel, person).0.to_string().into();
        wire["app_permissions"] = self.rights(channel, self.bot).0.to_string().into();
        if channel.recipient.is_some() {
            wire["recipients"] = json!([self.wire_user(self.bot)]);
        }
        wire
    }

    pub(super) fn wire_guild(&self, guild: &Guild) -> Value {
        let roles: Vec<Value> = guild.roles.iter().map(role).collect();
        let mut wire = json!({
            "id": guild.id, "name": guild.name, "icon": null, "icon_hash": null, "splash": null,
            "discovery_splash": null, "owner_id": guild.owner, "afk_channel_id": null, "afk_timeout": 300,
            "widget_enabled": false, "widget_channel_id": null, "verification_level": 1,
            "default_message_notifications": 1, "explicit_content_filter": 0, "roles": roles, "emojis": [],
            "features": [], "mfa_level": 0, "application_id": null, "system_channel_id": null,
            "system_channel_flags": 0, "rules_channel_id": null, "max_presences": null, "max_members": 500_000,
        });
        extend(
            &mut wire,
            json!({
                "vanity_url_code": null, "description": null, "banner": null, "premium_tier": 0,
                "premium_subscription_count": 0, "preferred_locale": guild.locale,
                "public_updates_channel_id": null, "max_video_channel_users": 25,
                "max_stage_video_channel_users": 50, "nsfw_level": 0, "nsfw": false, "stickers": [],
                "region": "deprecated", "premium_progress_bar_enabled": false, "safety_alerts_channel_id": null,
                "incidents_data": null, "latest_onboarding_question_id": null, "home_header": null,
                "hub_type": null, "inventory_settings": null,
            }),
        );
        wire
    }

    /// A guild as it comes over the gateway.
    pub(super) fn wire_guild_created(&self, guild: &Guild, all_members: bool) -> Value {
        let of_guild = |channel: &&Channel| channel.guild == Some(guild.id);
        let channels: Vec<Value> = self
            .channels
            .values()
            .filter(of_guild)
            .filter(|channel| channel.thread.is_none())
            .map(|channel| self.wire_channel(channel))
            .collect();
        let threads: Vec<Value> = self
            .active_threads(guild.id)
            .map(|channel| self.wire_channel(channel))
            .collect();
        let members: Vec<Value> = guild
            .members
            .values()
            .filter(|member| all_members || member.user == self.bot)
            .map(|member| self.wire_member(member))
            .collect();
        let joined_at = guild
            .members
            .get(&self.bot)
            .map_or_else(|| stamp(guild.id.made_at()), |member| stamp(member.joined_at));
        let mut wire = self.wire_guild(guild);
        let more = json!({
            "joined_at": joined_at, "large": false, "unavailable": false, "member_count": guild.members.len(),
            "voice_states": [], "members": members, "channels": channels, "threads": threads, "presences": [],
            "stage_instances": [], "guild_scheduled_events": [], "soundboard_sounds": [],
            "embedded_activities": [], "activity_instances": [], "lazy": true, "version": 1_700_000_000_000_u64,
            "application_command_counts": {}, "guild_hashes": null,
        });
        extend(&mut wire, more);
        wire
    }

    pub(super) fn wire_attachment(&self, attachment: &Attachment, channel: Id) -> Value {
        let url = format!(
            "{}/attachments/{channel}/{}/{}",
            self.base, attachment.id, attachment.name
        );
        let mut wire = json!({
            "id": attachment.id, "filename": attachment.name, "size": attachment.bytes.len(), "url": url,
            "proxy_url": url, "content_type": attachment.kind, "content_scan_version": 0,
        });
        if attachment.kind.starts_with("image/") {
            wire["width"] = 640.into();
            wire["height"] = 480.into();
        }
        if let Some(description) = &attachment.description {
            wire["description"] = description.as_str().into();
        }
        if attachment.is_ephemeral {
            wire["ephemeral"] = true.into();
        }
        wire
    }

    /// A message as REST answers it.
    pub(super) fn wire_message(&self, message: &Message) -> Value {
        self.wire_message_within(message, 1)
    }

    fn wire_message_within(&self, message: &Message, depth: u8) -> Value {
        let attachments: Vec<Value> = message
            .attachments
            .iter()
            .map(|attachment| self.wire_attachment(attachment, message.channel))
            .collect();
        let people: Vec<Value> = message
            .pings
            .people
            .iter()
            .map(|id| self.wire_user(*id))
            .collect();
        let mut wire = json!({
            "id": message.id, "type": message.kind, "channel_id": message.channel, "content": message.content,
            "author": self.wire_user(message.author), "timestamp": stamp(message.sent_at),
            "edited_timestamp": message.edited_at.map(stamp), "tts": false,
            "mention_everyone": message.pings.everyone, "mentions": people, "mention_roles": message.pings.roles,
            "attachments": attachments, "embeds": message.embeds, "components": message.components,
            "flags": message.flags, "pinned": message.is_pinned,
        });
        if let Some(nonce) = &message.nonce {
            wire["nonce"] = nonce.clone();
        }
        if let Some(origin) = &message.origin {
            wire["webhook_id"] = json!(self.bot);
            wire["application_id"] = json!(self.bot);
            let metadata = |kind: u8| {
                json!({
                    "id": origin.interaction, "type": kind, "user": self.wire_user(origin.person),
                    "authorizing_integration_owners": {"0": self.channels.get(&message.channel).and_then(|c| c.guild)},
                })
            };
            wire["interaction_metadata"] = metadata(origin.kind);
            match (origin.kind, origin.source) {
                (3, source) => wire["interaction_metadata"]["interacted_message_id"] = json!(source),
                (5, None) => wire["interaction_metadata"]["triggering_interaction_metadata"] = metadata(2),
                (5, source) => {
                    let mut trigger = metadata(3);
                    trigger["interacted_message_id"] = json!(source);
                    wire["interaction_metadata"]["triggering_interaction_metadata"] = trigger;
                }
                _ => {}
            }
            if let Some(command) = &origin.command {
                wire["interaction"] = json!({
                    "id": origin.interaction, "type": origin.kind, "name": command,
                    "user": self.wire_user(origin.person),
                });
                wire["interaction_metadata"]["name"] = command.as_str().into();
            }
        }
        if let Some(reference) = message.reference {
            let guild = self
                .channels
                .get(&message.channel)
                .and_then(|channel| channel.guild);
            let channel = self
                .messages
                .get(&reference)
                .map_or(message.channel, |found| found.channel);
            wire["message_reference"] = json!({"type": 0, "channel_id": channel, "message_id": reference});
            if let Some(guild) = guild {
                wire["message_reference"]["guild_id"] = json!(guild);
            }
            if depth > 0 {
                wire["referenced_message"] = self
                    .messages
                    .get(&reference)
                    .map_or(Value::Null, |found| self.wire_message_within(found, depth - 1));
            }
        }
        if let Some(thread) = message.thread.and_then(|thread| self.channels.get(&thread)) {
            wire["thread"] = self.wire_channel(thread);
        }
        wire
    }

    /// A message as the gateway tells it.
    pub(super) fn wire_message_told(&self, message: &Message) -> Value {
        let mut wire = self.wire_message(message);
        let guild = self
            .channels
            .get(&message.channel)
            .and_then(|channel| channel.guild);
        wire["channel_type"] = self
            .channels
            .get(&message.channel)
            .map_or(0, |channel| channel.kind)
            .into();
        if let Some(guild) = guild {
            wire["guild_id"] = json!(guild);
            if let Some(member) = self
                .member(guild, message.author)
                .filter(|_| message.origin.is_none())
            {
                wire["member"] = bare_member(member);
            }
        }
        wire
    }

    /// A message as it comes with an interaction, to the one who sees it.
    pub(super) fn wire_message_in_interaction(&self, message: &Message) -> Value {
        let mut wire = self.wire_message(message);
        if message.only_for.is_some() {
            wire["flags"] = (message.flags | EPHEMERAL).into();
        }
        wire
    }

    /// People, members and so on that an interaction names.
    pub(super) fn wire_resolved(&self, named: &[(Named, Id)], channel: &Channel, person: Id) -> Value {
        let mut resolved = Map::new();
        let mut put = |kind: &str, id: Id, wire: Value| {
            resolved.entry(kind).or_insert_with(|| json!({}))[id.to_string()] = wire;
        };
        for (kind, id) in named {
            match kind {
                Named::User => {
                    put("users", *id, self.wire_user(*id));
                    let member = channel.guild.and_then(|guild| self.member(guild, *id));
                    if let Some(member) = member {
                        let mut wire = bare_member(member);
                        wire["permissions"] = self.rights(channel, *id).0.to_string().into();
                        put("members", *id, wire);
                    }
                }
                Named::Role => {
                    let found = channel
                        .guild
                        .and_then(|guild| self.guilds.get(&guild))
                        .and_then(|guild| guild.roles.iter().find(|role| role.id == *id));
                    if let Some(found) = found {
                        put("roles", *id, role(found));
                    }
                }
                Named::Channel => {
                    if let Some(found) = self.channels.get(id) {
                        put("channels", *id, self.wire_partial_channel(found, person));
                    }
                }
                Named::Message => {
                    if let Some(found) = self.messages.get(id) {
                        put("messages", *id, self.wire_message_in_interaction(found));
                    }
                }
                Named::Attachment => {
                    if let Some(found) = self.uploads.get(id) {
                        put("attachments", *id, self.wire_attachment(found, channel.id));
                    }
                }
            }
        }
        Value::Object(resolved)
    }

    /// The application.
    pub(super) fn wire_application(&self) -> Value {
        let flags = if self.has_message_content {
            (1 << 18) | (1 << 14)
        } else {
            0
        };
        let owner = self
            .guilds
            .values()
            .next()
            .map(|guild| self.wire_user(guild.owner));
        json!({
            "id": self.bot, "name": self.user(self.bot).name, "icon": null, "description": "", "rpc_origins": [],
            "bot_public": true, "bot_require_code_grant": false, "bot": self.wire_user(self.bot),
            "owner": owner, "summary": "", "verify_key": "0".repeat(64), "team": null, "flags": flags,
            "approximate_guild_count": self.guilds.len(), "redirect_uris": [],
            "interactions_endpoint_url": null, "role_connections_verification_url": null,
            "event_webhooks_url": null, "event_webhooks_status": 1, "tags": [],
            "integration_types_config": {"0": {"oauth2_install_params": {
                "scopes": ["applications.commands", "bot"], "permissions": Rights::EVERYDAY.0.to_string(),
            }}},
        })
    }

    /// The bot about itself.
    pub(super) fn wire_me(&self) -> Value {
        let mut wire = self.wire_user(self.bot);
        wire["mfa_enabled"] = true.into();
        wire["verified"] = true.into();
        wire["email"] = Value::Null;
        wire["locale"] = "en-US".into();
        wire["flags"] = 0.into();
        wire["premium_type"] = 0.into();
        wire
    }
}

fn extend(wire: &mut Value, more: Value) {
    if let (Some(wire), Value::Object(more)) = (wire.as_object_mut(), more) {
        wire.extend(more);
    }
}

/// What an interaction can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    User,
    Role,
    Channel,
    Message,
    Attachment,
}

fn wire_thread(channel: &Channel, thread: &Thread) -> Value {
    let mut wire = json!({
        "archived": thread.is_archived, "auto_archive_duration": thread.archive_minutes,
        "archive_timestamp": stamp(thread.changed_at), "locked": thread.is_locked,
        "create_timestamp": stamp(channel.id.made_at()),
    });
    if channel.kind == super::rights::PRIVATE_THREAD {
        wire["invitable"] = thread.is_invitable.into();
    }
    wire
}
