//! TCP/IP for the board, by smoltcp: one interface with the address that QEMU's network gives to its guest.

use smoltcp::iface::{Config, Interface, SocketSet};
use smoltcp::socket::tcp;
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, IpCidr, Ipv4Address};

use crate::board::clock::Clock;
use crate::board::ethernet::Ethernet;

/// The controller and the interface above it.
pub struct Network {
    ethernet: Ethernet,
    interface: Interface,
    clock: Clock,
}

impl Network {
    /// Starts the controller and the interface. `seed` is what ports and sequence numbers are made from.
    #[must_use]
    pub fn start(clock: Clock, seed: u64) -> Self {
        let mut ethernet = Ethernet::start(ADDRESS.0);
        let mut config = Config::new(ADDRESS.into());
        config.random_seed = seed;
        let mut interface = Interface::new(config, &mut ethernet, instant(&clock));
        interface.update_ip_addrs(|addresses| {
            // It is the first one, for which there is room.
            let _full = addresses.push(IpCidr::new(OWN_ADDRESS.into(), 24));
        });
        let _full = interface.routes_mut().add_default_ipv4_route(GATEWAY);
        Self { ethernet, interface, clock }
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The interface, to connect by.
    pub fn interface(&mut self) -> &mut Interface {
        &mut self.interface
    }

    /// Receives and sends what there is.
    pub fn poll(&mut self, sockets: &mut SocketSet<'_>) {
        let now = instant(&self.clock);
        let _changed = self.interface.poll(now, &mut self.ethernet, sockets);
    }

    /// Sleeps until a frame comes, or for a millisecond.
    pub fn wait(&self) {
        self.clock.sleep_if(|| !self.ethernet.has_frame());
    }
}

fn instant(clock: &Clock) -> Instant {
    Instant::from_millis(clock.milliseconds())
}

/// A socket over these buffers, that sends at once what it is given.
#[must_use]
pub fn socket<'a>(received: &'a mut [u8], sent: &'a mut [u8]) -> tcp::Socket<'a> {
    let mut socket = tcp::Socket::new(tcp::SocketBuffer::new(received), tcp::SocketBuffer::new(sent));
    socket.set_nagle_enabled(false);
    socket.set_ack_delay(None);
    socket
}

/// Puts bytes behind those that wait to be sent. There has to be room.
pub fn send(socket: &mut tcp::Socket<'_>, bytes: &[u8]) {
    let sent = socket.send_slice(bytes);
    debug_assert_eq!(sent, Ok(bytes.len()), "room was asked for beforehand");
}

/// How many bytes may be put behind those that wait.
#[must_use]
pub fn room(socket: &tcp::Socket<'_>) -> usize {
    socket.send_capacity().saturating_sub(socket.send_queue())
}

/// The host, as QEMU's network shows it to its guest.
pub const GATEWAY: Ipv4Address = Ipv4Address::new(10, 0, 2, 2);
const OWN_ADDRESS: Ipv4Address = Ipv4Address::new(10, 0, 2, 15);
/// Locally administered. A real board has one of its own in its flash registers USER0 and USER1.
const ADDRESS: EthernetAddress = EthernetAddress([0x02, 0, 0, 0x69, 0x65, 0x01]);
