//! The simulator, driven by the real serenity client over real sockets.

mod answers;
mod bot;
mod conversation;
mod faults;
mod gateway;
mod shapes;
