//! stub
pub mod console;
