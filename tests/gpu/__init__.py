"""Reading on a GPU, and the same in a tiny size on a CPU: nothing here needs more than what it reads with.

That is torch, transformers, numba and NumPy (`test_alone.py`), so that a bare machine with a GPU will do.
"""
