package shed

import (
	"errors"
	"testing"
)

func opened(t *testing.T) *Shed {
	t.Helper()
	shed := Open(Rules{Limit: 2, Days: 10})
	for _, tool := range []string{"saw", "drill"} {
		if _, err := shed.Add(tool, 1); err != nil {
			t.Fatal(err)
		}
	}
	return shed
}

func refused(t *testing.T, err error, reason Reason, message string) {
	t.Helper()
	var refusal *Refusal
	if !errors.As(err, &refusal) || refusal.Reason != reason || refusal.Message != message {
		t.Errorf("got %v want %q", err, message)
	}
}

func TestLend(t *testing.T) {
	shed := opened(t)
	loan, err := shed.Lend("saw", "ada", 5)
	if err != nil || loan.Number != 1 || loan.Due != 15 {
		t.Fatalf("got %+v, %v", loan, err)
	}
	if saw, _ := shed.Tool("saw"); saw.Free != 0 {
		t.Errorf("free: got %d want 0", saw.Free)
	}
}

func TestLend_NothingIsLentTwice(t *testing.T) {
	shed := opened(t)
	if _, err := shed.Lend("saw", "ada", 5); err != nil {
		t.Fatal(err)
	}
	_, err := shed.Lend("saw", "bo", 6)
	refused(t, err, Conflict, "every saw is lent")
	if loans := shed.Member("bo").Loans; len(loans) != 0 {
		t.Errorf("bo has %+v", loans)
	}
}

func TestLend_LateMembersHaveToReturnFirst(t *testing.T) {
	shed := opened(t)
	if _, err := shed.Lend("saw", "ada", 5); err != nil {
		t.Fatal(err)
	}
	_, err := shed.Lend("drill", "ada", 16)
	refused(t, err, Forbidden, "ada has to return loan 1 first")
}

func TestReturn(t *testing.T) {
	shed := opened(t)
	if _, err := shed.Lend("saw", "ada", 5); err != nil {
		t.Fatal(err)
	}
	got, err := shed.Return(1, 18)
	if want := (Returned{Loan: 1, Late: 3, Fee: 60}); err != nil || got != want {
		t.Errorf("got %+v, %v want %+v", got, err, want)
	}
	_, err = shed.Return(1, 19)
	refused(t, err, Conflict, "loan 1 is back already")
}
