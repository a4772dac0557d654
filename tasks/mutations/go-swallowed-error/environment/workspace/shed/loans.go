package shed

const (
	centsADay = 20
	mostCents = 500
)

// Loan is a tool that a member has, or had.
type Loan struct {
	Number int    `json:"loan"`
	Tool   string `json:"tool"`
	Member string `json:"member"`
	Due    int    `json:"due"`

	made int
	back bool
}

// lateOn is the number of days by which a loan is late on a day.
func (l *Loan) lateOn(day int) int {
	return max(0, day-l.Due)
}

// fee is what so many days late cost, in cents.
func fee(late int) int {
	return min(late*centsADay, mostCents)
}

// loans are all that were ever made; number n is at n-1.
type loans []*Loan

func (l loans) find(number int) (*Loan, error) {
	if number < 1 || number > len(l) {
		return nil, refuse(Unknown, "there is no loan %d", number)
	}
	return l[number-1], nil
}

// open are the loans that a member has, by number.
func (l loans) open(member string) []*Loan {
	var found []*Loan
	for _, loan := range l {
		if loan.Member == member && !loan.back {
			found = append(found, loan)
		}
	}
	return found
}
