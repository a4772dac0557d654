"""Cell records → what people look at."""
