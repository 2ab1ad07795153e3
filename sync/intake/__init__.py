"""The body's side of a hand-in: verify without a key, store, log, answer with a receipt.

``accept`` holds the rules, ``storage`` keeps what was accepted, ``service`` joins the two,
``api`` is their HTTP face, ``client`` the other end of it for halls. What comes in is
ciphertext and stays ciphertext: no key in this room opens any of it.
"""
