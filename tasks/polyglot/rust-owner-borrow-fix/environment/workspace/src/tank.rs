//! One tank, and the layers of wine in it.

use std::collections::VecDeque;
use std::fmt;

use crate::refusal::Refusal;

/// So much wine of one lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    pub lot: String,
    pub litres: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tank {
    pub name: String,
    pub capacity: u32,
    /// From below; no two neighbours are of one lot.
    layers: VecDeque<Layer>,
}

impl Tank {
    pub fn new(name: &str, capacity: u32) -> Self {
        Tank { name: name.to_string(), capacity, layers: VecDeque::new() }
    }

    pub fn level(&self) -> u32 {
        self.layers.iter().map(|layer| layer.litres).sum()
    }

    pub fn room(&self) -> u32 {
        self.capacity - self.level()
    }

    /// Refuses what can't be taken.
    pub fn must_hold(&self, wanted: u32) -> Result<(), Refusal> {
        match self.level() {
            0 => Err(Refusal::Empty(self.name.clone())),
            level if level < wanted => Err(Refusal::Holds { tank: self.name.clone(), level, wanted }),
            _ => Ok(()),
        }
    }

    /// Refuses what does not fit.
    pub fn must_have_room(&self, wanted: u32) -> Result<(), Refusal> {
        match self.room() {
            room if room < wanted => Err(Refusal::Room { tank: self.name.clone(), room, wanted }),
            _ => Ok(()),
        }
    }

    /// Puts wine, for which there is room, on top.
    pub fn put(&mut self, layer: Layer) {
        match self.layers.back_mut() {
            Some(top) if top.lot == layer.lot => top.litres += layer.litres,
            _ => self.layers.push_back(layer),
        }
    }

    /// Takes wine, of which there is enough, from below.
    pub fn take(&mut self, litres: u32) -> Vec<Layer> {
        let mut taken = Vec::new();
        let mut missing = litres;
        while missing > 0 {
            let Some(lowest) = self.layers.front_mut() else { break };
            if lowest.litres > missing {
                lowest.litres -= missing;
                taken.push(Layer { lot: lowest.lot, litres: missing });
                missing = 0;
            } else {
                missing -= lowest.litres;
                taken.extend(self.layers.pop_front());
            }
        }
        taken
    }
}

impl fmt::Display for Tank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} of {} l", self.name, self.level(), self.capacity)?;
        if !self.layers.is_empty() {
            let lots = self.layers.iter().cloned().collect::<Vec<_>>();
            write!(f, ": {}", listed(&lots))?;
        }
        Ok(())
    }
}

/// Layers in a row, as they are printed.
pub fn listed(layers: &[Layer]) -> String {
    let words: Vec<String> = layers.iter().map(|layer| format!("{} {}", layer.lot, layer.litres)).collect();
    words.join(", ")
}
