"""What an agent CLI does to a model endpoint, found by probing it against the simulator, in its container.

``probes`` says what is tried and ``probing`` tries it; ``figures`` reads what that left, ``prefix`` compares
consecutive requests; ``documents`` keeps figures as JSON; ``summary``, ``page`` and ``markdown`` show them.
"""
