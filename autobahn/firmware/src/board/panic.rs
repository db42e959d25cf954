//! What happens when a dependency panics, since we do not: the programs say where, the measured images just stop.

use core::panic::PanicInfo;

#[cfg(feature = "network")]
#[panic_handler]
fn say_where_and_stop(info: &PanicInfo<'_>) -> ! {
    super::uart::write(b"\npanicked");
    if let Some(location) = info.location() {
        super::uart::write(b" at ");
        super::uart::write(location.file().as_bytes());
        super::uart::write(b":");
        super::uart::write_number(location.line());
    }
    super::uart::write(b"\n");
    stop()
}

#[cfg(not(feature = "network"))]
#[panic_handler]
fn stop_at_once(_: &PanicInfo<'_>) -> ! {
    stop()
}

fn stop() -> ! {
    loop {
        cortex_m::asm::wfi();
    }
}
