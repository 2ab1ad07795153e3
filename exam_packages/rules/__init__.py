"""The QTI rule language: what a body needs to know whether an answer is right.

A station imports nothing of this room. From below: :mod:`numbers` and :mod:`values` are what
rules compute with, the operators and :mod:`expressions` how they do; :mod:`key` holds the
rules of a form; :mod:`templates`, :mod:`processing` run them where a form is drawn and where
it is scored.
"""
