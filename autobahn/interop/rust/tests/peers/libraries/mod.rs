//! The peers, each as its documentation writes a server and a client.

pub mod axum;
pub mod fastwebsockets;
pub mod tokio_tungstenite;
pub mod tokio_websockets;
