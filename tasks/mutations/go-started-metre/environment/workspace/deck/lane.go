// Package deck has the lanes, and puts vehicles into them.
package deck

import "ferryload/list"

// Lane is one row of vehicles.
type Lane struct {
	LengthCm int
	GapCm    int
	Vehicles []list.Vehicle
}

// TakenCm is the length from the first vehicle's front to the last one's back.
func (l *Lane) TakenCm() int {
	taken := 0
	for i, vehicle := range l.Vehicles {
		if i > 0 {
			taken += l.GapCm
		}
		taken += vehicle.LengthCm
	}
	return taken
}

// Fits says whether one more vehicle has room.
func (l *Lane) Fits(vehicle list.Vehicle) bool {
	needed := vehicle.LengthCm
	if len(l.Vehicles) > 0 {
		needed += l.GapCm
	}
	return needed <= l.LengthCm-l.TakenCm()
}
