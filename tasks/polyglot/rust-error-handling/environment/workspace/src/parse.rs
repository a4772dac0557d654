//! Images, read from text.

use crate::error::Malformed;
use crate::image::Image;

pub const MOST_PIXELS: usize = 1 << 24;

/// Reads an image.
pub fn parse(text: &str) -> Result<Image, Malformed> {
    let mut words = words(text);
    if words.next() != Some("P2") {
        return Err(Malformed::NotP2);
    }
    let width = number(words.next().unwrap());
    let height = number(words.next().unwrap());
    let max = number(words.next().unwrap());
    let count = (width * height) as usize;
    if count > MOST_PIXELS {
        return Err(Malformed::TooLarge);
    }
    let all: Vec<u32> = words.map(number).collect();
    let pixels = all[..count].to_vec();
    assert!(pixels.iter().all(|pixel| *pixel <= max), "a pixel is too bright");
    Ok(Image { width, height, max, pixels })
}

fn number(word: &str) -> u32 {
    word.parse().expect("a number")
}

/// The words of a text, without its comments.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('#').next().unwrap_or_default().split_whitespace())
}
