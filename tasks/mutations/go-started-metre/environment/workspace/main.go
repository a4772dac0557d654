// Command ferryload loads a car ferry.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"ferryload/deck"
	"ferryload/fare"
	"ferryload/list"
)

const usage = "ferryload: usage: ferryload [-lanes N] [-length CM] [-gap CM] [-truck-lanes N] [-fares] FILE"

const (
	bookedAshore = 1
	wrongUsage   = 2
	wrongList    = 3
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(arguments []string, in io.Reader, out, problems io.Writer) int {
	var ferry deck.Ferry
	flags := flag.NewFlagSet("ferryload", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.IntVar(&ferry.Lanes, "lanes", 3, "how many lanes there are")
	flags.IntVar(&ferry.LengthCm, "length", 2400, "how long each lane is, in cm")
	flags.IntVar(&ferry.GapCm, "gap", 40, "how far apart vehicles stand, in cm")
	flags.IntVar(&ferry.TruckLanes, "truck-lanes", 1, "how many lanes trucks may use")
	fares := flags.Bool("fares", false, "print what each pays")
	if err := flags.Parse(arguments); err != nil || flags.NArg() != 1 || !possible(ferry) {
		fmt.Fprintln(problems, usage)
		return wrongUsage
	}
	vehicles, err := open(flags.Arg(0), in)
	if err != nil {
		fmt.Fprintf(problems, "ferryload: %v\n", err)
		return wrongList
	}
	loaded := deck.Load(ferry, vehicles)
	printLanes(out, loaded)
	if *fares {
		printFares(out, loaded, vehicles)
	}
	if loaded.BookedAshore() {
		return bookedAshore
	}
	return 0
}

func possible(ferry deck.Ferry) bool {
	trucks := ferry.TruckLanes >= 0 && ferry.TruckLanes <= ferry.Lanes
	return ferry.Lanes >= 1 && ferry.LengthCm >= 1 && ferry.GapCm >= 0 && trucks
}

func open(name string, in io.Reader) ([]list.Vehicle, error) {
	if name == "-" {
		return list.Read(in)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return list.Read(file)
}

func printLanes(out io.Writer, loaded deck.Loaded) {
	for i, lane := range loaded.Lanes {
		fmt.Fprintf(out, "lane %d: %d of %d cm", i+1, lane.TakenCm(), lane.LengthCm)
		if len(lane.Vehicles) > 0 {
			fmt.Fprintf(out, ": %s", plates(lane.Vehicles))
		}
		fmt.Fprintln(out)
	}
	if len(loaded.Ashore) > 0 {
		fmt.Fprintf(out, "ashore: %s\n", plates(loaded.Ashore))
	}
}

func printFares(out io.Writer, loaded deck.Loaded, vehicles []list.Vehicle) {
	sum := 0
	for _, vehicle := range vehicles {
		if loaded.OnBoard(vehicle.Plate) {
			cents := fare.Cents(vehicle)
			sum += cents
			fmt.Fprintf(out, "%s %s\n", vehicle.Plate, fare.Money(cents))
		}
	}
	fmt.Fprintf(out, "fares: %s\n", fare.Money(sum))
}

func plates(vehicles []list.Vehicle) string {
	names := make([]string, len(vehicles))
	for i, vehicle := range vehicles {
		names[i] = vehicle.Plate
	}
	return strings.Join(names, ", ")
}
