//! Who may compress, and how.

use ws_core::extension::{DeflateConfig, ExtensionList, WindowBits};

/// The first four bytes make a client's wishes and a server's; the rest is offers, up to a line feed, and an answer.
/// Whatever the peer says, nothing panics, and what one of us says the other takes.
pub fn deflate_negotiation(bytes: &[u8]) {
    let Some(([a, b, c, d], rest)) = bytes.split_first_chunk::<4>() else { return };
    let (client, server) = (deflate_config(*a, *b), deflate_config(*c, *d));
    let mut lines = rest.splitn(2, |byte| *byte == b'\n');
    let mut next = || ExtensionList::new(lines.next().unwrap_or_default()).flatten();
    let (offers, answer) = (next(), next());

    // What comes from a peer.
    if let Some(agreed) = server.answer(offers.clone()) {
        assert!(offers.clone().any(|extension| extension.name() == "permessage-deflate"));
        let text = agreed.answer();
        assert_eq!(ExtensionList::new(text.as_str().as_bytes()).flatten().count(), 1);
    }
    if let Ok(Some(agreed)) = client.judge(answer) {
        // An answer to our own offer says the same when it is written by us.
        let text = agreed.answer();
        let again = client.judge(ExtensionList::new(text.as_str().as_bytes()).flatten());
        assert_eq!(again, Ok(Some(agreed)));
    }

    // What comes from us.
    let offer = client.offer();
    if let Some(theirs) = server.answer(ExtensionList::new(offer.as_str().as_bytes()).flatten()) {
        let text = theirs.answer();
        let ours = client.judge(ExtensionList::new(text.as_str().as_bytes()).flatten());
        let Ok(Some(ours)) = ours else {
            panic!("{client:?} offers {offer}, {server:?} answers {text}: {ours:?}")
        };
        assert_eq!((ours.params(), ours.incoming()), (theirs.params(), theirs.outgoing()));
        assert!(ours.outgoing().max_window_bits() <= theirs.incoming().max_window_bits());
        assert!(ours.outgoing().has_context_takeover() <= theirs.incoming().has_context_takeover());
    }
}

fn deflate_config(flags: u8, bits: u8) -> DeflateConfig {
    let window = |bits: u8| WindowBits::new(8 + (bits & 7)).unwrap_or_default();
    let mut config = DeflateConfig::new()
        .with_outgoing_max_window_bits(window(bits))
        .with_incoming_max_window_bits(window(bits >> 3))
        .with_outgoing_min_window_bits(window(flags));
    if flags & 0x10 != 0 {
        config = config.with_outgoing_no_context_takeover();
    }
    if flags & 0x20 != 0 {
        config = config.with_incoming_no_context_takeover();
    }
    if flags & 0x40 != 0 {
        config = config.with_incoming_limits_required();
    }
    config
}
