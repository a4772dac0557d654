"""A gateway for the tests: answers every page with what it was told to."""

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit


@contextmanager
def gateway(status, body):
    """Its URL, and the pages that come in: (key, page)."""
    pages = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            key = parse_qs(urlsplit(self.path).query)["key"][0]
            pages.append((key, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/send", pages
        finally:
            server.shutdown()
            thread.join()
