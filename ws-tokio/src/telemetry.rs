//! What is reported to the `log` crate, with the feature of that name; without it nothing is.
//!
//! No payload is logged, no query of a URL, and no value of a header but the subprotocol that was agreed on: there may be
//! credentials in them.
//!
//! The normal course of a connection has the level debug, what was refused or ended badly info, and pings trace.

use core::fmt;

/// Logs a message. Nothing is formatted where no logger listens; the compiler checks the arguments even without the feature.
macro_rules! tell {
    ($level:ident, $($message:tt)+) => {{
        #[cfg(feature = "log")]
        log::$level!(target: "ws_tokio", $($message)+);
        #[cfg(not(feature = "log"))]
        if false {
            let _unused = format_args!($($message)+);
        }
    }};
}

pub(crate) use tell;

/// Tells the connections of a program apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Id {
    #[cfg(feature = "log")]
    number: u64,
}

impl Id {
    pub(crate) fn next() -> Self {
        #[cfg(feature = "log")]
        {
            use core::sync::atomic::{AtomicU64, Ordering};
            static LAST: AtomicU64 = AtomicU64::new(0);
            Self { number: LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1) }
        }
        #[cfg(not(feature = "log"))]
        Self {}
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "log")]
        return write!(f, "#{}", self.number);
        #[cfg(not(feature = "log"))]
        f.write_str("#")
    }
}
