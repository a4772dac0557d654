//! Entries of the book, read from its lines.

use crate::refusal::Refusal;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    Tank { name: String, capacity: u32 },
    Fill { name: String, litres: u32, lot: String },
    Move { from: String, to: String, litres: u32 },
    Rack { from: String, to: String },
    Draw { name: String, litres: u32 },
    Show { name: String },
}

/// The entry of a line; `None` for one that is skipped.
pub fn read(line: &str) -> Result<Option<Entry>, Refusal> {
    if line.trim().is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let name = |word: &str| word.to_string();
    let (verb, operands) = (words[0], &words[1..]);
    let form = form_of(verb).ok_or_else(|| Refusal::NoEntry(verb.to_string()))?;
    Ok(Some(match (verb, operands) {
        ("tank", [tank, capacity]) => Entry::Tank { name: name(tank), capacity: litres(capacity)? },
        ("fill", [tank, amount, lot]) => Entry::Fill { name: name(tank), litres: litres(amount)?, lot: name(lot) },
        ("move", [from, to, amount]) => Entry::Move { from: name(from), to: name(to), litres: litres(amount)? },
        ("rack", [from, to]) => Entry::Rack { from: name(from), to: name(to) },
        ("draw", [tank, amount]) => Entry::Draw { name: name(tank), litres: litres(amount)? },
        ("show", [tank]) => Entry::Show { name: name(tank) },
        _ => return Err(Refusal::Form(form)),
    }))
}

fn form_of(verb: &str) -> Option<&'static str> {
    Some(match verb {
        "tank" => "tank NAME CAPACITY",
        "fill" => "fill NAME LITRES LOT",
        "move" => "move FROM TO LITRES",
        "rack" => "rack FROM TO",
        "draw" => "draw NAME LITRES",
        "show" => "show NAME",
        _ => return None,
    })
}

fn litres(word: &str) -> Result<u32, Refusal> {
    match word.parse() {
        Ok(litres) if litres > 0 => Ok(litres),
        _ => Err(Refusal::NotLitres(word.to_string())),
    }
}
