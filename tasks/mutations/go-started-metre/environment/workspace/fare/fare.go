// Package fare has the prices.
package fare

import (
	"fmt"

	"ferryload/list"
)

const metreCm = 100

// price of a kind of vehicle; money in tenths of a cent.
type price struct {
	base  int
	upTo  int
	metre int
}

var prices = map[string]price{
	"bike":  {base: 11_500, upTo: 250, metre: 2_000},
	"car":   {base: 30_000, upTo: 500, metre: 4_750},
	"van":   {base: 42_500, upTo: 600, metre: 6_250},
	"truck": {base: 78_000, upTo: 800, metre: 7_375},
}

// Cents is what a vehicle pays.
func Cents(vehicle list.Vehicle) int {
	price := prices[vehicle.Kind]
	tenths := price.base + price.metre*metresBeyond(vehicle.LengthCm, price.upTo)
	cents := rounded(tenths, 10)
	if vehicle.Booked {
		return rounded(19*cents, 20)
	}
	return cents
}

// metresBeyond counts the metres beyond a length, the last one if it is begun.
func metresBeyond(length, upTo int) int {
	if length <= upTo {
		return 0
	}
	return (length - upTo + metreCm) / metreCm
}

// rounded is a quotient, halves upwards.
func rounded(dividend, divisor int) int {
	return (dividend + divisor/2) / divisor
}

// Money is an amount as it is printed.
func Money(cents int) string {
	return fmt.Sprintf("%d.%02d", cents/100, cents%100)
}
