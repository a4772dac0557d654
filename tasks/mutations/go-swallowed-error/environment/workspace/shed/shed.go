// Package shed knows the tools, who has them, and what members owe.
package shed

import (
	"strings"
	"sync"
	"unicode/utf8"
)

const longestName = 40

// Rules are what a shed is opened with.
type Rules struct {
	// Limit is how many loans a member may have at a time.
	Limit int
	// Days is how long a loan may take.
	Days int
}

// Shed may be used by many at once.
type Shed struct {
	lock  sync.Mutex
	rules Rules
	stock stock
	loans loans
	fees  map[string]int
}

// Returned is what came of a loan.
type Returned struct {
	Loan int `json:"loan"`
	Late int `json:"late"`
	Fee  int `json:"fee"`
}

// Member is what a member has and owes.
type Member struct {
	Name  string `json:"member"`
	Loans []Loan `json:"loans"`
	Fees  int    `json:"fees"`
}

// Open opens an empty shed.
func Open(rules Rules) *Shed {
	return &Shed{rules: rules, stock: stock{}, fees: map[string]int{}}
}

// Add puts copies of a new tool into the shed.
func (s *Shed) Add(name string, copies int) (Tool, error) {
	name, err := named(name)
	if err != nil {
		return Tool{}, err
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.stock.add(name, copies)
}

// Tool finds a tool.
func (s *Shed) Tool(name string) (Tool, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	tool, err := s.stock.find(name)
	if err != nil {
		return Tool{}, err
	}
	return *tool, nil
}

// Tools are all tools, by name.
func (s *Shed) Tools() []Tool {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.stock.sorted()
}

// Lend lends a tool to a member.
func (s *Shed) Lend(tool, member string, day int) (Loan, error) {
	tool, err := named(tool)
	if err != nil {
		return Loan{}, err
	}
	member, err = named(member)
	if err != nil {
		return Loan{}, err
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if _, err := s.stock.find(tool); err != nil {
		return Loan{}, err
	}
	if err := s.mayBorrow(member, day); err != nil {
		return Loan{}, err
	}
	if err := s.stock.lend(tool); err != nil {
		return Loan{}, err
	}
	loan := &Loan{Number: len(s.loans) + 1, Tool: tool, Member: member, Due: day + s.rules.Days, made: day}
	s.loans = append(s.loans, loan)
	return *loan, nil
}

// Return takes a loan back.
func (s *Shed) Return(number, day int) (Returned, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	loan, err := s.loans.find(number)
	if err != nil {
		return Returned{}, err
	}
	if loan.back {
		return Returned{}, refuse(Conflict, "loan %d is back already", number)
	}
	if day < loan.made {
		return Returned{}, refuse(Conflict, "loan %d was made on day %d", number, loan.made)
	}
	loan.back = true
	s.stock.takeBack(loan.Tool)
	late := loan.lateOn(day)
	s.fees[loan.Member] += fee(late)
	return Returned{Loan: number, Late: late, Fee: fee(late)}, nil
}

// Member is what is known of a member.
func (s *Shed) Member(name string) Member {
	s.lock.Lock()
	defer s.lock.Unlock()
	member := Member{Name: name, Loans: []Loan{}, Fees: s.fees[name]}
	for _, loan := range s.loans.open(name) {
		member.Loans = append(member.Loans, *loan)
	}
	return member
}

func (s *Shed) mayBorrow(member string, day int) error {
	open := s.loans.open(member)
	for _, loan := range open {
		if loan.lateOn(day) > 0 {
			return refuse(Forbidden, "%s has to return loan %d first", member, loan.Number)
		}
	}
	if len(open) >= s.rules.Limit {
		return refuse(Forbidden, "%s has %d loans, and may have no more", member, len(open))
	}
	return nil
}

func named(name string) (string, error) {
	name = strings.TrimSpace(name)
	if length := utf8.RuneCountInString(name); length < 1 || length > longestName {
		return "", refuse(Invalid, "a name has 1 to %d characters", longestName)
	}
	return name, nil
}
