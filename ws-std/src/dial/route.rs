#[cfg(feature = "proxy")]
use core::net::SocketAddr;

#[cfg(feature = "proxy")]
use ws_core::uri::Authority;
use ws_core::uri::Uri;

use super::Client;
use super::addresses::{dial, dial_addresses};
use crate::clock::Clock;
use crate::deadline::Deadline;
use crate::error::Error;
#[cfg(feature = "rustls")]
use crate::stream::TlsStream;
use crate::stream::{Carrier, NetStream};

impl Client {
    /// Opens the stream to a server, with TLS where the URL asks for it: its handshake is done by the first read.
    pub(super) fn open_stream(&self, uri: &Uri<'_>) -> Result<NetStream, Error> {
        #[cfg(feature = "rustls")]
        let tls = self.tls.for_uri(uri)?;
        #[cfg(not(feature = "rustls"))]
        if uri.scheme().is_secure() {
            return Err(Error::TlsUnsupported);
        }
        let stream = self.reach(uri)?;
        #[cfg(feature = "rustls")]
        if let Some((config, name)) = tls {
            return Ok(TlsStream::start_connect(stream, config, name)?.into());
        }
        Ok(stream.into())
    }

    /// Opens the stream that ends at the server. No byte that the server sends is read from it.
    fn reach(&self, uri: &Uri<'_>) -> Result<Carrier, Error> {
        let deadline = Deadline::after(self.options.settings.timeouts.connect(), Clock::SYSTEM);
        #[cfg(feature = "proxy")]
        if let Some(proxy) = &self.proxy {
            let target = match self.addresses.first() {
                Some(address) => SocketAddr::new(address.ip(), address.port()).to_string(),
                None => format!("{}:{}", uri.authority().host(), uri.port()),
            };
            return proxy.open(Authority::parse(&target)?, self.options.head_len_max, &deadline);
        }
        let stream = match self.addresses.as_slice() {
            [] => dial(uri.authority().host_name(), uri.port(), &deadline)?,
            addresses => dial_addresses(addresses, &deadline)?,
        };
        Ok(Carrier::Tcp(stream))
    }
}
