package deck

import (
	"testing"

	"ferryload/list"
)

func car(plate string, length int) list.Vehicle {
	return list.Vehicle{Plate: plate, Kind: "car", LengthCm: length}
}

func TestALaneMayBeFull(t *testing.T) {
	lane := Lane{LengthCm: 1000, GapCm: 50, Vehicles: []list.Vehicle{car("A", 400)}}
	if !lane.Fits(car("B", 550)) {
		t.Error("550 cm and a gap fit into 600 cm")
	}
	if lane.Fits(car("C", 551)) {
		t.Error("551 cm and a gap do not fit into 600 cm")
	}
}

func TestBookingsComeFirst(t *testing.T) {
	late := car("LATE", 700)
	late.Booked = true
	loaded := Load(Ferry{Lanes: 1, LengthCm: 1000}, []list.Vehicle{car("EARLY", 700), late})
	if !loaded.OnBoard("LATE") || loaded.OnBoard("EARLY") || loaded.BookedAshore() {
		t.Errorf("got %+v", loaded)
	}
}
