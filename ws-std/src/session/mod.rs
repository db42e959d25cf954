//! Joins a session of `ws_core` to a stream: the I/O, the clock, and how the connection ended.

mod call;
mod config;
#[cfg(feature = "split")]
mod halves;
mod io;
mod life;
mod link;
mod outgoing;
mod reading;

use call::Call;
pub(crate) use config::{READ_BUFFER_LEN_MIN, session_config};
#[cfg(feature = "split")]
pub(crate) use io::{GATHERED_TIME_MAX, QUEUED_LEN_MAX};
pub(crate) use io::{Io, Leave};
pub(crate) use life::{Life, Record};
pub(crate) use link::{Link, SLICE_COUNT_MAX};
pub(crate) use outgoing::{Outgoing, send_owned};
pub(crate) use reading::{Driver, answer_close, close, read, read_event, read_part, receive};
