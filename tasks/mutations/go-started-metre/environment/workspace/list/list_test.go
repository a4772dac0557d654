package list

import (
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	vehicles, err := Read(strings.NewReader("A-1 car 460\n\nB-2 truck 1250 booked\n"))
	if err != nil || len(vehicles) != 2 {
		t.Fatalf("got %v, %v", vehicles, err)
	}
	if want := (Vehicle{Plate: "B-2", Kind: "truck", LengthCm: 1250, Booked: true}); vehicles[1] != want {
		t.Errorf("got %+v want %+v", vehicles[1], want)
	}
}

func TestRead_SaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"A-1 car":               "line 1: a vehicle is PLATE KIND LENGTH [booked]",
		"\nA-1 boat 460":        "line 2: there is no kind \"boat\"",
		"A-1 car 2501":          "line 1: \"2501\" is not a length from 50 to 2500",
		"A-1 car 50\nA-1 van 9": "line 2: \"9\" is not a length from 50 to 2500",
	} {
		if _, err := Read(strings.NewReader(text)); err == nil || err.Error() != want {
			t.Errorf("%q: got %v want %s", text, err, want)
		}
	}
}
