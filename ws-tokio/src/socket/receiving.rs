//! The receiving side as programs use it, of a whole connection and of a half.

use core::future::poll_fn;
use core::task::{Context, Poll, ready};

use ws_core::event::{Event, Fragment};
use ws_core::frame::CloseFrame;
use ws_core::message::{Message, OwnedMessage};
use ws_core::session::Inbound;

use crate::error::Error;
use crate::session::{Access, Duplex, Find, poll_end, poll_event};

#[derive(Debug)]
pub(super) struct Receiving {
    /// On the heap: the futures that open a connection hold it more than once, and a task stays as large as the largest of its futures.
    pub(super) inbound: Box<Inbound>,
    /// The stream of messages has ended with an error, and gives none again.
    is_over: bool,
}

impl Receiving {
    pub(super) fn new(inbound: Inbound) -> Self {
        Self { inbound: Box::new(inbound), is_over: false }
    }

    /// The next message as a stream gives it: after an error that ended the connection comes `None`.
    pub(super) fn poll_next<A: Access<Stream: Duplex>>(
        &mut self,
        access: &mut A,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<OwnedMessage, Error>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let received = ready!(self.poll_receive(access, cx));
        access.with(|io| io.life.begin_read());
        self.is_over = received.as_ref().is_err_and(|error| !error.is_transient());
        Poll::Ready(received.transpose())
    }

    pub(super) fn poll_receive<A: Access<Stream: Duplex>>(
        &mut self,
        access: &mut A,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<OwnedMessage>, Error>> {
        while ready!(poll_event(&mut self.inbound, access, cx, Find::Message))?.is_some() {
            let taken = self.inbound.next_owned(&mut |note| access.with(|io| io.life.relay(note)));
            if let Some(Event::Data(message)) = taken {
                return Poll::Ready(Ok(Some(message)));
            }
            // A fault, which ends the connection: the next event is its end.
        }
        Poll::Ready(Ok(None))
    }

    /// Waits for the next message, and lends it. Returns with it whether another has come already.
    pub(super) async fn read<A: Access<Stream: Duplex>>(
        &mut self,
        access: &mut A,
    ) -> Result<Option<(Message<'_>, bool)>, Error> {
        access.with(|io| io.life.begin_read());
        let inbound = &mut self.inbound;
        match poll_fn(|cx| poll_event(inbound, access, cx, Find::Message)).await? {
            Some(_) => lend(inbound, access).await,
            None => Ok(None),
        }
    }

    /// Waits for the next message or control frame, and lends it. Returns with it whether another message has come already.
    pub(super) async fn read_event<A: Access<Stream: Duplex>>(
        &mut self,
        access: &mut A,
    ) -> Result<Option<(Event<Message<'_>>, bool)>, Error> {
        access.with(|io| io.life.begin_read());
        let inbound = &mut self.inbound;
        Ok(match poll_fn(|cx| poll_event(inbound, access, cx, Find::Event)).await? {
            Some(Event::Data(())) => {
                lend(inbound, access).await?.map(|(message, has_another)| (Event::Data(message), has_another))
            }
            Some(control) => Some((as_control(control), false)),
            None => None,
        })
    }

    /// Waits for the next part of a message or control frame, and lends it.
    pub(super) async fn read_part<A: Access<Stream: Duplex>>(
        &mut self,
        access: &mut A,
    ) -> Result<Option<Event<Fragment<'_>>>, Error> {
        access.with(|io| io.life.begin_read());
        let inbound = &mut self.inbound;
        match poll_fn(|cx| poll_event(inbound, access, cx, Find::Part)).await? {
            Some(Event::Data(())) => {}
            Some(control) => return Ok(Some(as_control(control))),
            None => return Ok(None),
        }
        match inbound.next_part(&mut |note| access.with(|io| io.life.relay(note))) {
            Some(part @ Event::Data(_)) => Ok(Some(part)),
            // A fault, which ends the connection.
            Some(_) | None => poll_fn(|cx| poll_end(access, cx)).await.map(|()| None),
        }
    }

    /// Sends a Close, and discards what arrives until the end.
    pub(super) async fn close<A: Access<Stream: Duplex>>(
        &mut self,
        access: &mut A,
        frame: CloseFrame,
    ) -> Result<(), Error> {
        access.with(|io| io.life.outbound.close(frame));
        while self.read_part(access).await?.is_some() {}
        Ok(())
    }
}

/// Lends the message that was found.
async fn lend<'i, A: Access<Stream: Duplex>>(
    inbound: &'i mut Inbound,
    access: &mut A,
) -> Result<Option<(Message<'i>, bool)>, Error> {
    let has_another = inbound.has_another();
    match inbound.message(&mut |note| access.with(|io| io.life.relay(note))) {
        Some(Ok(message)) => Ok(Some((message, has_another))),
        // A fault, which ends the connection.
        Some(Err(_)) | None => poll_fn(|cx| poll_end(access, cx)).await.map(|()| None),
    }
}

/// A control frame that was found, for a program that waits for them.
fn as_control<D>(found: Event<()>) -> Event<D> {
    match found {
        Event::Ping => Event::Ping,
        Event::Pong => Event::Pong,
        Event::Close | Event::Data(()) | Event::Failed(_) | _ => Event::Close,
    }
}
