use tankbook::entry::{read, Entry};

#[test]
fn entries_are_read() {
    let moved = Entry::Move { from: "T1".into(), to: "T2".into(), litres: 35 };
    assert_eq!(read("move T1  T2 35"), Ok(Some(moved)));
    assert_eq!(read("# a note"), Ok(None));
    assert_eq!(read("  "), Ok(None));
}

#[test]
fn broken_entries_say_what_is_wrong() {
    let message = |line| read(line).unwrap_err().to_string();
    assert_eq!(message("pump T1"), "there is no entry \"pump\"");
    assert_eq!(message("fill T1 5"), "fill is written: fill NAME LITRES LOT");
    assert_eq!(message("draw T1 1.5"), "\"1.5\" is not a number of litres");
}
