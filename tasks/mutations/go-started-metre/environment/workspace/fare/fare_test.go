package fare

import (
	"testing"

	"ferryload/list"
)

func TestCents(t *testing.T) {
	for _, test := range []struct {
		vehicle list.Vehicle
		want    int
	}{
		{list.Vehicle{Kind: "car", LengthCm: 500}, 3000},
		{list.Vehicle{Kind: "car", LengthCm: 530}, 3475},
		{list.Vehicle{Kind: "van", LengthCm: 700}, 4875},
		{list.Vehicle{Kind: "truck", LengthCm: 1250, Booked: true}, 10914},
	} {
		if got := Cents(test.vehicle); got != test.want {
			t.Errorf("%+v: got %d want %d", test.vehicle, got, test.want)
		}
	}
}

func TestMoney(t *testing.T) {
	if got := Money(1205); got != "12.05" {
		t.Errorf("got %s", got)
	}
}
