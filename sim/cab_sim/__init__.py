"""A model endpoint that plays scripted models, injects faults and keeps its own true count."""
