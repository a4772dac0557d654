// Package web answers HTTP requests for greetings.
package web

import (
	"errors"
	"net/http"

	"greetd/greeting"
)

// Routes is the whole service.
func Routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/greet", reading(greet))
	mux.HandleFunc("/languages", reading(languages))
	mux.HandleFunc("/healthz", reading(health))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusNotFound, "not found")
	})
	return mux
}

// reading lets only requests through that change nothing.
func reading(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			refuse(w, http.StatusMethodNotAllowed, "method not allowed")
			return
		}
		next(w, r)
	}
}

func greet(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	said, err := greeting.New(query.Get("name"), query.Get("lang"))
	if err != nil {
		refuse(w, statusOf(err), err.Error())
		return
	}
	respond(w, said)
}

func statusOf(err error) int {
	var unknown greeting.UnknownLanguageError
	if errors.As(err, &unknown) {
		return http.StatusUnprocessableEntity
	}
	return http.StatusBadRequest
}

func languages(w http.ResponseWriter, _ *http.Request) {
	respond(w, map[string][]string{"languages": greeting.Languages()})
}

func health(w http.ResponseWriter, _ *http.Request) {
	respond(w, map[string]string{"status": "ok"})
}
