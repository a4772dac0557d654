"""The kinds of pages. Each module has ``pages(site)``: what it adds to the site."""
