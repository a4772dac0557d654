"""One attempt's folder → what people are told of it, on a page as in a terminal."""
