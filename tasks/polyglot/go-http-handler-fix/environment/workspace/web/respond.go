package web

import (
	"encoding/json"
	"log"
	"net/http"
)

type errorBody struct {
	Error string `json:"error"`
}

// describe sets the headers that every answer has.
func describe(header http.Header) {
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("Cache-Control", "no-store")
}

// respond sends a value as the JSON body of a success.
func respond(w http.ResponseWriter, value any) {
	describe(w.Header())
	if err := json.NewEncoder(w).Encode(value); err != nil {
		log.Printf("answer not sent: %v", err)
	}
}

// refuse sends an error with its status.
func refuse(w http.ResponseWriter, status int, message string) {
	if err := json.NewEncoder(w).Encode(errorBody{message}); err != nil {
		log.Printf("error not sent: %v", err)
	}
	describe(w.Header())
	w.WriteHeader(status)
}
