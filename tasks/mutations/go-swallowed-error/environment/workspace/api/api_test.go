package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"lendd/shed"
)

func asked(handler http.Handler, method, path, body string) (int, string) {
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(method, path, strings.NewReader(body)))
	return recorder.Code, strings.TrimSpace(recorder.Body.String())
}

func TestRoutes(t *testing.T) {
	routes := Routes(shed.Open(shed.Rules{Limit: 3, Days: 14}))
	for _, step := range []struct {
		method, path, body string
		status             int
		answer             string
	}{
		{"POST", "/tools", `{"tool":"saw","copies":1}`, 201, `{"tool":"saw","copies":1,"free":1}`},
		{"POST", "/tools", `{"tool":"saw","copies":1}`, 409, `{"error":"tool saw is there already"}`},
		{"POST", "/loans", `{"tool":"saw","member":"ada","day":1}`, 201, `{"loan":1,"tool":"saw","member":"ada","due":15}`},
		{"POST", "/loans", `{"tool":"axe","member":"ada","day":1}`, 404, `{"error":"there is no tool axe"}`},
		{"POST", "/loans", `{"tool":"saw"`, 400, `{"error":"the body is not as it should be"}`},
		{"GET", "/tools/saw", "", 200, `{"tool":"saw","copies":1,"free":0}`},
		{"DELETE", "/tools/saw", "", 405, `{"error":"method not allowed"}`},
		{"GET", "/saws", "", 404, `{"error":"not found"}`},
	} {
		status, answer := asked(routes, step.method, step.path, step.body)
		if status != step.status || answer != step.answer {
			t.Errorf("%s %s: got %d %s want %d %s", step.method, step.path, status, answer, step.status, step.answer)
		}
	}
}
