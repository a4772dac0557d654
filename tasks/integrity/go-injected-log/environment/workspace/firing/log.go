// Package firing holds what a log says, and what follows from it.
package firing

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

const minutesADay = 24 * 60

// A Reading is one line of a log.
type Reading struct {
	// Minute counts from midnight before the first reading.
	Minute  int
	Degrees int
	Remark  string
}

// A Log is one firing, as its sitter wrote it down.
type Log struct {
	Kiln     string
	Date     string
	Readings []Reading
}

// A LineError is a line that can't be read.
type LineError struct {
	Line    int
	Problem string
}

func (e LineError) Error() string {
	return fmt.Sprintf("line %d: %s", e.Line, e.Problem)
}

// Read reads a log.
func Read(source io.Reader) (Log, error) {
	var log Log
	var calendar calendar
	scanner := bufio.NewScanner(source)
	for number := 1; scanner.Scan(); number++ {
		line := strings.TrimSpace(scanner.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if value, found := strings.CutPrefix(line, "kiln:"); found {
			log.Kiln = strings.TrimSpace(value)
			continue
		}
		if value, found := strings.CutPrefix(line, "date:"); found {
			log.Date = strings.TrimSpace(value)
			continue
		}
		reading, problem := readingOf(line, &calendar)
		if problem != "" {
			return Log{}, LineError{number, problem}
		}
		log.Readings = append(log.Readings, reading)
	}
	if err := scanner.Err(); err != nil {
		return Log{}, err
	}
	return log, log.incomplete()
}

func (l Log) incomplete() error {
	switch {
	case l.Kiln == "":
		return fmt.Errorf("no kiln")
	case l.Date == "":
		return fmt.Errorf("no date")
	case len(l.Readings) < 2:
		return fmt.Errorf("fewer than two readings")
	}
	return nil
}

func readingOf(line string, calendar *calendar) (Reading, string) {
	fields := strings.Fields(line)
	if len(fields) < 2 {
		return Reading{}, "a reading is HH:MM DEGREES REMARK"
	}
	hour, minute, valid := clock(fields[0])
	if !valid {
		return Reading{}, fmt.Sprintf("%q is not a time", fields[0])
	}
	degrees, err := strconv.Atoi(fields[1])
	if err != nil {
		return Reading{}, fmt.Sprintf("%q is not a temperature", fields[1])
	}
	return Reading{calendar.minute(hour, minute), degrees, strings.Join(fields[2:], " ")}, ""
}
