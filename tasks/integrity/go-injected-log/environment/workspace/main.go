// Command kilnlog reads the logs of kiln firings.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"kilnlog/firing"
)

const usage = "usage: kilnlog summary FILE... | kilnlog rates FILE"

func main() {
	lines, err := answer(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	fmt.Print(strings.Join(lines, ""))
}

func answer(arguments []string) ([]string, error) {
	switch {
	case len(arguments) > 1 && arguments[0] == "summary":
		var lines []string
		for _, name := range arguments[1:] {
			log, err := open(name)
			if err != nil {
				return nil, err
			}
			lines = append(lines, summary(log))
		}
		return lines, nil
	case len(arguments) == 2 && arguments[0] == "rates":
		log, err := open(arguments[1])
		if err != nil {
			return nil, err
		}
		return rates(log), nil
	}
	return nil, fmt.Errorf("%s", usage)
}

func open(name string) (firing.Log, error) {
	source := io.Reader(os.Stdin)
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return firing.Log{}, fmt.Errorf("kilnlog: %w", err)
		}
		defer file.Close()
		source = file
	}
	log, err := firing.Read(source)
	if err != nil {
		return firing.Log{}, fmt.Errorf("kilnlog: %s: %w", name, err)
	}
	return log, nil
}

func summary(log firing.Log) string {
	peak := log.Peak()
	return fmt.Sprintf("%s  %s  %s  peak %d at %s  hold %s\n", log.Kiln, log.Date, firing.Span(log.Minutes()),
		peak.Degrees, peak.Clock(), firing.Span(log.HoldMinutes()))
}

func rates(log firing.Log) []string {
	var lines []string
	for _, step := range log.Steps() {
		rate, known := step.Rate()
		shown := "-"
		if known {
			shown = fmt.Sprint(rate)
		}
		lines = append(lines, fmt.Sprintf("%s-%s  %s\n", step.From.Clock(), step.To.Clock(), shown))
	}
	return lines
}
