// Command greetd is a small greeting service.
package main

import (
	"flag"
	"log"
	"net/http"
	"os"
	"time"

	"greetd/web"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8095", "address to listen on")
	flag.Parse()
	logger := log.New(os.Stderr, "greetd: ", log.LstdFlags)
	server := &http.Server{
		Addr:              *addr,
		Handler:           web.Logged(logger, web.Routes()),
		ReadHeaderTimeout: 5 * time.Second,
	}
	logger.Printf("listening on %s", *addr)
	logger.Fatal(server.ListenAndServe())
}
