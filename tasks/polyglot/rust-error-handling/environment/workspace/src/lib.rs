//! Grey images in plain PGM.

pub mod error;
pub mod image;
pub mod ops;
pub mod options;
pub mod parse;
