//! ws-tokio in conversation with other WebSockets of async Rust, in both roles. The peers do as they are told and tell what they see
//! ([`obedient`]); ws-tokio leads each conversation, as client or as server.

mod closing;
mod libraries;
mod messages;
mod obedient;
mod ours;
mod pairs;
