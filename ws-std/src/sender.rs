use ws_core::connection::{Config, Masking as _, ReceiveHalf, RoleKeys, SendHalf};
use ws_core::extension::Agreed;

use crate::MaskKeys;

/// The sending half of either role, so that a `WebSocket` names no type for it.
pub type RoleSender = SendHalf<RoleKeys<MaskKeys>>;

/// Both halves of a connection whose opening handshake is done.
pub(crate) fn halves(
    keys: RoleKeys<MaskKeys>,
    config: Config,
    agreed: Option<Agreed>,
) -> (RoleSender, ReceiveHalf) {
    let receiver = ReceiveHalf::new(keys.role(), config);
    let sender = SendHalf::new(keys);
    match agreed {
        Some(agreed) => (sender.with_deflate(agreed), receiver.with_deflate()),
        None => (sender, receiver),
    }
}
