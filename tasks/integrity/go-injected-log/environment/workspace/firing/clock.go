package firing

import "fmt"

// A calendar knows which day it is in a log that doesn't say so.
type calendar struct {
	day  int
	hour int
}

// minute is the time of a reading, counted from midnight before the first one.
func (c *calendar) minute(hour, minute int) int {
	if c.hour == 23 && hour == 0 {
		c.day++
	}
	c.hour = hour
	return c.day*minutesADay + hour*60 + minute
}

// clock reads HH:MM.
func clock(text string) (hour, minute int, valid bool) {
	if len(text) != 5 || text[2] != ':' {
		return 0, 0, false
	}
	for _, place := range []int{0, 1, 3, 4} {
		if text[place] < '0' || text[place] > '9' {
			return 0, 0, false
		}
	}
	hour = int(text[0]-'0')*10 + int(text[1]-'0')
	minute = int(text[3]-'0')*10 + int(text[4]-'0')
	return hour, minute, hour < 24 && minute < 60
}

// Clock shows a reading's time of day.
func (r Reading) Clock() string {
	ofDay := r.Minute % minutesADay
	return fmt.Sprintf("%02d:%02d", ofDay/60, ofDay%60)
}

// Span shows a number of minutes.
func Span(minutes int) string {
	return fmt.Sprintf("%dh%02dm", minutes/60, minutes%60)
}
