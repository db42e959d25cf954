use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use super::Inbound;
use crate::connection::{KeySource, Role, RoleKeys};
use crate::extension::Agreed;
use crate::frame::MaskKey;

/// What the opening handshake came to: the role and its keys, what was agreed on for compression, the subprotocol, and
/// the answer if it is not sent yet. Every session begins with one, so that nothing that was negotiated can be forgotten.
///
/// ```
/// use ws_core::connection::{Role, RoleKeys};
/// use ws_core::session::{NoKeys, Opened};
///
/// // The HTTP server has done the handshake.
/// let opened = Opened::<NoKeys>::new(RoleKeys::Server).with_subprotocol("chat");
/// assert_eq!((opened.role(), opened.subprotocol()), (Role::Server, Some("chat")));
/// ```
pub struct Opened<K> {
    pub(super) keys: RoleKeys<K>,
    pub(super) agreed: Option<Agreed>,
    pub(super) subprotocol: Option<Box<str>>,
    pub(super) unsent: Vec<u8>,
}

impl<K> Opened<K> {
    /// A handshake that was done elsewhere, and agreed on nothing so far.
    ///
    /// ```
    /// use ws_core::connection::{Role, RoleKeys};
    /// use ws_core::session::{NoKeys, Opened};
    ///
    /// let opened = Opened::<NoKeys>::new(RoleKeys::Server);
    /// assert_eq!((opened.role(), opened.subprotocol()), (Role::Server, None));
    /// ```
    #[must_use]
    pub const fn new(keys: RoleKeys<K>) -> Self {
        Self { keys, agreed: None, subprotocol: None, unsent: Vec::new() }
    }

    /// Sets what was agreed on for permessage-deflate: messages are inflated, and compressed as the configuration says.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::connection::RoleKeys;
    /// use ws_core::extension::{Agreed, DeflateParams};
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::session::{Config, NoKeys, Opened, Session};
    ///
    /// let agreed = Agreed::server(DeflateParams::new()); // what an HTTP server of your own has answered
    /// let opened = Opened::<NoKeys>::new(RoleKeys::Server).with_deflate(agreed);
    /// assert_eq!(opened.deflate(), Some(agreed));
    /// let mut session = Session::new(opened, Config::new(), ReadBuffer::new(vec![0; 1024]), Duration::ZERO);
    /// session.outbound.send(&[7; 5000])?;
    /// assert!(session.outbound.queued_len() < 100);
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[cfg(feature = "deflate")]
    #[must_use]
    pub fn with_deflate(self, agreed: Agreed) -> Self {
        Self { agreed: Some(agreed), ..self }
    }

    /// Sets the subprotocol that was chosen.
    ///
    /// ```
    /// use ws_core::connection::RoleKeys;
    /// use ws_core::session::{NoKeys, Opened};
    ///
    /// let opened = Opened::<NoKeys>::new(RoleKeys::Server).with_subprotocol("mqtt");
    /// assert_eq!(opened.subprotocol(), Some("mqtt"));
    /// ```
    #[must_use]
    pub fn with_subprotocol(self, subprotocol: impl Into<Box<str>>) -> Self {
        Self { subprotocol: Some(subprotocol.into()), ..self }
    }

    /// Sets bytes that have to be sent before anything else: the answer to the handshake, if it is not sent yet. They are
    /// the first that [`Outbound::transmit`](super::Outbound::transmit) gives, and no part of the
    /// [traffic](super::Outbound::traffic).
    ///
    /// ```
    /// use core::time::Duration;
    /// use ws_core::connection::RoleKeys;
    /// use ws_core::input::ReadBuffer;
    /// use ws_core::session::{Config, NoKeys, Opened, Session};
    ///
    /// let answer = b"HTTP/1.1 101 Switching Protocols\r\n\r\n"; // with the headers that belong to it
    /// let opened = Opened::<NoKeys>::new(RoleKeys::Server).with_unsent(answer);
    /// let mut session = Session::new(opened, Config::new(), ReadBuffer::new(vec![0; 1024]), Duration::ZERO);
    /// session.outbound.send("Hello")?; // it need not wait
    /// assert!(session.outbound.transmit().starts_with(answer));
    /// session.outbound.transmitted(answer.len(), Duration::ZERO);
    /// assert_eq!(session.outbound.traffic().wire_len, 0);
    /// assert_eq!(session.outbound.transmit(), b"\x81\x05Hello");
    /// # Ok::<(), ws_core::error::SendError>(())
    /// ```
    #[must_use]
    pub fn with_unsent(self, bytes: impl Into<Vec<u8>>) -> Self {
        Self { unsent: bytes.into(), ..self }
    }

    /// The role.
    #[must_use]
    pub const fn role(&self) -> Role {
        match self.keys {
            RoleKeys::Server => Role::Server,
            RoleKeys::Client(_) => Role::Client,
        }
    }

    /// The subprotocol that was chosen.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// What was agreed on for permessage-deflate.
    #[cfg(feature = "deflate")]
    #[must_use]
    pub const fn deflate(&self) -> Option<Agreed> {
        self.agreed
    }
}

impl Inbound {
    /// What was agreed on for permessage-deflate in the opening handshake.
    ///
    /// ```
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let session = Session::new(opened, Config::new(), buffer, core::time::Duration::ZERO);
    /// assert_eq!(session.inbound.deflate(), None);
    /// ```
    #[must_use]
    pub const fn deflate(&self) -> Option<Agreed> {
        self.rest.agreed
    }
}

#[cfg(feature = "handshake")]
mod handshakes {
    use core::fmt;

    use super::Opened;
    use crate::connection::RoleKeys;
    use crate::extension::Agreed;
    use crate::handshake::{ClientHandshake, ServerHandshake};

    impl<K> Opened<K> {
        /// What a server's handshake came to, after [`ServerHandshake::accept`], which has written its answer. Give that to
        /// [`with_unsent`](Self::with_unsent), or send it first.
        ///
        /// ```
        /// use core::time::Duration;
        /// use ws_core::handshake::{OriginPolicy, OutgoingResponse, ServerHandshake};
        /// use ws_core::input::ReadBuffer;
        /// use ws_core::session::{Config, NoKeys, Opened, Session};
        ///
        /// let request = b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        ///     Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
        /// let mut buffer = ReadBuffer::with_filled(request.to_vec(), request.len()).ok_or("too long")?;
        /// let mut handshake = ServerHandshake::new([0; 1024]);
        /// let _request = handshake.receive(&mut buffer.input());
        /// let mut answer = [0; 512];
        /// let len = handshake.accept(OriginPolicy::SameHost, &OutgoingResponse::new(), &mut answer)?;
        ///
        /// let opened = Opened::<NoKeys>::by_server(&handshake)?.with_unsent(&answer[..len]);
        /// // The same buffer: what came after the request is in it.
        /// let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
        /// assert_eq!(session.outbound.transmit().len(), len);
        /// # Ok::<(), Box<dyn core::error::Error>>(())
        /// ```
        ///
        /// # Errors
        ///
        /// [`OpenError::NotAccepted`] before the request is accepted; [`OpenError::DeflateFeature`] where compression was
        /// agreed on that this build does not have.
        pub fn by_server<S: AsRef<[u8]> + AsMut<[u8]>, const HEADERS: usize>(
            handshake: &ServerHandshake<S, HEADERS>,
        ) -> Result<Self, OpenError> {
            if !handshake.is_accepted() {
                return Err(OpenError::NotAccepted);
            }
            Self::new(RoleKeys::Server).negotiated(handshake.deflate(), handshake.subprotocol())
        }

        /// What a client's handshake came to, once
        /// [`ClientProgress::Accepted`](crate::handshake::ClientProgress::Accepted) was reported.
        ///
        /// ```
        /// use ws_core::connection::Role;
        /// use ws_core::handshake::{ClientHandshake, OutgoingRequest};
        /// use ws_core::input::ReadBuffer;
        /// use ws_core::session::{OpenError, Opened};
        /// use ws_core::uri::Uri;
        /// # struct Keys;
        ///
        /// let request = OutgoingRequest::new(Uri::parse("ws://example.com/")?).with_subprotocols(&["chat"]);
        /// let mut handshake = ClientHandshake::new([0; 1024], *b"the sample nonce");
        /// assert_eq!(Opened::by_client(&handshake, Keys).err(), Some(OpenError::NotAccepted));
        /// let answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        ///     Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n\r\n";
        /// let mut buffer = ReadBuffer::with_filled(answer.to_vec(), answer.len()).ok_or("too long")?;
        /// let _progress = handshake.receive(&request, &mut buffer.input());
        /// let opened = Opened::by_client(&handshake, Keys)?;
        /// assert_eq!((opened.role(), opened.subprotocol()), (Role::Client, Some("chat")));
        /// # Ok::<(), Box<dyn core::error::Error>>(())
        /// ```
        ///
        /// # Errors
        ///
        /// [`OpenError::NotAccepted`] before; [`OpenError::DeflateFeature`] where compression was agreed on that this
        /// build does not have.
        pub fn by_client<S: AsRef<[u8]> + AsMut<[u8]>, const HEADERS: usize>(
            handshake: &ClientHandshake<S, HEADERS>,
            keys: K,
        ) -> Result<Self, OpenError> {
            if !handshake.is_accepted() {
                return Err(OpenError::NotAccepted);
            }
            let response = handshake.response();
            let subprotocol = response.and_then(|response| response.subprotocol());
            Self::new(RoleKeys::Client(keys)).negotiated(handshake.deflate(), subprotocol)
        }

        #[cfg_attr(
            feature = "deflate",
            expect(clippy::unnecessary_wraps, reason = "without the feature it can fail")
        )]
        fn negotiated(self, agreed: Option<Agreed>, subprotocol: Option<&str>) -> Result<Self, OpenError> {
            let opened = Self { subprotocol: subprotocol.map(Into::into), ..self };
            match agreed {
                None => Ok(opened),
                #[cfg(feature = "deflate")]
                Some(agreed) => Ok(opened.with_deflate(agreed)),
                #[cfg(not(feature = "deflate"))]
                Some(_) => Err(OpenError::DeflateFeature),
            }
        }
    }

    /// Why a handshake is not one that a session can begin with.
    ///
    /// ```
    /// use ws_core::handshake::ServerHandshake;
    /// use ws_core::session::{NoKeys, OpenError, Opened};
    ///
    /// let opened = Opened::<NoKeys>::by_server(&ServerHandshake::new([0; 1024]));
    /// assert_eq!(opened.err(), Some(OpenError::NotAccepted));
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    #[non_exhaustive]
    pub enum OpenError {
        /// It is not finished, or was refused.
        NotAccepted,
        /// It agreed on permessage-deflate, and the feature `deflate` is off.
        DeflateFeature,
    }

    impl fmt::Display for OpenError {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(match self {
                Self::NotAccepted => "the opening handshake has not been accepted",
                Self::DeflateFeature => "permessage-deflate was agreed on, which needs the feature `deflate`",
            })
        }
    }

    impl core::error::Error for OpenError {}
}

#[cfg(feature = "handshake")]
pub use handshakes::OpenError;

impl<K> fmt::Debug for Opened<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened")
            .field("role", &self.role())
            .field("has_subprotocol", &self.subprotocol.is_some())
            .field("unsent_len", &self.unsent.len())
            .finish_non_exhaustive()
    }
}

/// The keys of programs that are servers only: there are none. A type parameter has to be something.
///
/// ```
/// use ws_core::connection::RoleKeys;
/// use ws_core::session::{NoKeys, Opened};
///
/// let opened: Opened<NoKeys> = Opened::new(RoleKeys::Server);
/// # assert_eq!(opened.subprotocol(), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed: it has no values")]
pub enum NoKeys {}

impl KeySource for NoKeys {
    fn next_key(&mut self) -> Option<MaskKey> {
        match *self {}
    }
}
