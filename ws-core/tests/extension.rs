//! RFC 6455 §9.1: the grammar of `Sec-WebSocket-Extensions`, followed and not.

use std::hash::{BuildHasher as _, RandomState};

use ws_core::extension::{ExtensionError, ExtensionList, check_extensions};

/// Writes a list in one form: `name;param=value,name`.
fn shown(value: &str) -> Result<String, ExtensionError> {
    let mut shown = Vec::new();
    for extension in ExtensionList::new(value.as_bytes()) {
        let extension = extension?;
        let params = extension.params().map(|param| match param.value() {
            Some(value) => format!(";{}={value}", param.name()),
            None => format!(";{}", param.name()),
        });
        shown.push(extension.name().to_owned() + &params.collect::<String>());
    }
    Ok(shown.join(","))
}

#[test]
fn s9_1_lists_are_read_in_order() {
    for (value, expected) in [
        ("deflate-stream", "deflate-stream"),
        (
            "mux; max-channels=4; flow-control, deflate-stream",
            "mux;max-channels=4;flow-control,deflate-stream",
        ),
        ("private-extension", "private-extension"),
        ("foo, bar; baz=2", "foo,bar;baz=2"),
        (" \t foo\t;\tx\t=\t1 ,\t,,bar ,", "foo;x=1,bar"),
        (",foo", "foo"),
        ("foo;x=\"10\"", "foo;x=10"),
        ("foo;x=\"1\\0\\a\"", "foo;x=10a"),
        ("foo;x;x;x=1", "foo;x;x;x=1"),
        ("", ""),
        (" ,, ", ""),
    ] {
        assert_eq!(shown(value).as_deref(), Ok(expected), "{value:?}");
    }
}

#[test]
fn s9_1_malformed_lists_are_refused() {
    use ExtensionError::{Name, ParamName, ParamValue, QuoteOpen, QuotedValue, Separator};
    for (value, error) in [
        (";", Name),
        ("=x", Name),
        ("\"foo\"", Name),
        ("foo, ;bar", Name),
        ("f\u{e9}", Separator),
        ("foo bar", Separator),
        ("foo=1", Separator),
        ("foo; x=1 y", Separator),
        ("foo; x=1=2", Separator),
        ("foo; x=\"1\"2", Separator),
        ("foo;", ParamName),
        ("foo;;x", ParamName),
        ("foo; =1", ParamName),
        ("foo; \"x\"=1", ParamName),
        ("foo;,bar", ParamName),
        ("foo; x=", ParamValue),
        ("foo; x=,bar", ParamValue),
        ("foo; x=;y", ParamValue),
        ("foo; x=\"\"", QuotedValue),
        ("foo; x=\"a b\"", QuotedValue),
        ("foo; x=\"a,b\"", QuotedValue),
        ("foo; x=\"\\\"\"", QuotedValue),
        ("foo; x=\"\\\\\"", QuotedValue),
        ("foo; x=\"1", QuoteOpen),
        ("foo; x=\"1\\", QuoteOpen),
        ("foo; x=\"", QuoteOpen),
    ] {
        assert_eq!(shown(value), Err(error), "{value:?}");
        assert_eq!(check_extensions([value]), Err(error), "{value:?}");
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn s9_1_several_lines_are_one_list_of_at_least_one() {
    assert_eq!(check_extensions(["foo", "", "bar; baz=2"]), Ok(2));
    assert_eq!(check_extensions([" ", ","]), Err(ExtensionError::Empty));
    assert_eq!(check_extensions::<str>([]), Err(ExtensionError::Empty));
}

#[test]
fn after_an_error_a_list_ends() {
    let mut list = ExtensionList::new(b"foo bar, baz");
    assert!(list.next().is_some_and(|extension| extension.is_err()));
    assert!(list.next().is_none());
    assert!(list.next().is_none());
}

#[test]
fn values_are_equal_however_they_are_written() {
    let values = |text: &'static str| {
        ExtensionList::new(text.as_bytes()).flatten().flat_map(|e| e.params()).filter_map(|p| p.value())
    };
    let ten: Vec<_> = values("a; x=10; x=\"10\"; x=\"\\10\"").collect();
    assert_eq!(ten.len(), 3);
    assert!(ten.iter().all(|value| *value == ten[0] && *value == *"10" && *value != *"100"));
    let hasher = RandomState::new();
    assert!(ten.iter().all(|value| hasher.hash_one(value) == hasher.hash_one(ten[0])));
    assert!(values("a; x=1; x=100; x=\"01\"").all(|other| other != ten[0]));
}
