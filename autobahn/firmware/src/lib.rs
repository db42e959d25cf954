//! What the programs for the board share: the board itself, the echo, the network, and what is measured without one; and
//! a server and a client for async firmware.
#![no_std]

pub mod asynchronous;
#[cfg(feature = "board")]
pub mod board;
pub mod echo;
#[cfg(feature = "network")]
pub mod entropy;
#[cfg(feature = "network")]
pub mod network;
#[cfg(feature = "board")]
pub mod over_uart;
#[cfg(feature = "network")]
pub mod script;
