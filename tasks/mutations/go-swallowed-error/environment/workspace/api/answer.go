package api

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"maps"
	"net/http"
	"slices"
	"strings"

	"lendd/shed"
)

type failure struct {
	Error string `json:"error"`
}

// methods are the handlers of one path.
type methods map[string]http.HandlerFunc

func (m methods) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handler, found := m[r.Method]
	if !found {
		w.Header().Set("Allow", strings.Join(slices.Sorted(maps.Keys(m)), ", "))
		answer(w, http.StatusMethodNotAllowed, failure{"method not allowed"})
		return
	}
	handler(w, r)
}

// read reads a request's body. If it can't, it answers, and returns false.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil || !ended(decoder) {
		answer(w, http.StatusBadRequest, failure{"the body is not as it should be"})
		return false
	}
	return true
}

// ended says whether nothing comes any more.
func ended(decoder *json.Decoder) bool {
	_, err := decoder.Token()
	return errors.Is(err, io.EOF)
}

// reply answers with a value, or with the error if there is one.
func reply(w http.ResponseWriter, status int, value any, err error) {
	if err != nil {
		answer(w, statusOf(err), failure{err.Error()})
		return
	}
	answer(w, status, value)
}

func statusOf(err error) int {
	var refusal *shed.Refusal
	if !errors.As(err, &refusal) {
		return http.StatusInternalServerError
	}
	switch refusal.Reason {
	case shed.Unknown:
		return http.StatusNotFound
	case shed.Forbidden:
		return http.StatusForbidden
	case shed.Conflict:
		return http.StatusConflict
	default:
		return http.StatusBadRequest
	}
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(value); err != nil {
		log.Printf("answer not sent: %v", err)
	}
}
