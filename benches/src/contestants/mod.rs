//! Those that do the work: one file each, with the fastest correct way that its documentation shows.

pub mod deflate;
pub mod embedded_websocket;
pub mod fastwebsockets;
pub mod floor;
pub mod handshake;
pub mod kernels;
pub mod nexus_web;
pub mod session;
pub mod sockudo_ws;
pub mod tokio_websockets;
pub mod tungstenite;
pub mod websocket_sans_io;
pub mod ws_core;
pub mod yawc;

use crate::{Kernel, Sample, Witness};
use std::rc::Rc;

/// Receive a sample's bytes, as a server.
#[derive(Clone)]
pub struct Receive {
    pub sample: Rc<Sample>,
    /// How much the kernel gives at once; [`usize::MAX`] for everything.
    pub read_len: usize,
}

impl Receive {
    #[must_use]
    pub fn kernel<W: Witness>(&self) -> Kernel<'_, W> {
        Kernel::new(&self.sample.wire, self.read_len)
    }

    /// The size of the read buffer, for who lets it be chosen: [`BUFFER_LEN`], or all where all comes at once.
    #[must_use]
    pub fn buffer_len(&self) -> usize {
        if self.read_len == usize::MAX { self.sample.wire.len() } else { BUFFER_LEN }
    }
}

/// Send a sample's messages, as a server or as a client.
#[derive(Clone)]
pub struct Send {
    pub sample: Rc<Sample>,
    pub side: Side,
}

/// Who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Server,
    /// Masks.
    Client,
}

/// The size of a read buffer, in bytes: it stays in the first-level cache.
pub const BUFFER_LEN: usize = 16 * 1024;

/// The longest header of a frame.
pub const HEADER_LEN_MAX: usize = 14;
