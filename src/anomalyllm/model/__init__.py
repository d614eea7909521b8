"""The network, in one sitting: parts before wholes.

`layers` (what both networks are built of) → `language_models` (where a teacher's blocks come from) → `teacher` →
`prototypes` → `student` → `losses` → `distiller` (both networks and their discrepancy).

Letters: B batch, C channels, L window, P patch, N patches, D width, K prototypes, G groups (1 where all channels share
one vector, C where each has its own), O output size. A window batch is (B, C, L). Another student body is an entry of
`student_bodies.BODIES`, another teacher one of `language_models.TEACHERS` (docs/extending.md).
"""
