#[cfg(doc)]
use super::DeflateSettings;
use super::{Deflater, Inflater};
use crate::extension::Agreed;

impl Agreed {
    /// An inflater for the messages that the peer sends, each of up to `message_len_max` bytes once it is inflated.
    ///
    /// It allocates nothing before the first compressed message. Requires the feature `deflate`.
    ///
    /// ```
    /// use ws_core::extension::{Agreed, DeflateParams};
    /// use ws_core::message::MessageBuffer;
    ///
    /// let agreed = Agreed::server(DeflateParams::default()); // what the handshake returns
    /// let buffer = MessageBuffer::new().with_inflater(agreed.inflater(1 << 20));
    /// # let _ = buffer;
    /// ```
    #[must_use]
    pub fn inflater(&self, message_len_max: u64) -> Inflater {
        Inflater::new(message_len_max, self.incoming().into())
    }

    /// A deflater for the messages that we send, with the default level and memory. For others, start from
    /// [`DeflateSettings::from`] what was agreed on for our direction.
    ///
    /// It allocates nothing before the first compressed message. Requires the feature `deflate`.
    ///
    /// ```
    /// use ws_core::deflate::{CompressionLevel, DeflateSettings, Deflater};
    /// use ws_core::extension::{Agreed, DeflateParams};
    ///
    /// let agreed = Agreed::server(DeflateParams::default()); // what the handshake returns
    /// assert_eq!(agreed.deflater().settings(), DeflateSettings::from(agreed.outgoing()));
    ///
    /// let settings = DeflateSettings::from(agreed.outgoing()).with_level(CompressionLevel::FASTEST);
    /// let faster = Deflater::new(settings);
    /// # let _ = faster;
    /// ```
    #[must_use]
    pub fn deflater(&self) -> Deflater {
        Deflater::new(self.outgoing().into())
    }
}
