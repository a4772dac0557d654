// Package list reads the list of vehicles.
package list

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Kinds that there are.
var Kinds = []string{"bike", "car", "van", "truck"}

const (
	shortestCm = 50
	longestCm  = 2500
)

// Vehicle is a line of the list.
type Vehicle struct {
	Plate    string
	Kind     string
	LengthCm int
	Booked   bool
}

// Read reads a whole list. Its error says which line is wrong, and how.
func Read(from io.Reader) ([]Vehicle, error) {
	var vehicles []Vehicle
	lines := bufio.NewScanner(from)
	for number := 1; lines.Scan(); number++ {
		words := strings.Fields(lines.Text())
		if len(words) == 0 {
			continue
		}
		vehicle, err := read(words)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if slices.ContainsFunc(vehicles, func(v Vehicle) bool { return v.Plate == vehicle.Plate }) {
			return nil, fmt.Errorf("line %d: %s is on the list twice", number, vehicle.Plate)
		}
		vehicles = append(vehicles, vehicle)
	}
	return vehicles, lines.Err()
}

func read(words []string) (Vehicle, error) {
	booked := len(words) == 4 && words[3] == "booked"
	if len(words) != 3 && !booked {
		return Vehicle{}, fmt.Errorf("a vehicle is PLATE KIND LENGTH [booked]")
	}
	plate, kind := words[0], words[1]
	if !slices.Contains(Kinds, kind) {
		return Vehicle{}, fmt.Errorf("there is no kind %q", kind)
	}
	length, err := strconv.Atoi(words[2])
	if err != nil || length < shortestCm || length > longestCm {
		return Vehicle{}, fmt.Errorf("%q is not a length from %d to %d", words[2], shortestCm, longestCm)
	}
	return Vehicle{Plate: plate, Kind: kind, LengthCm: length, Booked: booked}, nil
}
