//! What ws-core does with bytes of others, each path in a function that nothing is known about: arguments and states come
//! from outside, so that the optimiser can leave out no check that a state could fail.
//!
//! A panic would call a function that is in another library; ../panic_free.rs looks for who does.
#![no_std]

use core::panic::PanicInfo;

use ws_core::connection::{
    Closure, Connection, EncodedMessage, FrameStart, KeySource, Next, ReceiveHalf, RoleKeys, SendHalf, Sent,
    Signal, Transport, Unmasked,
};
use ws_core::error::{Fault, Misuse, SendError};
use ws_core::event::{Event, Fragment, Payload, Piece};
use ws_core::extension::{ExtensionError, check_extensions};
use ws_core::frame::{
    CloseCode, CloseFrame, ControlPayload, Decoded, EncodedHeader, Fin, FrameHeader, Mask, MaskKey, Opcode,
    RawHeader, ReservedBits, Violation,
};
use ws_core::input::{Input, ReadBuffer};
use ws_core::keepalive::{Due, Keepalive};
use ws_core::message::{Assembly, MessageSlice};
use ws_core::uri::{Authority, Uri, UriError};
use ws_core::utf8::{InvalidUtf8, Utf8, complete_prefix};

mod handshake;

unsafe extern "C" {
    /// Where all panics lead.
    safe fn ws_core_can_panic() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    ws_core_can_panic()
}

/// Keys from outside.
#[derive(Clone, Copy)]
pub struct Keys(u32);

impl KeySource for Keys {
    fn next_key(&mut self) -> Option<MaskKey> {
        self.0 = self.0.wrapping_mul(0x9E37_79B9);
        (self.0 != 0).then(|| MaskKey::new(self.0.to_ne_bytes()))
    }
}

/// Exports functions as they are.
macro_rules! probes {
    ($($name:ident$(<$lifetime:lifetime>)?($($argument:ident: $type:ty),*) -> $returned:ty $body:block)*) => {
        $(#[unsafe(no_mangle)] pub fn $name$(<$lifetime>)?($($argument: $type),*) -> $returned $body)*
    };
}
pub(crate) use probes;

probes! {
    header_decode(bytes: &[u8], allowed: ReservedBits) -> Result<Decoded, Violation> {
        FrameHeader::decode(bytes, allowed)
    }
    header_encode(header: &FrameHeader) -> EncodedHeader { header.encode() }
    raw_decode(bytes: &[u8]) -> Result<Decoded<RawHeader>, Violation> { RawHeader::decode(bytes) }
    raw_encode(header: &RawHeader) -> EncodedHeader { header.encode() }
    raw_judge(header: RawHeader) -> Result<FrameHeader, Violation> { header.try_into() }
    header_bytes(header: &EncodedHeader) -> &[u8] { header.as_bytes() }
    opcode_from_bits(bits: u8) -> Option<Opcode> { Opcode::from_bits(bits) }
    mask_apply(mask: &mut Mask, payload: &mut [u8]) -> () { mask.apply(payload) }
    mask_apply_into(mask: &mut Mask, payload: &[u8], out: &mut [u8]) -> usize { mask.apply_into(payload, out) }
    control_payload(bytes: &[u8]) -> Option<ControlPayload> { ControlPayload::new(bytes) }
    control_bytes(payload: &ControlPayload) -> &[u8] { payload.as_bytes() }
    close_decode(payload: &ControlPayload) -> Result<CloseFrame, Violation> { CloseFrame::decode(payload) }
    close_new(code: CloseCode, reason: &str) -> Option<CloseFrame> { CloseFrame::new(code, reason) }
    close_truncated(code: CloseCode, reason: &str) -> CloseFrame { code.with_reason(reason) }
    close_code(close: &CloseFrame) -> Option<CloseCode> { close.code() }
    close_reason(close: &CloseFrame) -> &str { close.reason() }

    utf8_push(utf8: &mut Utf8, bytes: &[u8]) -> Result<(), InvalidUtf8> { utf8.push(bytes) }
    utf8_prefix(bytes: &[u8]) -> Result<(&str, usize), InvalidUtf8> { complete_prefix(bytes) }

    buffer_spare<'a>(buffer: &'a mut ReadBuffer<&'static mut [u8]>) -> &'a mut [u8] { buffer.spare() }
    buffer_filled(buffer: &mut ReadBuffer<&'static mut [u8]>, len: usize) -> () { buffer.filled(len) }
    buffer_input<'a>(buffer: &'a mut ReadBuffer<&'static mut [u8]>) -> Input<'a> { buffer.input() }
    buffer_unread<'a>(buffer: &'a ReadBuffer<&'static mut [u8]>) -> &'a [u8] { buffer.unread() }
    input_take<'b>(input: &mut Input<'b>, len: usize) -> &'b mut [u8] { input.take(len) }

    receiver_event<'b>(receiver: &mut ReceiveHalf, input: &mut Input<'b>) -> Option<Event<Fragment<'b>>> {
        receiver.next_event(input)
    }
    receiver_piece<'b>(receiver: &mut ReceiveHalf, input: &mut Input<'b>) -> Option<Event<Piece<'b>>> {
        receiver.next_piece(input)
    }
    receiver_message<'m>(
        receiver: &mut ReceiveHalf,
        input: &mut Input<'m>,
        message: &'m mut MessageSlice<&'static mut [u8]>
    ) -> Option<Event<Payload<'m>>> { receiver.next_message(input, message) }
    receiver_assemble(receiver: &mut ReceiveHalf, input: &mut Input<'_>, message: &mut MessageSlice<&'static mut [u8]>)
        -> Option<Event<Assembly>> { receiver.assemble(input, message) }
    receiver_spare<'s>(
        receiver: &mut ReceiveHalf,
        buffer: &'s mut ReadBuffer<&'static mut [u8]>,
        message: &'s mut MessageSlice<&'static mut [u8]>
    ) -> &'s mut [u8] { receiver.spare(buffer, message) }
    receiver_filled(
        receiver: &mut ReceiveHalf,
        len: usize,
        buffer: &mut ReadBuffer<&'static mut [u8]>,
        message: &mut MessageSlice<&'static mut [u8]>
    ) -> () { receiver.filled(len, buffer, message) }
    receiver_advance(receiver: &mut ReceiveHalf, input: &mut Input<'_>) -> Next { receiver.advance(input) }
    receiver_close(receiver: &ReceiveHalf) -> Option<CloseFrame> { receiver.close_frame() }
    receiver_eof(receiver: &mut ReceiveHalf) -> () { receiver.eof() }
    receiver_signal(receiver: &mut ReceiveHalf) -> Option<Signal> { receiver.take_signal() }

    server_text(sender: &mut SendHalf<Unmasked>, text: &str, out: &mut [u8]) -> Result<usize, SendError> {
        sender.send(text, out)
    }
    server_transmit(sender: &mut SendHalf<Unmasked>, out: &mut [u8]) -> Result<usize, SendError> {
        sender.poll_transmit(out)
    }
    server_written(sender: &mut SendHalf<Unmasked>, len: u64) -> Result<(), Misuse> { sender.payload_written(len) }
    client_binary(sender: &mut SendHalf<Keys>, bytes: &[u8], out: &mut [u8]) -> Result<usize, SendError> {
        sender.send(bytes, out)
    }
    server_encoded(sender: &mut SendHalf<Unmasked>, message: &EncodedMessage<&'static [u8]>)
        -> Result<(), SendError> { sender.send_encoded(message) }
    client_fragment(sender: &mut SendHalf<Keys>, payload: Payload<'_>, fin: Fin, out: &mut [u8])
        -> Result<usize, SendError> { sender.send_fragment(payload, fin, out) }
    client_part(sender: &mut SendHalf<Keys>, payload: Payload<'_>, fin: Fin, out: &mut [u8])
        -> Result<Sent, SendError> { sender.send_part(payload, fin, out) }
    either_fragment(sender: &mut SendHalf<RoleKeys<Keys>>, payload: Payload<'_>, fin: Fin, out: &mut [u8])
        -> Result<usize, SendError> { sender.send_fragment(payload, fin, out) }
    payload_split<'p>(payload: &Payload<'p>, len: usize) -> (Payload<'p>, Payload<'p>) { payload.split_at(len) }
    client_frame(sender: &mut SendHalf<Keys>, start: FrameStart) -> Result<EncodedHeader, SendError> {
        sender.begin_frame(start)
    }
    client_mask(sender: &mut SendHalf<Keys>, payload: &mut [u8]) -> Result<(), Misuse> { sender.mask(payload) }
    client_mask_into(sender: &mut SendHalf<Keys>, payload: &[u8], out: &mut [u8]) -> usize {
        sender.mask_into(payload, out)
    }
    client_abandon(sender: &mut SendHalf<Keys>) -> () { sender.abandon_frame() }
    client_close(sender: &mut SendHalf<Keys>, close: CloseFrame) -> () { sender.close(close) }
    client_ping(sender: &mut SendHalf<Keys>, payload: ControlPayload) -> () { sender.ping(payload) }
    client_pong(sender: &mut SendHalf<Keys>, payload: ControlPayload) -> () { sender.pong(payload) }
    client_signal(sender: &mut SendHalf<Keys>, signal: Signal) -> () { sender.signal(signal) }
    client_transmit(sender: &mut SendHalf<Keys>, out: &mut [u8]) -> Result<usize, SendError> {
        sender.poll_transmit(out)
    }
    client_failed(sender: &mut SendHalf<Keys>) -> () { sender.transport_failed() }
    client_transport(sender: &SendHalf<Keys>) -> Transport { sender.transport() }
    client_closure(sender: &SendHalf<Keys>) -> Option<Closure> { sender.closure() }

    connection_event<'b>(connection: &mut Connection<Keys>, input: &mut Input<'b>)
        -> Option<Event<Fragment<'b>>> { connection.next_event(input) }
    connection_transmit(connection: &mut Connection<Keys>, out: &mut [u8])
        -> Result<usize, SendError> {
        connection.poll_transmit(out)
    }

    slice_push(
        slice: &mut MessageSlice<&'static mut [u8]>,
        fragment: Fragment<'_>,
        connection: &mut Connection<Unmasked>
    ) -> Result<Assembly, Fault> { slice.push(fragment, connection) }
    slice_message<'a>(slice: &'a MessageSlice<&'static mut [u8]>) -> Option<Payload<'a>> { slice.message() }

    keepalive_poll(keepalive: &mut Keepalive, now: core::time::Duration) -> Option<Due> { keepalive.poll(now) }
    keepalive_received(keepalive: &mut Keepalive, now: core::time::Duration) -> () { keepalive.received(now) }
    keepalive_ping_sent(keepalive: &mut Keepalive, now: core::time::Duration) -> () { keepalive.ping_sent(now) }
    keepalive_blocked(keepalive: &mut Keepalive, now: core::time::Duration) -> () { keepalive.write_blocked(now) }
    keepalive_progress(keepalive: &mut Keepalive, now: core::time::Duration) -> () { keepalive.write_progress(now) }
    keepalive_deadline(keepalive: &Keepalive) -> Option<core::time::Duration> { keepalive.next_deadline() }

    uri_parse(text: &str) -> Result<Uri<'_>, UriError> { Uri::parse(text) }
    authority_parse(text: &str) -> Result<Authority<'_>, UriError> { Authority::parse(text) }
    extensions(line: &[u8]) -> Result<usize, ExtensionError> { check_extensions([line].iter()) }
}

// Can panic, to see that it is found.
probes! {
    panicking(bytes: &[u8], at: usize) -> u8 { bytes[at] }
}
