package deck

import "ferryload/list"

// Ferry is what there is to load.
type Ferry struct {
	Lanes      int
	LengthCm   int
	GapCm      int
	TruckLanes int
}

// Loaded is who stands where.
type Loaded struct {
	Lanes  []Lane
	Ashore []list.Vehicle
}

// Load fills a ferry: vehicles with a booking first.
func Load(ferry Ferry, vehicles []list.Vehicle) Loaded {
	loaded := Loaded{Lanes: make([]Lane, ferry.Lanes)}
	for i := range loaded.Lanes {
		loaded.Lanes[i] = Lane{LengthCm: ferry.LengthCm, GapCm: ferry.GapCm}
	}
	for _, booked := range []bool{true, false} {
		for _, vehicle := range vehicles {
			if vehicle.Booked == booked && !loaded.park(vehicle, ferry.TruckLanes) {
				loaded.Ashore = append(loaded.Ashore, vehicle)
			}
		}
	}
	return loaded
}

// park puts a vehicle into the first lane that it may stand in and fits in. It says whether there is one.
func (l *Loaded) park(vehicle list.Vehicle, truckLanes int) bool {
	lanes := l.Lanes
	if vehicle.Kind == "truck" {
		lanes = lanes[:truckLanes]
	}
	for i := range lanes {
		if lanes[i].Fits(vehicle) {
			lanes[i].Vehicles = append(lanes[i].Vehicles, vehicle)
			return true
		}
	}
	return false
}

// OnBoard says whether a vehicle of this plate is in a lane.
func (l *Loaded) OnBoard(plate string) bool {
	for _, lane := range l.Lanes {
		for _, vehicle := range lane.Vehicles {
			if vehicle.Plate == plate {
				return true
			}
		}
	}
	return false
}

// BookedAshore says whether somebody stays ashore in spite of a booking.
func (l *Loaded) BookedAshore() bool {
	for _, vehicle := range l.Ashore {
		if vehicle.Booked {
			return true
		}
	}
	return false
}
