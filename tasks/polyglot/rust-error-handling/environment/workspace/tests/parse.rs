use greymap::error::Malformed;
use greymap::parse::parse;

#[test]
fn an_image_is_read() {
    let image = parse("P2 # a cross\n3 2 9\n0 9 0\n9 9 9\n").unwrap();
    assert_eq!((image.width, image.height, image.max), (3, 2, 9));
    assert_eq!(image.pixels, [0, 9, 0, 9, 9, 9]);
}

#[test]
fn what_is_no_image_is_an_error() {
    assert_eq!(parse("P5 1 1 9 0"), Err(Malformed::NotP2));
    assert_eq!(parse("P2 1 1"), Err(Malformed::EndsEarly));
    assert_eq!(parse("P2 1 one 9 0"), Err(Malformed::NotANumber("one".into())));
    assert_eq!(parse("P2 2 2 9 1 2 3"), Err(Malformed::Count { found: 3, wanted: 4 }));
}

#[test]
fn a_pixel_is_not_above_white() {
    assert_eq!(parse("P2 2 1 9 9 10"), Err(Malformed::Above { pixel: 10, max: 9 }));
}
