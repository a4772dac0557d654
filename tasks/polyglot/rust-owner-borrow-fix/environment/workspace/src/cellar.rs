//! All tanks, and the entries that change them.

use std::collections::BTreeMap;

use crate::entry::Entry;
use crate::refusal::Refusal;
use crate::tank::{listed, Layer, Tank};

#[derive(Debug, Default)]
pub struct Cellar {
    tanks: Vec<Tank>,
    /// Litres that left the cellar, by lot.
    drawn: BTreeMap<String, u64>,
}

impl Cellar {
    /// Carries out an entry. Returns what it prints; one that is refused has changed nothing.
    pub fn apply(&mut self, entry: &Entry) -> Result<Option<String>, Refusal> {
        match entry {
            Entry::Tank { name, capacity } => self.build(name, *capacity)?,
            Entry::Fill { name, litres, lot } => self.fill(name, *litres, lot)?,
            Entry::Move { from, to, litres } => self.transfer(from, to, *litres)?,
            Entry::Rack { from, to } => self.rack(from, to)?,
            Entry::Draw { name, litres } => {
                let drawn = self.draw(name, *litres)?;
                return Ok(Some(format!("drawn from {name}: {}", listed(&drawn))));
            }
            Entry::Show { name } => return Ok(Some(self.tank(name)?.to_string())),
        }
        Ok(None)
    }

    /// The lines of the report.
    pub fn report(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let (mut level, mut capacity) = (0, 0);
        for tank in self.tanks {
            level += u64::from(tank.level());
            capacity += u64::from(tank.capacity);
            lines.push(tank.to_string());
        }
        lines.extend(self.drawn.iter().map(|(lot, litres)| format!("drawn: {lot} {litres} l")));
        let count = self.tanks.len();
        let plural = if count == 1 { "" } else { "s" };
        lines.push(format!("total: {count} tank{plural}, {level} of {capacity} l"));
        lines
    }

    fn tank(&self, name: &str) -> Result<&Tank, Refusal> {
        self.tanks.iter().find(|tank| tank.name == name).ok_or_else(|| Refusal::Unknown(name.to_string()))
    }

    fn tank_mut(&mut self, name: &str) -> Result<&mut Tank, Refusal> {
        self.tanks.iter_mut().find(|tank| tank.name == name).ok_or_else(|| Refusal::Unknown(name.to_string()))
    }

    fn build(&mut self, name: &str, capacity: u32) -> Result<(), Refusal> {
        if self.tank(name).is_ok() {
            return Err(Refusal::Known(name.to_string()));
        }
        self.tanks.push(Tank::new(name, capacity));
        Ok(())
    }

    fn fill(&mut self, name: &str, litres: u32, lot: &str) -> Result<(), Refusal> {
        let tank = self.tank_mut(name)?;
        tank.must_have_room(litres)?;
        tank.put(Layer { lot: lot.to_string(), litres });
        Ok(())
    }

    fn transfer(&mut self, from: &str, to: &str, litres: u32) -> Result<(), Refusal> {
        let source = self.tank_mut(from)?;
        let target = self.tank_mut(to)?;
        if source.name == target.name {
            return Err(Refusal::Itself(from.to_string()));
        }
        source.must_hold(litres)?;
        target.must_have_room(litres)?;
        for layer in source.take(litres) {
            target.put(layer);
        }
        Ok(())
    }

    fn rack(&mut self, from: &str, to: &str) -> Result<(), Refusal> {
        let mut source = self.tank(from)?.clone();
        let target = self.tank_mut(to)?;
        if source.name == target.name {
            return Err(Refusal::Itself(from.to_string()));
        }
        let litres = source.level();
        source.must_hold(litres)?;
        target.must_have_room(litres)?;
        for layer in source.take(litres) {
            target.put(layer);
        }
        Ok(())
    }

    fn draw(&mut self, name: &str, litres: u32) -> Result<Vec<Layer>, Refusal> {
        let tank = self.tank_mut(name)?;
        tank.must_hold(litres)?;
        let taken = tank.take(litres);
        for layer in taken {
            *self.drawn.entry(layer.lot).or_default() += u64::from(layer.litres);
        }
        Ok(taken)
    }
}
