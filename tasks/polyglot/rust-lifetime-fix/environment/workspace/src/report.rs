//! The lists, as lines of text.

use std::cmp::Reverse;

use crate::game::Game;
use crate::stats::{self, Opening, Standing};

/// The games that a player (if one is given) played, with a code that begins so (if that is given).
pub fn games(games: &[Game], player: Option<&str>, eco: Option<&str>) -> Vec<String> {
    let mut lines = Vec::new();
    for (index, game) in games.iter().enumerate() {
        let played = player.map_or(true, |name| game.white == name || game.black == name);
        let opened = eco.map_or(true, |prefix| game.eco.is_some_and(|code| code.starts_with(prefix)));
        if played && opened {
            let Game { white, black, outcome, .. } = game;
            let (code, moves) = (game.eco.unwrap_or("-"), counted(game.moves(), "move"));
            lines.push(format!("{}. {white} - {black} {outcome} ({code}, {moves})", index + 1));
        }
    }
    lines
}

/// Players with at least so many games, the best first.
pub fn players(games: &[Game], at_least: usize) -> Vec<String> {
    ranked(games, at_least).iter().map(standing).collect()
}

/// Openings, the most frequent first.
pub fn openings(games: &[Game]) -> Vec<String> {
    let mut openings = stats::openings(&finished(games));
    openings.sort_by_key(|opening| Reverse(opening.games));
    openings.iter().map(opening).collect()
}

fn ranked<'t>(games: &[Game<'t>], at_least: usize) -> Vec<Standing<'t>> {
    let finished = finished(games);
    let mut standings = stats::standings(&finished);
    standings.retain(|standing| standing.games() >= at_least);
    standings.sort_by_key(|standing| (Reverse(standing.halves()), standing.games()));
    standings
}

fn finished<'t>(games: &[Game<'t>]) -> Vec<Game<'t>> {
    games.iter().filter(|game| game.is_finished()).copied().collect()
}

fn standing(standing: &Standing) -> String {
    let Standing { name, won, drawn, lost } = standing;
    let (whole, tenth) = (standing.halves() / 2, standing.halves() % 2 * 5);
    format!("{name}: {whole}.{tenth} of {} (+{won} ={drawn} -{lost})", standing.games())
}

fn opening(opening: &Opening) -> String {
    let share = opening.per_mille();
    format!("{}: {}, White {}.{} %", opening.eco, counted(opening.games, "game"), share / 10, share % 10)
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
