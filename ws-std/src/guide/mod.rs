//! Pages for readers who come from elsewhere. They hold no code of the crate.

pub mod from_python;
pub mod from_tungstenite;
