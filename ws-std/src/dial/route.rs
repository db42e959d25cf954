use core::net::SocketAddr;
use std::net::TcpStream;

use ws_core::uri::{Authority, Uri};

use super::{Client, addresses};
use crate::error::Error;
use crate::net_stream::NetStream;
use crate::open::client::headers::Recipient;
use crate::timeouts::Deadline;

impl Client {
    /// The stream to a server, on which the opening handshake is next, and the deadline of that, which TLS has a share in.
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
        let deadline = Deadline::after(self.options.timeouts.handshake());
        #[cfg(feature = "rustls")]
        let stream = security.apply(stream, deadline)?;
        #[cfg(not(feature = "rustls"))]
        let stream = NetStream::from(stream);
        Ok((stream, deadline))
    }

    /// The TCP stream that ends at the server, with nothing read from it that the server has sent.
    fn reach(&self, uri: &Uri<'_>, recipient: Recipient) -> Result<TcpStream, Error> {
        let deadline = Deadline::after(self.options.timeouts.connect());
        let given = match recipient {
            Recipient::Named => self.addresses.as_slice(),
            Recipient::Other => &[],
        };
        let Some(proxy) = &self.proxy else {
            return match given {
                [] => addresses::dial(uri.authority().host_name(), uri.port(), deadline),
                given => addresses::dial_addresses(given, deadline),
            };
        };
        let target = match given.first() {
            Some(address) => SocketAddr::new(address.ip(), address.port()).to_string(),
            None => format!("{}:{}", uri.authority().host(), uri.port()),
        };
        proxy.open(Authority::parse(&target)?, self.options.head_len_max, deadline)
    }
}
