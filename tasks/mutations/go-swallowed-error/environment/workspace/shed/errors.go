package shed

import "fmt"

// Reason is why something is refused.
type Reason int

const (
	Invalid Reason = iota
	Unknown
	Forbidden
	Conflict
)

// Refusal is the error of everything that a shed refuses.
type Refusal struct {
	Reason  Reason
	Message string
}

func (r *Refusal) Error() string { return r.Message }

func refuse(reason Reason, format string, arguments ...any) error {
	return &Refusal{Reason: reason, Message: fmt.Sprintf(format, arguments...)}
}
