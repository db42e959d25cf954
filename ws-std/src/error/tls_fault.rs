use core::fmt;
use std::io;

/// Carries an error of TLS through an [`io::Error`]; [`Error::Tls`](crate::Error::Tls) takes it out again.
///
/// It is a type of our own, so that errors of other TLS streams are reported alike with and without this feature.
#[derive(Debug)]
pub(crate) struct TlsFault(pub(crate) rustls::Error);

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::error::Error for TlsFault {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.0.source()
    }
}

impl From<TlsFault> for io::Error {
    fn from(fault: TlsFault) -> Self {
        Self::new(io::ErrorKind::InvalidData, fault)
    }
}
