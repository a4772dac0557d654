use greymap::error::Missing;
use greymap::image::{Area, Image};
use greymap::ops::{crop, level, turn};

fn image() -> Image {
    Image { width: 3, height: 2, max: 9, pixels: vec![1, 2, 3, 4, 5, 6] }
}

#[test]
fn an_area_is_cut_out() {
    let part = crop(&image(), Area { x: 1, y: 0, width: 2, height: 2 }).unwrap();
    assert_eq!((part.width, part.height, part.pixels), (2, 2, vec![2, 3, 5, 6]));
}

#[test]
fn an_area_lies_within_the_image() {
    let area = Area { x: 0, y: 1, width: 3, height: 2 };
    assert_eq!(crop(&image(), area), Err(Missing::Area { area, width: 3, height: 2 }));
}

#[test]
fn a_quarter_is_clockwise() {
    let turned = turn(&image(), 1);
    assert_eq!((turned.width, turned.height, turned.pixels), (2, 3, vec![4, 1, 5, 2, 6, 3]));
}

#[test]
fn greys_are_stretched() {
    assert_eq!(level(&image(), 2, 6).unwrap().pixels, [0, 0, 2, 5, 7, 9]);
}
