//! What an image is made of: where its instructions come from, and whether there is one that must not be.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::process::{Result, output};

/// An instruction.
#[derive(Debug, PartialEq, Eq)]
struct Instruction {
    address: u64,
    /// The function that it lies in.
    function: String,
    /// The function that it calls or jumps to, where that has a name.
    target: Option<String>,
}

/// Calls of ours that may panic, and functions that this processor should not need.
pub(super) fn find(image: &Path) -> Result<Vec<String>> {
    let instructions = disassemble(image)?;
    let mut faults: Vec<String> = instructions
        .iter()
        .map(|instruction| instruction.function.as_str())
        .filter(|function| is_helper(function))
        .map(|function| format!("{function} is in it"))
        .collect();
    faults.dedup();
    let panics: Vec<&Instruction> = instructions
        .iter()
        .filter(|instruction| !is_panic(&instruction.function))
        .filter(|instruction| instruction.target.as_deref().is_some_and(is_panic))
        .collect();
    let addresses: Vec<u64> = panics.iter().map(|instruction| instruction.address).collect();
    for (instruction, places) in panics.iter().zip(places(image, &addresses)?) {
        let is_excused = places.iter().any(|place| EXCUSED.iter().any(|excused| place.contains(excused)));
        if !is_excused && !is_dependency(&origin(&places)) {
            faults.push(format!("a panic in {} ({})", instruction.function, places.join(" in ")));
        }
    }
    Ok(faults)
}

/// How many bytes of instructions come from where: a module of ws-core, a dependency, the program.
///
/// What was inlined from core counts for who has inlined it.
pub(super) fn origins(image: &Path) -> Result<BTreeMap<String, u64>> {
    let instructions = disassemble(image)?;
    let addresses: Vec<u64> = instructions.iter().map(|instruction| instruction.address).collect();
    let ends = addresses.iter().skip(1).copied().chain([u64::MAX]);
    let lens: Vec<u64> = addresses.iter().zip(ends).map(|(start, end)| end.saturating_sub(*start)).collect();
    let mut origins = BTreeMap::new();
    for (places, len) in places(image, &addresses)?.iter().zip(lens) {
        let sum: &mut u64 = origins.entry(origin(places)).or_default();
        // A longer way to the next instruction is data, or the end.
        *sum = sum.saturating_add(if len > 64 { 4 } else { len });
    }
    Ok(origins)
}

fn disassemble(image: &Path) -> Result<Vec<Instruction>> {
    let mut command = Command::new("arm-none-eabi-objdump");
    command.args(["--disassemble", "--demangle", "--no-show-raw-insn", "--section=.text"]).arg(image);
    let instructions = parse_disassembly(&output("arm-none-eabi-objdump", &mut command, LIMIT)?);
    if instructions.is_empty() {
        Err(format!("no instructions in {}", image.display()))
    } else {
        Ok(instructions)
    }
}

fn parse_disassembly(printed: &str) -> Vec<Instruction> {
    let mut function = String::new();
    let mut instructions = Vec::new();
    for line in printed.lines() {
        if let Some((_, name)) = line.strip_suffix(">:").and_then(|line| line.split_once(" <")) {
            name.clone_into(&mut function);
            continue;
        }
        let Some((address, words)) = line.split_once(":\t") else { continue };
        let Ok(address) = u64::from_str_radix(address.trim(), 16) else { continue };
        let target = words
            .split_once('<')
            .filter(|_| words.starts_with('b') || words.starts_with("cb"))
            .and_then(|(_, target)| target.strip_suffix('>'))
            .map(|target| target.rsplit_once("+0x").map_or(target, |(name, _)| name).to_owned());
        instructions.push(Instruction { address, function: function.clone(), target });
    }
    instructions
}

/// The places in the source that each address comes from, the innermost first.
fn places(image: &Path, addresses: &[u64]) -> Result<Vec<Vec<String>>> {
    let failed = |error: std::io::Error| format!("arm-none-eabi-addr2line: {error}");
    let mut command = Command::new("arm-none-eabi-addr2line");
    command.args(["--addresses", "--inlines", "--exe"]).arg(image);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(failed)?;
    let asked: String =
        addresses.iter().flat_map(|address| [format!("{address:#x}"), "\n".to_owned()]).collect();
    // Both pipes are full long before the end.
    let asking = child.stdin.take().map(|mut stdin| thread::spawn(move || stdin.write_all(asked.as_bytes())));
    let answered = child.wait_with_output().map_err(failed)?;
    if !matches!(asking.map(thread::JoinHandle::join), Some(Ok(Ok(())))) || !answered.status.success() {
        return Err("arm-none-eabi-addr2line does not take the addresses".to_owned());
    }
    let mut places: Vec<Vec<String>> = Vec::new();
    for line in String::from_utf8_lossy(&answered.stdout).lines() {
        match places.last_mut() {
            Some(last) if !line.starts_with("0x") => last.push(line.to_owned()),
            _ => places.push(Vec::new()),
        }
    }
    if places.len() == addresses.len() {
        Ok(places)
    } else {
        Err("addr2line leaves addresses out".to_owned())
    }
}

/// Whose the innermost place is that is not core's.
fn origin(places: &[String]) -> String {
    let named = places.iter().filter_map(|place| {
        if let Some((_, module)) = place.split_once("/ws-core/src/") {
            let module = module.split(['/', ':']).next().unwrap_or_default();
            return Some(format!("ws-core {}", module.strip_suffix(".rs").unwrap_or(module)));
        }
        if let Some((_, package)) = place.split_once("/registry/src/") {
            let name = package.split('/').nth(1)?;
            return Some(name.rsplit_once('-').map_or(name, |(name, _version)| name).to_owned());
        }
        if place.contains("compiler-builtins/") {
            return Some("compiler-builtins (memcpy and the like)".to_owned());
        }
        (!place.contains("/library/") && !place.starts_with("??")).then(|| PROGRAM.to_owned())
    });
    named.into_iter().next().unwrap_or_else(|| CORE.to_owned())
}

/// Whether it is neither ws-core nor the program nor, by what they have called, core.
fn is_dependency(origin: &str) -> bool {
    origin != PROGRAM && origin != CORE && !origin.starts_with("ws-core ")
}

/// Whether calling this is panicking.
fn is_panic(function: &str) -> bool {
    let words = ["core::panicking::", "_fail", "unwrap_failed", "expect_failed", "rust_begin_unwind"];
    words.iter().any(|word| function.contains(word)) && !function.contains("ws_core")
}

/// Whether it computes what the processor has no instruction for: floats, and the division of 64 bits.
fn is_helper(function: &str) -> bool {
    let name = function.strip_prefix("__aeabi_").unwrap_or_default();
    let is_float = ["f", "d"].iter().any(|kind| name.starts_with(kind))
        || ["2f", "2d"].iter().any(|kind| name.ends_with(kind));
    is_float
        || matches!(name, "ldivmod" | "uldivmod")
        || function.ends_with("divdi3")
        || function.ends_with("moddi3")
}

const PROGRAM: &str = "the program itself";
const CORE: &str = "core";
/// Where core panics for reasons of its own: its reader of IPv6 addresses takes slices of an array.
const EXCUSED: [&str; 1] = ["/core/src/net/parser.rs"];
const LIMIT: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_and_jumps_are_found_in_a_disassembly() {
        let printed = "\n00000454 <ws_core::utf8::State::after>:\n     454:\tpush\t{r4, lr}\n\
                       \x20    456:\tbl\t1b3e <core::panicking::panic>\n     45a:\tb.n\t454 <ws_core::utf8::State::after+0x2>\n";
        let instructions = parse_disassembly(printed);
        let targets: Vec<_> = instructions.iter().map(|instruction| instruction.target.as_deref()).collect();
        assert_eq!(targets, [None, Some("core::panicking::panic"), Some("ws_core::utf8::State::after")]);
        assert_eq!(instructions[1].address, 0x456);
    }

    #[test]
    fn what_was_inlined_from_core_is_of_who_called_it() {
        let places = |places: &[&str]| places.iter().map(|place| (*place).to_owned()).collect::<Vec<_>>();
        let core = "/usr/lib/rustlib/src/rust/library/core/src/slice/index.rs:443";
        let ours = "/somewhere/ws-core/src/handshake/server.rs:1";
        let theirs = "/home/registry/src/index.crates.io-1/httparse-1.10.1/src/lib.rs:3";
        assert_eq!(origin(&places(&[core, ours])), "ws-core handshake");
        assert_eq!(origin(&places(&[core, theirs, ours])), "httparse");
        assert_eq!(origin(&places(&[core])), CORE);
        assert!(!is_dependency(CORE) && !is_dependency("ws-core uri") && is_dependency("httparse"));
    }

    #[test]
    fn floats_and_long_divisions_are_helpers_and_moving_memory_is_not() {
        for name in ["__aeabi_dadd", "__aeabi_fmul", "__aeabi_ui2f", "__aeabi_uldivmod", "__udivdi3"] {
            assert!(is_helper(name), "{name}");
        }
        for name in ["__aeabi_memcpy", "__aeabi_llsl", "memcmp", "ws_core::frame::decode"] {
            assert!(!is_helper(name), "{name}");
        }
    }
}
