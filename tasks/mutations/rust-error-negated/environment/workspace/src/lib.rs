//! Runs a command until it succeeds.

pub mod command;
pub mod options;
pub mod retry;
