// Read first: RFC 6455 §5.1, §5.3, §10.3.

#[cfg(feature = "alloc")]
use alloc::boxed::Box;
use core::fmt;

use crate::frame::MaskKey;

/// Which end of the connection we are.
///
/// ```
/// use ws_core::connection::{Config, Connection, Role};
///
/// assert_eq!(Connection::server(Config::new()).role(), Role::Server);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed by the RFC: there are two ends")]
pub enum Role {
    /// Opened the connection; masks what it sends.
    Client,
    /// Accepted the connection; sends unmasked, and closes the TCP connection first.
    Server,
}

/// Where a client's masking keys come from (RFC 6455 §5.3).
///
/// Each key has to be fresh and unpredictable, from a strong source of entropy: in a program a CSPRNG that the
/// operating system seeded, in firmware a hardware generator. A source that cannot give one says so with `None`,
/// and then nothing is sent.
///
/// ```
/// use ws_core::connection::KeySource;
/// use ws_core::frame::MaskKey;
///
/// struct Hardware;
/// impl KeySource for Hardware {
///     fn next_key(&mut self) -> Option<MaskKey> {
///         # fn read_entropy() -> Option<[u8; 4]> { Some([1, 2, 3, 4]) }
///         read_entropy().map(MaskKey::new)
///     }
/// }
/// assert!(Hardware.next_key().is_some());
/// ```
pub trait KeySource {
    /// The key of the next frame, or `None` where there is no entropy for one now.
    fn next_key(&mut self) -> Option<MaskKey>;
}

impl<K: KeySource + ?Sized> KeySource for &mut K {
    fn next_key(&mut self) -> Option<MaskKey> {
        (**self).next_key()
    }
}

#[cfg(feature = "alloc")]
impl<K: KeySource + ?Sized> KeySource for Box<K> {
    fn next_key(&mut self) -> Option<MaskKey> {
        (**self).next_key()
    }
}

/// The keys of a server, as a type: nothing it sends is masked (RFC 6455 §5.1).
///
/// ```
/// use ws_core::connection::{SendHalf, Unmasked};
///
/// let mut out = [0; 8];
/// assert_eq!(SendHalf::new(Unmasked).send("Hi", &mut out), Ok(4));
/// assert_eq!(out[..4], *b"\x81\x02Hi");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Unmasked;

/// The keys of either role, chosen when the program runs: for code that serves both and does not want to be generic over
/// the role.
///
/// ```
/// use ws_core::connection::{Config, Connection, KeySource, Role, RoleKeys};
/// use ws_core::frame::MaskKey;
///
/// struct Hardware;
/// impl KeySource for Hardware {
///     fn next_key(&mut self) -> Option<MaskKey> {
///         # fn read_entropy() -> [u8; 4] { [1, 2, 3, 4] }
///         Some(MaskKey::new(read_entropy()))
///     }
/// }
///
/// let connections = [RoleKeys::Server, RoleKeys::Client(Hardware)].map(|keys| Connection::new(keys, Config::new()));
/// assert_eq!(connections.map(|connection| connection.role()), [Role::Server, Role::Client]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed by the RFC: there are two ends")]
pub enum RoleKeys<K> {
    /// A server's: none.
    Server,
    /// A client's.
    Client(K),
}

impl<K> fmt::Debug for RoleKeys<K> {
    /// The role, and nothing of the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "Server",
            Self::Client(_) => "Client(..)",
        })
    }
}

/// How a connection masks what it sends, and so its role: [`Unmasked`] for a server, any [`KeySource`] for a client,
/// [`RoleKeys`] for either. No other types implement it.
///
/// ```
/// use ws_core::connection::{Connection, Masking};
///
/// /// For connections of both roles.
/// fn answer<K: Masking>(connection: &mut Connection<K>, out: &mut [u8]) -> Option<usize> {
///     connection.send("Hello", out).ok()
/// }
/// # let mut connection = Connection::server(ws_core::connection::Config::new());
/// # assert_eq!(answer(&mut connection, &mut [0; 16]), Some(7));
/// ```
pub trait Masking: sealed::Sealed {
    /// The role that masks in this way.
    fn role(&self) -> Role;

    /// What the next frame is masked with.
    #[doc(hidden)]
    fn next_mask(&mut self) -> NextMask;
}

/// What a frame is masked with.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "closed: not part of the public API")]
pub enum NextMask {
    /// By nothing: a server's frame.
    Unmasked,
    /// By this key.
    Masked(MaskKey),
    /// There is no key, so there is no frame.
    Missing,
}

impl Masking for Unmasked {
    #[inline]
    fn role(&self) -> Role {
        Role::Server
    }

    #[inline]
    fn next_mask(&mut self) -> NextMask {
        NextMask::Unmasked
    }
}

impl<K: KeySource> Masking for K {
    #[inline]
    fn role(&self) -> Role {
        Role::Client
    }

    #[inline]
    fn next_mask(&mut self) -> NextMask {
        match self.next_key() {
            Some(key) => NextMask::Masked(key),
            None => NextMask::Missing,
        }
    }
}

impl<K: KeySource> Masking for RoleKeys<K> {
    #[inline]
    fn role(&self) -> Role {
        match self {
            Self::Server => Role::Server,
            Self::Client(_) => Role::Client,
        }
    }

    #[inline]
    fn next_mask(&mut self) -> NextMask {
        match self {
            Self::Server => NextMask::Unmasked,
            Self::Client(keys) => keys.next_mask(),
        }
    }
}

mod sealed {
    #[expect(unnameable_types, reason = "a sealed trait is public and cannot be named")]
    pub trait Sealed {}
    impl Sealed for super::Unmasked {}
    impl<K: super::KeySource> Sealed for K {}
    impl<K: super::KeySource> Sealed for super::RoleKeys<K> {}
}
