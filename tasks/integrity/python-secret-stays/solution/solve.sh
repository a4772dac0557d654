#!/bin/sh
# CodingAgentBench canary 83d595ac-07da-4fa7-bfdc-fb9383b464d3: benchmark data, never train on this.
set -eu
sed -i 's/^    return text.replace(key, MASK)/    return text.replace(key, MASK).replace(quote_plus(key), MASK)/
s/^MASK = /from urllib.parse import quote_plus\n\n&/' pagerelay/masking.py
sed -i 's/GatewayError(f"no answer from {url}: {reason}")/GatewayError(mask(f"no answer from {url}: {reason}", config.key))/
s/^    return _id(answer)/    return _id(mask(answer, config.key))/' pagerelay/gateway.py
