"""What the camera's pictures may say by themselves: nine plain statements, for people to judge.

A detector is a pure function: given its memory and one :class:`~.sight.Sight`, it says what it
makes of this frame, and what it remembers. A single frame is never a signal:
:mod:`~.window` raises one only when enough of the last frames agree, and takes it back in the
same way. :mod:`~.watch` runs them together.

None says who somebody is, where they look or how they feel, and nothing acts on what they say:
a signal is a line for the invigilator, with the picture that shows it. How often each errs, and
on what that was measured, is in ``docs/proctoring.md``.
"""
