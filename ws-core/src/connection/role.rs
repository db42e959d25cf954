// Read first: RFC 6455 §5.1, §5.3, §10.3.

use crate::frame::MaskKey;

/// Which end of the connection we are.
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

/// The type of a server's sender: nothing it sends is masked (RFC 6455 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Unmasked;

/// The role as a type: [`Unmasked`] for a server, any [`KeySource`] for a client. Not to be implemented elsewhere.
pub trait Masking: sealed::Sealed {
    /// The role that masks in this way.
    const ROLE: Role;

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
    const ROLE: Role = Role::Server;

    #[inline]
    fn next_mask(&mut self) -> NextMask {
        NextMask::Unmasked
    }
}

impl<K: KeySource> Masking for K {
    const ROLE: Role = Role::Client;

    #[inline]
    fn next_mask(&mut self) -> NextMask {
        match self.next_key() {
            Some(key) => NextMask::Masked(key),
            None => NextMask::Missing,
        }
    }
}

mod sealed {
    #[expect(unnameable_types, reason = "a sealed trait is public and cannot be named")]
    pub trait Sealed {}
    impl Sealed for super::Unmasked {}
    impl<K: super::KeySource> Sealed for K {}
}
