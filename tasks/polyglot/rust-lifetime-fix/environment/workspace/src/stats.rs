//! Sums over games: by player, and by opening. Points are counted in halves.

use std::collections::BTreeMap;

use crate::game::{Game, Outcome};

/// What a player has reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing<'t> {
    pub name: &'t str,
    pub won: usize,
    pub drawn: usize,
    pub lost: usize,
}

impl Standing<'_> {
    pub fn games(&self) -> usize {
        self.won + self.drawn + self.lost
    }

    pub fn halves(&self) -> usize {
        2 * self.won + self.drawn
    }
}

/// What White has reached with an opening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening<'t> {
    pub eco: &'t str,
    pub games: usize,
    pub halves: usize,
}

impl Opening<'_> {
    /// White's share of the points in tenths of a per cent.
    pub fn per_mille(&self) -> usize {
        let all = 2 * self.games;
        (1000 * self.halves + all / 2) / all
    }
}

/// A standing for everybody in these games, in the order of the names. Unfinished games count for nothing.
pub fn standings<'g>(games: &'g [Game]) -> Vec<Standing<'g>> {
    let mut players = BTreeMap::new();
    for game in games {
        for (name, win) in [(game.white, Outcome::WhiteWon), (game.black, Outcome::BlackWon)] {
            let standing = players.entry(name).or_insert(Standing { name, won: 0, drawn: 0, lost: 0 });
            match game.outcome {
                Outcome::Unfinished => {}
                Outcome::Drawn => standing.drawn += 1,
                outcome if outcome == win => standing.won += 1,
                _ => standing.lost += 1,
            }
        }
    }
    players.into_values().collect()
}

/// The openings of these games, which are finished, in the order of their codes.
pub fn openings<'t>(games: &[Game<'t>]) -> Vec<Opening<'t>> {
    let mut openings = BTreeMap::new();
    for game in games {
        let Some(eco) = game.eco else { continue };
        let opening = openings.entry(eco).or_insert(Opening { eco, games: 0, halves: 0 });
        opening.games += 1;
        opening.halves += match game.outcome {
            Outcome::WhiteWon => 2,
            Outcome::Drawn => 1,
            Outcome::BlackWon | Outcome::Unfinished => 0,
        };
    }
    openings.into_values().collect()
}
