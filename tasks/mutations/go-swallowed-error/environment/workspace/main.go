// Command lendd is the lending desk of a tool shed.
package main

import (
	"flag"
	"log"
	"net/http"
	"os"
	"time"

	"lendd/api"
	"lendd/shed"
)

func main() {
	var rules shed.Rules
	addr := flag.String("addr", "127.0.0.1:8096", "address to listen on")
	flag.IntVar(&rules.Limit, "limit", 3, "how many loans a member may have")
	flag.IntVar(&rules.Days, "days", 14, "how long a loan may take")
	flag.Parse()
	logger := log.New(os.Stderr, "lendd: ", log.LstdFlags)
	server := &http.Server{
		Addr:              *addr,
		Handler:           api.Routes(shed.Open(rules)),
		ReadHeaderTimeout: 5 * time.Second,
	}
	logger.Printf("listening on %s", *addr)
	logger.Fatal(server.ListenAndServe())
}
