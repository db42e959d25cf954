//! What a `Session` of ws-core needs of an async stream.

mod io;
mod life;
mod outgoing;
mod reading;
mod wakers;

pub(crate) use io::{Access, Duplex, Io, Leave, Write, poll_read, poll_write};
pub(crate) use life::Life;
pub(crate) use outgoing::{Outgoing, poll_send};
pub(crate) use reading::{Find, poll_end, poll_event};
