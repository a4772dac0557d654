//! Tables from collections of chess games.

#![forbid(unsafe_code)]

pub mod game;
pub mod options;
pub mod report;
pub mod scanner;
pub mod stats;
