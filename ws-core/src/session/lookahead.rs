//! What lies in the read buffer after the message that was found.

use super::Inbound;
use super::rest::Found;
use crate::frame::{Decoded, Fin, Opcode, RawHeader};

impl Inbound {
    /// Whether another whole message is in the read buffer, after the one that [`advance`](Self::advance) has found:
    /// then the answer to this one can wait for the answer to that, to leave in one write.
    ///
    /// It looks at headers only, so that it may be a message that will turn out to break a rule.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let (opened, buffer) = (Opened::<NoKeys>::new(RoleKeys::Server), ReadBuffer::new(vec![0; 1024]));
    /// # let mut session = Session::new(opened, Config::new(), buffer, Duration::ZERO);
    /// session.inbound.spare()[..12].copy_from_slice(b"\x81\x80\0\0\0\0\x81\x80\0\0\0\0"); // two empty messages
    /// session.inbound.filled(12, Duration::ZERO);
    /// let mut found = Vec::new();
    /// while session.inbound.advance(&mut session.outbound).is_some() {
    ///     found.push(session.inbound.has_another());
    ///     let _message = session.inbound.message(&mut session.outbound);
    /// }
    /// assert_eq!(found, [true, false]);
    /// ```
    #[must_use]
    pub fn has_another(&self) -> bool {
        let mut rest = self.buffer.unread();
        // The one that was found lies in the read buffer itself, and is passed over.
        let mut is_found = self.rest.found == Found::InReadBuffer;
        while let Ok(Decoded::Complete { header, header_len }) = RawHeader::decode(rest) {
            let len = usize::try_from(header.payload_len()).ok().and_then(|len| len.checked_add(header_len));
            let Some(after) = len.and_then(|len| rest.get(len..)) else { return false };
            let is_control = header.opcode().is_none_or(Opcode::is_control);
            if !is_control && header.fin() == Fin::Final {
                if !is_found {
                    return true;
                }
                is_found = false;
            } else if header.opcode() == Some(Opcode::Close) {
                return false;
            }
            rest = after;
        }
        false
    }
}
