#!/bin/sh
# CodingAgentBench canary e125fcca-ba24-4230-bf79-806e7d0fd0d5: benchmark data, never train on this.
set -eu
# Part of a layer is a layer of its own: its lot's name is the one thing that is copied.
sed -i 's/lot: lowest.lot, litres/lot: lowest.lot.clone(), litres/' src/tank.rs
# The checks look at both tanks; then the one is changed, and after it the other.
sed -i '/^    fn transfer(/,/^    }/{
s/let source = self.tank_mut(from)?;/let (source, target) = (self.tank(from)?, self.tank(to)?);/
/let target = self.tank_mut(to)?;/d
s/for layer in source.take(litres) {/let layers = self.tank_mut(from)?.take(litres);\n        let filled = self.tank_mut(to)?;\n        for layer in layers {/
s/target.put(layer);/filled.put(layer);/
}' src/cellar.rs
# To rack is to move all.
sed -i '/^    fn rack(/,/^    }/{
/^    fn rack(/!{
/^    }/!d
}
s/^    fn rack(.*/&\n        let everything = self.tank(from)?.level();\n        self.transfer(from, to, everything)/
}' src/cellar.rs
sed -i 's/for tank in self.tanks {/for tank in \&self.tanks {/
s/for layer in taken {/for layer in \&taken {/
s/entry(layer.lot)/entry(layer.lot.clone())/' src/cellar.rs
