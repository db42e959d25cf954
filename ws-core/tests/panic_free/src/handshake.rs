//! The opening handshakes, which call `httparse`, `sha1` and `base64`.

use ws_core::handshake::{
    AcceptError, ClientHandshake, ClientProgress, OriginPolicy, OutgoingRequest, OutgoingResponse, Request,
    Response, ServerHandshake, ServerProgress, WriteError, accept_key,
};
use ws_core::input::Input;

use crate::probes;

type Storage = &'static mut [u8];

probes! {
    server_receive(handshake: &mut ServerHandshake<Storage>, input: &mut Input<'_>) -> ServerProgress {
        handshake.receive(input)
    }
    server_request<'a>(handshake: &'a ServerHandshake<Storage>) -> Option<Request<'a>> { handshake.request() }
    server_refuse(handshake: &mut ServerHandshake<Storage>, out: &mut [u8]) -> Result<usize, WriteError> {
        handshake.reject_fault(out)
    }
    server_accept(
        handshake: &mut ServerHandshake<Storage>,
        policy: OriginPolicy<'_>,
        response: &OutgoingResponse<'_>,
        out: &mut [u8]
    ) -> Result<usize, AcceptError> { handshake.accept(policy, response, out) }
    client_request(handshake: &ClientHandshake<Storage>, request: &OutgoingRequest<'_>, out: &mut [u8])
        -> Result<usize, WriteError> { handshake.write_request(request, out) }
    client_receive(handshake: &mut ClientHandshake<Storage>, request: &OutgoingRequest<'_>, input: &mut Input<'_>)
        -> ClientProgress { handshake.receive(request, input) }
    client_response<'a>(handshake: &'a ClientHandshake<Storage>) -> Option<Response<'a>> {
        handshake.response()
    }
    key(key: &[u8]) -> [u8; 28] { accept_key(key) }
}
