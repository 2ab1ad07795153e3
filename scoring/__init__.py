"""The scoring desk: opens answers without knowing whose, scores them, reports.

``blind`` opens, ``score`` applies the answer key, ``figures`` and ``report`` say what came
out. Nothing here can open a name, a flag or the time of an answer: the desk's one key
opens the responses of a journal and nothing else.
"""
