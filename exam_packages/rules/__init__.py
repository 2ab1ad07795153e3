"""The QTI rule language: what a body needs to know whether an answer is right.

Nothing in :mod:`exam_packages.rules.key` or :mod:`exam_packages.rules.processing` may
be imported by a station.
"""
