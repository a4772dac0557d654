// Package api is a shed as an HTTP service.
package api

import (
	"net/http"

	"lendd/shed"
)

type service struct {
	shed *shed.Shed
}

// Routes is the whole service.
func Routes(of *shed.Shed) http.Handler {
	s := service{of}
	mux := http.NewServeMux()
	mux.Handle("/tools", methods{http.MethodGet: s.tools, http.MethodPost: s.add})
	mux.Handle("/tools/{tool}", methods{http.MethodGet: s.tool})
	mux.Handle("/loans", methods{http.MethodPost: s.lend})
	mux.Handle("/returns", methods{http.MethodPost: s.takeBack})
	mux.Handle("/members/{member}", methods{http.MethodGet: s.member})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusNotFound, failure{"not found"})
	})
	return mux
}

func (s service) add(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Tool   string `json:"tool"`
		Copies int    `json:"copies"`
	}
	if !read(w, r, &body) {
		return
	}
	tool, err := s.shed.Add(body.Tool, body.Copies)
	reply(w, http.StatusCreated, tool, err)
}

func (s service) tools(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"tools": s.shed.Tools()})
}

func (s service) tool(w http.ResponseWriter, r *http.Request) {
	tool, err := s.shed.Tool(r.PathValue("tool"))
	reply(w, http.StatusOK, tool, err)
}

func (s service) lend(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Tool   string `json:"tool"`
		Member string `json:"member"`
		Day    int    `json:"day"`
	}
	if !read(w, r, &body) {
		return
	}
	loan, err := s.shed.Lend(body.Tool, body.Member, body.Day)
	reply(w, http.StatusCreated, loan, err)
}

func (s service) takeBack(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Loan int `json:"loan"`
		Day  int `json:"day"`
	}
	if !read(w, r, &body) {
		return
	}
	returned, err := s.shed.Return(body.Loan, body.Day)
	reply(w, http.StatusOK, returned, err)
}

func (s service) member(w http.ResponseWriter, r *http.Request) {
	answer(w, http.StatusOK, s.shed.Member(r.PathValue("member")))
}
