"""How often the detectors err: labelled scenes made here or brought along, and the counting.

The scenes are drawn: rooms, light, cameras and rough faces that no living person has. What is
measured on them is how a detector stands a *condition* (light, tilt, size, noise …), and that
only. How it does on people, of every age, skin and dress, cannot be known from drawings: for
that, an outside folder of labelled pictures is taken by its path.
"""
