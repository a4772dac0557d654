use tankbook::cellar::Cellar;
use tankbook::entry;
use tankbook::refusal::Refusal;

fn kept(book: &str) -> (Cellar, Vec<Refusal>) {
    let (mut cellar, mut refusals) = (Cellar::default(), Vec::new());
    for line in book.lines() {
        if let Some(entry) = entry::read(line).unwrap() {
            refusals.extend(cellar.apply(&entry).err());
        }
    }
    (cellar, refusals)
}

#[test]
fn moved_wine_is_in_the_other_tank() {
    let (cellar, refusals) = kept("tank A 100\ntank B 50\nfill A 60 old\nfill A 20 new\nmove A B 40\n");
    assert_eq!(refusals, []);
    assert_eq!(
        cellar.report(),
        ["A: 40 of 100 l: old 20, new 20", "B: 40 of 50 l: old 40", "total: 2 tanks, 80 of 150 l"]
    );
}

#[test]
fn a_racked_tank_is_empty() {
    let (cellar, refusals) = kept("tank A 100\ntank B 50\nfill A 20 old\nfill B 5 new\nrack A B\n");
    assert_eq!(refusals, []);
    assert_eq!(
        cellar.report(),
        ["A: 0 of 100 l", "B: 25 of 50 l: new 5, old 20", "total: 2 tanks, 25 of 150 l"]
    );
}

#[test]
fn a_refused_move_changes_nothing() {
    let (cellar, refusals) = kept("tank A 100\ntank B 10\nfill A 60 old\nmove A B 11\n");
    assert_eq!(refusals, [Refusal::Room { tank: "B".into(), room: 10, wanted: 11 }]);
    assert_eq!(cellar.report(), ["A: 60 of 100 l: old 60", "B: 0 of 10 l", "total: 2 tanks, 60 of 110 l"]);
}

#[test]
fn drawn_wine_is_reported() {
    let (cellar, _) = kept("tank A 100\nfill A 3 x\nfill A 4 y\nfill A 5 x\ndraw A 4\ndraw A 6\n");
    assert_eq!(
        cellar.report(),
        ["A: 2 of 100 l: x 2", "drawn: x 6 l", "drawn: y 4 l", "total: 1 tank, 2 of 100 l"]
    );
}
