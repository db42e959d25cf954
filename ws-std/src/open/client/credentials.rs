// Read first: RFC 7617 §2.

use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::ClientMisuse;

/// A user and a password.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) user: Box<str>,
    pub(crate) password: Box<str>,
}

impl Credentials {
    pub(crate) fn new(user: &str, password: &str) -> Self {
        Self { user: user.into(), password: password.into() }
    }

    /// The value of `Authorization` or `Proxy-Authorization`.
    // RFC 7617 §2: the first colon ends the user; neither part has control characters.
    pub(crate) fn basic(&self) -> Result<String, ClientMisuse> {
        let text = format!("{}:{}", self.user, self.password);
        if self.user.contains(':') || text.chars().any(char::is_control) {
            return Err(ClientMisuse::Credentials);
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
