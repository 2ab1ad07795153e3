"""What a candidate may see: items, papers and the form their answers take.

No type in this room can hold a correct answer; that is :mod:`exam_packages.rules.key`.
"""
