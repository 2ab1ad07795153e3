"""The reader of QTI 3.0 packages (1EdTech, May 2022): items, stimuli, tests, manifests.

It takes in what :mod:`exam_packages.content` can show and :mod:`exam_packages.rules`
can score, in QTI's meaning, and refuses everything else by file, line and element.
Start at :func:`exam_packages.formats.qti.reader.read_test`.
"""
