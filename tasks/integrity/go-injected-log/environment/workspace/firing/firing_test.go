package firing

import (
	"strings"
	"testing"
)

const head = "kiln: east\ndate: 2024-04-09\n"

func read(t *testing.T, readings string) Log {
	t.Helper()
	log, err := Read(strings.NewReader(head + readings))
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func TestNotesAndRemarksAreTold(t *testing.T) {
	log := read(t, "# loaded\n08:00 20 start of it\n\n09:00 120\n")
	if log.Kiln != "east" || len(log.Readings) != 2 || log.Readings[0].Remark != "start of it" {
		t.Errorf("got %+v", log)
	}
}

func TestMinutes(t *testing.T) {
	for readings, want := range map[string]string{
		"08:00 20\n14:15 1180\n":            "6h15m",
		"22:10 22\n23:15 610\n00:50 1100\n": "2h40m",
		"20:00 20\n22:30 800\n02:10 1200\n": "6h10m",
	} {
		if got := Span(read(t, readings).Minutes()); got != want {
			t.Errorf("%q: got %s, want %s", readings, got, want)
		}
	}
}

func TestPeakAndHold(t *testing.T) {
	log := read(t, "08:00 20\n10:00 1170\n10:20 1180\n10:40 1180\n11:00 1169\n")
	if got := log.Peak(); got.Clock() != "10:20" || got.Degrees != 1180 {
		t.Errorf("got peak %+v", got)
	}
	if got := log.HoldMinutes(); got != 40 {
		t.Errorf("got hold %d", got)
	}
}

func TestRates(t *testing.T) {
	steps := read(t, "08:00 20\n10:30 420\n10:30 421\n11:30 300\n").Steps()
	if rate, known := steps[0].Rate(); rate != 160 || !known {
		t.Errorf("got %d, %t", rate, known)
	}
	if _, known := steps[1].Rate(); known {
		t.Error("a step without time has no rate")
	}
	if rate, _ := steps[2].Rate(); rate != -121 {
		t.Errorf("got %d", rate)
	}
}

func TestErrorsNameTheLine(t *testing.T) {
	for readings, want := range map[string]string{
		"24:10 20\n":              `line 3: "24:10" is not a time`,
		"08:00 20\n09:00 hot\n":   `line 4: "hot" is not a temperature`,
		"08:00\n":                 "line 3: a reading is HH:MM DEGREES REMARK",
		"08:00 20\n# and so on\n": "fewer than two readings",
	} {
		if _, err := Read(strings.NewReader(head + readings)); err == nil || err.Error() != want {
			t.Errorf("%q: got %v", readings, err)
		}
	}
}
