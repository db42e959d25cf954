//! The memory of a receiving side, which it does not need while it is idle.

use alloc::vec::Vec;
use core::mem;

use super::config::READ_BUFFER_LEN_MIN;
use super::inbound::Inbound;
use super::rest::Found;
use crate::input::ReadBuffer;

impl Inbound {
    /// Frees the memory that an idle connection can do without: the read buffer where nothing lies in it, what messages
    /// were assembled in, and the inflater's window where the peer may not refer to it any more. Not to be called between
    /// [`spare`](Self::spare) and [`filled`](Self::filled).
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::connection::RoleKeys;
    /// # use ws_core::input::ReadBuffer;
    /// # use ws_core::session::{Config, NoKeys, Opened, Session};
    /// # let opened = Opened::<NoKeys>::new(RoleKeys::Server);
    /// let (config, buffer) = (Config::new().with_read_buffer_len(4096), ReadBuffer::new(vec![0; 64 * 1024]));
    /// let mut session = Session::new(opened, config, buffer, Duration::ZERO);
    /// session.inbound.release();
    /// assert_eq!(session.inbound.spare().len(), 4096); // made again, for the next bytes
    /// session.inbound.spare()[..3].copy_from_slice(b"\x81\x85\0");
    /// session.inbound.filled(3, Duration::ZERO);
    /// session.inbound.release();
    /// assert_eq!(session.inbound.unread(), b"\x81\x85\0", "what was not taken is kept");
    /// ```
    pub fn release(&mut self) {
        if self.buffer.unread().is_empty() {
            self.buffer = ReadBuffer::new(Vec::new());
        }
        if self.rest.found != Found::Assembled {
            self.message.release();
        }
    }

    /// Takes `shared` for the read buffer, and leaves an empty one there, where the session has none: for event loops whose
    /// sessions read into one buffer in turn. What lies in `shared` is forgotten. Changes nothing where the session has a
    /// read buffer, or where `shared` has less than 16 bytes.
    ///
    /// Give it back by [`return_buffer`](Self::return_buffer) after the session's turn.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::connection::RoleKeys;
    /// use ws_core::input::ReadBuffer;
    /// # use ws_core::session::{Config, NoKeys, Opened, Session};
    /// # let open = || {
    /// #     let opened = Opened::<NoKeys>::new(RoleKeys::Server);
    /// #     Session::new(opened, Config::new(), ReadBuffer::new(Vec::new()), Duration::ZERO)
    /// # };
    /// let mut sessions = [open(), open(), open()];
    /// let mut shared = ReadBuffer::new(vec![0; 64 * 1024]);
    /// for session in &mut sessions {
    ///     session.inbound.borrow_buffer(&mut shared);
    ///     assert_eq!(session.inbound.spare().len(), 64 * 1024); // read, take what came, answer
    ///     session.inbound.return_buffer(&mut shared);
    ///     assert_eq!(shared.capacity(), 64 * 1024);
    /// }
    /// ```
    pub fn borrow_buffer(&mut self, shared: &mut ReadBuffer<Vec<u8>>) {
        if self.buffer.capacity() == 0 && shared.capacity() >= READ_BUFFER_LEN_MIN {
            self.buffer = mem::replace(shared, ReadBuffer::new(Vec::new()));
            self.buffer.clear();
        }
    }

    /// Gives the read buffer to `shared` where that has no storage, and frees it otherwise. Keeps it while bytes that were
    /// not taken lie in it: then `shared` stays without storage, and the next session makes a buffer of its own.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::connection::RoleKeys;
    /// # use ws_core::input::ReadBuffer;
    /// # use ws_core::session::{Config, NoKeys, Opened, Session};
    /// # let opened = Opened::<NoKeys>::new(RoleKeys::Server);
    /// # let mut session = Session::new(opened, Config::new(), ReadBuffer::new(Vec::new()), Duration::ZERO);
    /// let mut shared = ReadBuffer::new(vec![0; 64 * 1024]);
    /// session.inbound.borrow_buffer(&mut shared);
    /// session.inbound.spare()[..6].copy_from_slice(b"\x81\x80\0\0\0\0");
    /// session.inbound.filled(6, Duration::ZERO);
    /// session.inbound.return_buffer(&mut shared);
    /// assert_eq!(shared.capacity(), 0, "the session keeps it, since a message lies in it");
    /// let _message = session.inbound.next(&mut session.outbound);
    /// session.inbound.return_buffer(&mut shared);
    /// assert_eq!(shared.capacity(), 64 * 1024);
    /// ```
    pub fn return_buffer(&mut self, shared: &mut ReadBuffer<Vec<u8>>) {
        if self.buffer.unread().is_empty() && self.buffer.capacity() > 0 {
            let buffer = mem::replace(&mut self.buffer, ReadBuffer::new(Vec::new()));
            if shared.capacity() == 0 {
                *shared = buffer;
            }
        }
    }

    /// Makes a read buffer with what is in the one before, which is shorter.
    /// Makes the read buffer as long as [`Config::with_read_buffer_len`](super::Config::with_read_buffer_len) says, where it
    /// is shorter and there is memory; what was read and not taken stays. For adapters that begin with a short buffer, once
    /// a read has filled it.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use ws_core::{connection::RoleKeys, input::ReadBuffer, session::{Config, NoKeys, Opened, Session}};
    /// # let opened = Opened::<NoKeys>::new(RoleKeys::Server);
    /// let mut session = Session::new(opened, Config::new(), ReadBuffer::new(vec![0; 1024]), Duration::ZERO);
    /// assert_eq!(session.inbound.spare().len(), 1024);
    /// session.inbound.grow_buffer();
    /// assert_eq!(session.inbound.spare().len(), 16 * 1024);
    /// ```
    pub fn grow_buffer(&mut self) {
        if self.buffer.capacity() < self.rest.read_buffer_len {
            self.make_buffer();
        }
    }

    #[cold]
    pub(super) fn make_buffer(&mut self) {
        let mut storage = Vec::new();
        if storage.try_reserve_exact(self.rest.read_buffer_len).is_err() {
            return;
        }
        storage.resize(self.rest.read_buffer_len, 0);
        let small = mem::replace(&mut self.buffer, ReadBuffer::new(Vec::new()));
        self.buffer = match small.move_to(storage) {
            Ok(large) => large,
            Err((small, _)) => small,
        };
    }
}
