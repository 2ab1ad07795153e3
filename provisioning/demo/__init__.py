"""A throwaway site on one machine: body, intake, hall and stations as real processes.

The demo runs ``exam-kiosk`` commands only, as an administrator would type them; what it
checks, it reads from what those commands left behind.
"""
