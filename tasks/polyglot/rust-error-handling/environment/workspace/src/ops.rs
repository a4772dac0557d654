//! What can be done to an image.

use crate::error::Missing;
use crate::image::{rounded, Area, Image};

/// The part of an image.
pub fn crop(image: &Image, area: Area) -> Result<Image, Missing> {
    let Area { x, y, width, height } = area;
    let mut pixels = Vec::new();
    for row in y..y + height {
        let begin = (row * image.width + x) as usize;
        pixels.extend_from_slice(&image.pixels[begin..begin + width as usize]);
    }
    Ok(Image { width, height, max: image.max, pixels })
}

/// The image, turned clockwise by so many quarters.
pub fn turn(image: &Image, quarters: u32) -> Image {
    (0..quarters).fold(image.clone(), |turned, _| quarter(&turned))
}

fn quarter(image: &Image) -> Image {
    let (width, height) = (image.height, image.width);
    let mut pixels = Vec::with_capacity(image.pixels.len());
    for column in 0..image.width as usize {
        let upwards = image.pixels.iter().skip(column).step_by(image.width as usize).rev();
        pixels.extend(upwards);
    }
    Image { width, height, max: image.max, pixels }
}

/// The image with its greys from `low` to `high`, which is more, stretched from black to white.
pub fn level(image: &Image, low: u32, high: u32) -> Result<Image, Missing> {
    let max = image.max;
    let stretched = |grey: &u32| {
        let above = u64::from(grey.clamp(&low, &high) - low);
        rounded(above * u64::from(max), u64::from(high - low)) as u32
    };
    Ok(Image { pixels: image.pixels.iter().map(stretched).collect(), ..image.clone() })
}
