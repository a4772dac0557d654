//! An image in memory, and as text.

use std::fmt;

/// A part of an image: its left upper pixel, and its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

/// An image of at least one pixel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    pub width: u32,
    pub height: u32,
    /// The grey that is white.
    pub max: u32,
    /// Row by row, from the top.
    pub pixels: Vec<u32>,
}

impl Image {
    pub fn rows(&self) -> impl Iterator<Item = &[u32]> {
        self.pixels.chunks(self.width as usize)
    }

    /// One line about the image.
    pub fn summary(&self) -> String {
        let darkest = self.pixels.iter().min().copied().unwrap_or(0);
        let brightest = self.pixels.iter().max().copied().unwrap_or(0);
        let sum: u64 = self.pixels.iter().copied().map(u64::from).sum();
        let tenths = rounded(10 * sum, self.pixels.len() as u64);
        format!(
            "{} x {}, white is {}: darkest {darkest}, brightest {brightest}, mean {}.{}\n",
            self.width,
            self.height,
            self.max,
            tenths / 10,
            tenths % 10
        )
    }
}

/// A quotient, halves rounded upwards. The divisor is not 0.
pub fn rounded(dividend: u64, divisor: u64) -> u64 {
    (2 * dividend + divisor) / (2 * divisor)
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "P2\n{} {}\n{}", self.width, self.height, self.max)?;
        for row in self.rows() {
            let words: Vec<String> = row.iter().map(u32::to_string).collect();
            writeln!(f, "{}", words.join(" "))?;
        }
        Ok(())
    }
}
