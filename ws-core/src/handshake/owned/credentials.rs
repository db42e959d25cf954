// Read first: RFC 7617 §2.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::HandshakeMisuse;

/// A user and a password, for a server or for a proxy.
///
/// ```
/// use ws_core::handshake::Credentials;
///
/// let credentials = Credentials::new("Aladdin", "open sesame");
/// assert_eq!(credentials.basic()?, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
/// # Ok::<(), ws_core::handshake::HandshakeMisuse>(())
/// ```
#[derive(Clone)]
pub struct Credentials {
    user: Box<str>,
    password: Box<str>,
}

impl Credentials {
    /// Creates credentials. They are checked where they are used, such as by [`basic`](Self::basic).
    #[must_use]
    pub fn new(user: &str, password: &str) -> Self {
        Self { user: user.into(), password: password.into() }
    }

    /// The user.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The password.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The value of `Authorization` or `Proxy-Authorization` by the scheme `Basic` (RFC 7617).
    ///
    /// # Errors
    ///
    /// [`HandshakeMisuse::Credentials`] where the user has a colon, or one of the two has a control character.
    ///
    /// ```
    /// use ws_core::handshake::{Credentials, HandshakeMisuse};
    ///
    /// assert_eq!(Credentials::new("user:name", "secret").basic(), Err(HandshakeMisuse::Credentials));
    /// ```
    pub fn basic(&self) -> Result<String, HandshakeMisuse> {
        let text = format!("{}:{}", self.user, self.password);
        // RFC 7617 §2: the first colon ends the user; neither part has control characters.
        if self.user.contains(':') || text.chars().any(char::is_control) {
            return Err(HandshakeMisuse::Credentials);
        }
        Ok(format!("Basic {}", STANDARD.encode(text)))
    }
}

/// Shows neither the user nor the password.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}
