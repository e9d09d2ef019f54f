//! The simulator, driven by the real serenity client over real sockets.

mod bot;
mod conversation;
mod gateway;
