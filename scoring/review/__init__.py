"""The review of an attempt by an appeals panel: ``exam-kiosk review``, with the integrity key.

It shows what the integrity role may see: events, incidents, acts of invigilators, pictures. It
opens no answer and no name, and knows nothing of :mod:`scoring.blind`.

* :mod:`~scoring.review.attempt`: one attempt before a panel: verified, opened, in words.
* :mod:`~scoring.review.keeping`: how long its pictures are kept, what holds them, what is gone.
* :mod:`~scoring.review.reviewers`, ``judging``: who may judge, and their judgements' file.
* :mod:`~scoring.review.images`: pictures made small or covered, in memory alone.
* :mod:`~scoring.review.casefile`: a redacted case file for others.
* :mod:`~scoring.review.site` and the modules ``*_pages``: the pages of the desk.
"""
