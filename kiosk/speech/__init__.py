"""Reading aloud: what has the focus, spoken by espeak-ng in a process of its own.

``words`` says what is to be read, ``voice`` speaks it, ``reader`` follows the candidate.
Nothing reaches a screen reader from a terminal like this, so the screen speaks itself.
"""
