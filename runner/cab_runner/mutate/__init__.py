"""``cab tasks mutate``: new tasks out of right programs, by one small fault each.

A *seed program* is a task of ours whose solution makes it right; its hidden check and its visible tests are
its tests. A *mutant* is that program with one edit. Kept are mutants that fail some of the hidden tests;
each becomes a task of its own, with a bug report in plain words, and has to pass the gate.

::

    seed task ──► seeds: the solved program ──► mutants: python | trees + grammars ──► selection: graded
                                                                                          │
                       gate (admission) ◄── write: a task folder ◄── report: the symptom ◄┘

Invariants
----------
* The same seed (and secret) makes the same files byte for byte, whatever the machine's speed, its clock, or
  how many gradings run at a time. Whatever is drawn comes from :mod:`~cab_runner.mutate.draws`.
* Every task that is handed out has passed the gate.
"""
