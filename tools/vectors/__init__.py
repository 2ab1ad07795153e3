"""What the test vectors are made of: see ``tools/make_vectors.py``."""
