use alloc::boxed::Box;
use alloc::vec::Vec;

use super::super::OriginPolicy;
use crate::uri::Scheme;

/// An [`OriginPolicy`] that owns its list: which pages may connect (RFC 6455 §10.2).
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
    /// As [`OriginPolicy::SameHost`].
    #[default]
    SameHost,
    /// As [`OriginPolicy::SameOrigin`].
    SameOrigin(Scheme),
    /// As [`OriginPolicy::AnyOf`].
    AnyOf(Vec<Box<str>>),
    /// As [`OriginPolicy::AnyOrigin`].
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

    /// Lends the policy to `act`, for [`ServerHandshake::accept`](super::super::ServerHandshake::accept), and returns what `act`
    /// does.
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
