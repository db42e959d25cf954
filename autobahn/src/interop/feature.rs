//! What is tried with each peer.

use std::fmt;

/// One thing to try, in a conversation of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Feature {
    Text,
    Empty,
    Utf8,
    Binary,
    EightMib,
    Many,
    FragmentsToServer,
    FragmentsToClient,
    PingToServer,
    PingToClient,
    CloseToServer,
    NoCodeToServer,
    CloseToClient,
    NoCodeToClient,
    Subprotocol,
    Deflate,
    NoTakeover,
    EmptyDeflated,
}

impl Feature {
    /// All, in the order of the table.
    pub(crate) const ALL: [Self; 18] = [
        Self::Text,
        Self::Empty,
        Self::Utf8,
        Self::Binary,
        Self::EightMib,
        Self::Many,
        Self::FragmentsToServer,
        Self::FragmentsToClient,
        Self::PingToServer,
        Self::PingToClient,
        Self::CloseToServer,
        Self::NoCodeToServer,
        Self::CloseToClient,
        Self::NoCodeToClient,
        Self::Subprotocol,
        Self::Deflate,
        Self::NoTakeover,
        Self::EmptyDeflated,
    ];

    /// What the table and the peers' programs call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Empty => "empty",
            Self::Utf8 => "utf8",
            Self::Binary => "binary",
            Self::EightMib => "8mib",
            Self::Many => "many",
            Self::FragmentsToServer => "frag>",
            Self::FragmentsToClient => "frag<",
            Self::PingToServer => "ping>",
            Self::PingToClient => "ping<",
            Self::CloseToServer => "close>",
            Self::NoCodeToServer => "none>",
            Self::CloseToClient => "close<",
            Self::NoCodeToClient => "none<",
            Self::Subprotocol => "subprot",
            Self::Deflate => "deflate",
            Self::NoTakeover => "notake",
            Self::EmptyDeflated => "defl0",
        }
    }

    /// The feature of this name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|feature| feature.name() == name)
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What the columns of the table mean.
pub(crate) const LEGEND: &str = "\
Each message comes back as it was sent: text \"Hello\", empty, utf8 (long too), binary of 1 to 65537 bytes, 8mib,
many small ones; frag: a message in fragments; ping: it is answered; close: 1000, 3000 and 4999, with reasons;
none: a Close without a code; subprot: one agreed on, and none; deflate: permessage-deflate, and the second of two
equal messages costs next to nothing; notake: it costs as much as the first, without context takeover; defl0: empty
messages with both. > goes to the server, < to the client; - is what the peer cannot do.";
