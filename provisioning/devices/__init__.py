"""What this machine has: keyboards, screens, USB devices, and who else looks at them.

Every module reads ``/sys`` and ``/proc`` as an ordinary user, and writes nothing. Whoever is
root on the station can lie about all of it.
"""
