"""A paper as the candidate will see it, without agent, hall or clock.

The candidate's own client runs over a paper that lies in memory: its screens, its widgets,
its rules. What a candidate may see is read in another process (:mod:`exam_packages.preview`),
which alone has read the answer key and has ended before anything is shown.
"""
