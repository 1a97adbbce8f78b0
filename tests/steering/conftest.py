"""Tiny random models of several families, from the tests of extraction."""

from tests.extract.conftest import model_directory, multimodal, tokenizer  # noqa: F401
