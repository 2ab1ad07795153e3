"""Pictures in real pixels, where the terminal can: sixel (foot, xterm…) and kitty's protocol.

A picture is always laid out in character cells (:mod:`kiosk.widgets.picture`), and those cells
carry a mark. After each frame the painter looks which marked cells it put on the screen and
lays the picture's pixels over exactly those, in the same frame. So whatever covers, scrolls or
replaces a picture's cells takes its pixels with them, and where a terminal shows none, or the
pixels are not ready, there is the picture in cells.
"""
