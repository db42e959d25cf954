#[cfg(feature = "proxy")]
use core::net::SocketAddr;
use std::net::TcpStream;
use std::time::Instant;

#[cfg(feature = "proxy")]
use ws_core::uri::Authority;
use ws_core::uri::Uri;

use super::Client;
use super::addresses::{dial, dial_addresses};
use crate::error::Error;
use crate::open::client::headers::Recipient;
use crate::stream::NetStream;
use crate::timeouts::Deadline;

impl Client {
    /// Opens the stream to a server, with TLS where the URL asks for it. Returns also the deadline of the opening handshake, which began
    /// with that of TLS.
    pub(super) fn open_stream(
        &self,
        uri: &Uri<'_>,
        recipient: Recipient,
    ) -> Result<(NetStream, Deadline), Error> {
        #[cfg(feature = "rustls")]
        let security = self.tls.for_uri(uri, recipient)?;
        #[cfg(not(feature = "rustls"))]
        if uri.scheme().is_secure() {
            return Err(Error::TlsUnsupported);
        }
        let stream = self.reach(uri, recipient)?;
        let deadline = Deadline::after(self.options.timeouts.handshake(), Instant::now);
        #[cfg(feature = "rustls")]
        let stream = security.apply(stream, deadline)?;
        #[cfg(not(feature = "rustls"))]
        let stream = NetStream::from(stream);
        Ok((stream, deadline))
    }

    /// Opens the TCP stream that ends at the server. No byte that the server sends is read from it.
    fn reach(&self, uri: &Uri<'_>, recipient: Recipient) -> Result<TcpStream, Error> {
        let deadline = Deadline::after(self.options.timeouts.connect(), Instant::now);
        let addresses = match recipient {
            Recipient::Named => self.addresses.as_slice(),
            #[cfg(feature = "proxy")]
            Recipient::Other => &[],
        };
        #[cfg(feature = "proxy")]
        if let Some(proxy) = &self.proxy {
            let target = match addresses.first() {
                Some(address) => SocketAddr::new(address.ip(), address.port()).to_string(),
                None => format!("{}:{}", uri.authority().host(), uri.port()),
            };
            return proxy.open(Authority::parse(&target)?, self.options.head_len_max, deadline);
        }
        match addresses {
            [] => dial(uri.authority().host_name(), uri.port(), deadline),
            addresses => dial_addresses(addresses, deadline),
        }
    }
}
