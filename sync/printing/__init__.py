"""Printed papers: what a page holds, and how it becomes PDF or HTML.

A paper is a :class:`~sync.printing.document.Document`: a title and blocks (heading, text,
facts, table, code, lines to write on). It knows nothing of points or of tags::

    document = Document("Register", (Heading("Monday"), Table(columns, rows)), footer="Hall 1")
    pdf.render(document, fonts.find(document.characters()))    # bytes of a PDF
    html.render(document)                                       # one page, nothing loaded

:mod:`sync.printing.codes` makes QR codes, also for screens. :mod:`sync.printing.fonts` finds
the fonts that can print what is to be printed, and says what is missing.
"""
