//! The one binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    hammerdesk::cli::run(std::env::args_os())
}
