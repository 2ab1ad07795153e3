"""The reader of QTI 3.0, 2.2 and 2.1 (1EdTech): items, stimuli, tests, packages.

Files of the older versions are renamed while they are parsed
(:mod:`exam_packages.formats.qti.names`), so everything behind sees QTI 3 only. What
:mod:`exam_packages.content` can hold and :mod:`exam_packages.rules` can score is taken
in, in QTI's meaning; what is taken otherwise is told, and the rest is refused by file,
line and element. Start at :func:`exam_packages.formats.qti.reader.read_bank`.
"""
