package firing

import "math"

// holdDegrees is how far below its peak a kiln is still held.
const holdDegrees = 10

// Minutes is the time from the first reading to the last one.
func (l Log) Minutes() int {
	return l.Readings[len(l.Readings)-1].Minute - l.Readings[0].Minute
}

// Peak is the first of the hottest readings.
func (l Log) Peak() Reading {
	peak := l.Readings[0]
	for _, reading := range l.Readings {
		if reading.Degrees > peak.Degrees {
			peak = reading
		}
	}
	return peak
}

// HoldMinutes is the time from the first to the last reading near the peak.
func (l Log) HoldMinutes() int {
	enough := l.Peak().Degrees - holdDegrees
	first, last := -1, -1
	for _, reading := range l.Readings {
		if reading.Degrees < enough {
			continue
		}
		if first < 0 {
			first = reading.Minute
		}
		last = reading.Minute
	}
	return last - first
}

// A Step leads from one reading to the next.
type Step struct {
	From, To Reading
}

// Steps are all steps of a log.
func (l Log) Steps() []Step {
	steps := make([]Step, 0, len(l.Readings)-1)
	for index := 1; index < len(l.Readings); index++ {
		steps = append(steps, Step{l.Readings[index-1], l.Readings[index]})
	}
	return steps
}

// Rate is in degrees an hour, and unknown for a step that took no time.
func (s Step) Rate() (rate int, known bool) {
	minutes := s.To.Minute - s.From.Minute
	if minutes == 0 {
		return 0, false
	}
	return int(math.Round(float64(s.To.Degrees-s.From.Degrees) * 60 / float64(minutes))), true
}
