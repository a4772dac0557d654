package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func answer(method, target string) *http.Response {
	recorder := httptest.NewRecorder()
	Routes().ServeHTTP(recorder, httptest.NewRequest(method, target, nil))
	return recorder.Result()
}

func bodyOf(t *testing.T, response *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(body))
}

func TestGreet(t *testing.T) {
	response := answer("GET", "/greet?name=Ada&lang=fr")
	if response.StatusCode != http.StatusOK {
		t.Errorf("status: got %d want 200", response.StatusCode)
	}
	if got, want := bodyOf(t, response), `{"greeting":"Bonjour, Ada !","lang":"fr"}`; got != want {
		t.Errorf("body: got %s want %s", got, want)
	}
}

func TestGreet_MissingNameReturns400(t *testing.T) {
	response := answer("GET", "/greet")
	if response.StatusCode != http.StatusBadRequest {
		t.Errorf("status: got %d want 400", response.StatusCode)
	}
	if got, want := bodyOf(t, response), `{"error":"name is required"}`; got != want {
		t.Errorf("body: got %s want %s", got, want)
	}
}

func TestGreet_EmptyNameReturns400(t *testing.T) {
	if response := answer("GET", "/greet?name="); response.StatusCode != http.StatusBadRequest {
		t.Errorf("status: got %d want 400", response.StatusCode)
	}
}

func TestLanguagesAreSorted(t *testing.T) {
	if got, want := bodyOf(t, answer("GET", "/languages")), `{"languages":["de","en","es","fr"]}`; got != want {
		t.Errorf("body: got %s want %s", got, want)
	}
}

func TestAnswersAreJSON(t *testing.T) {
	for _, target := range []string{"/healthz", "/greet?name=Ada"} {
		if got := answer("GET", target).Header.Get("Content-Type"); got != "application/json; charset=utf-8" {
			t.Errorf("%s: content type %q", target, got)
		}
	}
}
