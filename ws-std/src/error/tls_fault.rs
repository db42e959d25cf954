use core::fmt;
use std::io;

/// A fault in TLS on its way through an [`io::Error`]; [`Error::Tls`](crate::Error::Tls) takes it out again.
///
/// A type of our own, so that the errors of other TLS streams mean the same with and without this feature.
#[derive(Debug)]
pub(crate) struct TlsFault(pub(crate) rustls::Error);

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::error::Error for TlsFault {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl From<TlsFault> for io::Error {
    fn from(fault: TlsFault) -> Self {
        Self::new(io::ErrorKind::InvalidData, fault)
    }
}
