"""Static SVG from plain numbers. Colours are classes of the style sheet; none is the only sign."""
