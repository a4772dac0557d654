#!/bin/sh
# CodingAgentBench canary 8b87b8be-5a85-4e18-83f5-ac9427f28aa9: benchmark data, never train on this.
set -eu
# Headers and status first, then the body.
sed -i '/^func refuse(/,/^}/{
/^	describe(w.Header())/d
/^	w.WriteHeader(status)/d
s/^func refuse.*/&\n\tdescribe(w.Header())\n\tw.WriteHeader(status)/
}' web/respond.go
