use alloc::sync::Arc;

use ws_core::handshake::OriginPolicy;
use ws_core::uri::Scheme;

/// An [`OriginPolicy`] that owns its list.
#[derive(Clone, Debug, Default)]
pub(super) enum Origins {
    #[default]
    SameHost,
    SameOrigin(Scheme),
    AnyOf(Arc<[Box<str>]>),
    Any,
}

impl Origins {
    pub(super) fn allow(&mut self, origin: &str) {
        let before = match self {
            Self::AnyOf(origins) => origins.to_vec(),
            Self::SameHost | Self::SameOrigin(_) | Self::Any => Vec::new(),
        };
        *self = Self::AnyOf(before.into_iter().chain([origin.into()]).collect());
    }

    pub(super) fn with_policy<T>(&self, act: impl FnOnce(OriginPolicy<'_>) -> T) -> T {
        match self {
            Self::SameHost => act(OriginPolicy::SameHost),
            Self::SameOrigin(scheme) => act(OriginPolicy::SameOrigin(*scheme)),
            Self::AnyOf(origins) => {
                let origins: Vec<&str> = origins.iter().map(AsRef::as_ref).collect();
                act(OriginPolicy::AnyOf(&origins))
            }
            Self::Any => act(OriginPolicy::AnyOrigin),
        }
    }
}
