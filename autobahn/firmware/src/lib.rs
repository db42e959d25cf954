//! What the programs for the board share: the board itself, the echo, the network, and what is measured without one.
#![no_std]

pub mod asynchronous;
pub mod board;
pub mod echo;
#[cfg(feature = "network")]
pub mod entropy;
#[cfg(feature = "network")]
pub mod network;
pub mod over_uart;
#[cfg(feature = "network")]
pub mod script;
