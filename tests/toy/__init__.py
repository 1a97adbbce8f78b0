"""The demo's toy chat model and SAE: the synthetic corpus, and the seeded commands that train on it.

The result lies under ``tests/toy/data/``. It proves the pipeline; it says nothing about real language models.
"""
