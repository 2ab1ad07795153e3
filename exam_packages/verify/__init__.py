"""The verifier for appeals panels and accreditors: what is proven, by whom, and what is not.

It needs the body's root of trust and no key. It never refuses a damaged file: it says how
far the file stands, and what is wrong from there on. With the *integrity* key it also
shows the time ledger, incidents and commands; no key it takes opens an answer or a name.

* :mod:`~exam_packages.verify.findings`: what it can find; pure data.
* :mod:`~exam_packages.verify.recognise`: what a file is, by its first bytes.
* :mod:`~exam_packages.verify.objects`: package, grant, release, receipt, log, enrolment.
* :mod:`~exam_packages.verify.record`: a journal, entry by entry, and its witnesses.
* :mod:`~exam_packages.verify.times`: the time ledger, with the integrity key; its
  words are in :mod:`~exam_packages.verify.event_words`.
* :mod:`~exam_packages.verify.clocks`: whether the station's clock agrees with its witnesses'.
* :mod:`~exam_packages.verify.attempts`: bundles, attempt directories, segments.
* :mod:`~exam_packages.verify.relations`: whether several files belong together.
* :mod:`~exam_packages.verify.verify`: all of it, over the files at hand.
* :mod:`~exam_packages.verify.terminal`, ``machine``, ``page``: saying it.
"""
