use ws_core::connection::Config;
use ws_core::keepalive::Timeouts;
use ws_core::session;

use crate::stream::linger::LINGER_LEN_MAX;

/// The configuration of a session from the settings of a program.
pub(crate) fn session_config(config: Config, timeouts: &Timeouts) -> session::Config {
    session::Config::new()
        .with_limits(config.limits())
        .with_pongs(config.pongs())
        .with_keepalive(timeouts.keepalive())
        .with_queue_len_max(QUEUE_LEN_MAX)
        .with_linger_len_max(LINGER_LEN_MAX)
        .with_read_buffer_len(READ_BUFFER_LEN)
}

/// How long the read buffer is at first, in bytes: most of what an idle connection takes on the heap.
pub(crate) const READ_BUFFER_LEN_MIN: usize = 3 * 1024;

/// How long the read buffer may become, in bytes: a frame of 16 KiB with its header.
const READ_BUFFER_LEN: usize = 16 * 1024 + 14;

/// How much a session may queue before it refuses more, in bytes. It is never reached: this crate takes nothing more while 16 KiB
/// wait, or 64 KiB with split halves, except for the last part of a message, of up to 64 KiB.
const QUEUE_LEN_MAX: usize = 160 * 1024;
