use alloc::boxed::Box;
use alloc::vec::Vec;

use super::super::OriginPolicy;
use crate::uri::Scheme;

/// Which pages may connect (RFC 6455 §10.2): an [`OriginPolicy`] that owns its list.
///
/// The default is [`SameHost`](Self::SameHost).
///
/// ```
/// use ws_core::handshake::{OriginPolicy, OwnedOriginPolicy};
///
/// let mut policy = OwnedOriginPolicy::default();
/// policy.allow("https://app.example");
/// policy.allow("https://admin.example");
/// policy.lend(|policy| assert_eq!(policy, OriginPolicy::AnyOf(&["https://app.example", "https://admin.example"])));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OwnedOriginPolicy {
    /// Pages whose Origin has the host and port of the Host header; see [`OriginPolicy::SameHost`].
    #[default]
    SameHost,
    /// Pages of that host and port that also have this scheme; see [`OriginPolicy::SameOrigin`].
    SameOrigin(Scheme),
    /// Pages of these origins; see [`OriginPolicy::AnyOf`].
    AnyOf(Vec<Box<str>>),
    /// All pages; see [`OriginPolicy::AnyOrigin`].
    AnyOrigin,
}

impl OwnedOriginPolicy {
    /// Allows pages of this origin, such as `https://example.com`, besides those that were allowed by this method before. Any
    /// other policy is replaced.
    ///
    /// ```
    /// use ws_core::handshake::OwnedOriginPolicy;
    ///
    /// let mut policy = OwnedOriginPolicy::AnyOrigin;
    /// policy.allow("https://app.example");
    /// assert_eq!(policy, OwnedOriginPolicy::AnyOf(vec!["https://app.example".into()]));
    /// ```
    pub fn allow(&mut self, origin: &str) {
        if !matches!(self, Self::AnyOf(_)) {
            *self = Self::AnyOf(Vec::new());
        }
        if let Self::AnyOf(origins) = self {
            origins.push(origin.into());
        }
    }

    /// Passes the policy to `act`, which calls [`ServerHandshake::accept`](super::super::ServerHandshake::accept) with it, and returns
    /// the result of `act`.
    pub fn lend<T>(&self, act: impl FnOnce(OriginPolicy<'_>) -> T) -> T {
        match self {
            Self::SameHost => act(OriginPolicy::SameHost),
            Self::SameOrigin(scheme) => act(OriginPolicy::SameOrigin(*scheme)),
            Self::AnyOf(origins) => {
                let origins: Vec<&str> = origins.iter().map(AsRef::as_ref).collect();
                act(OriginPolicy::AnyOf(&origins))
            }
            Self::AnyOrigin => act(OriginPolicy::AnyOrigin),
        }
    }
}
