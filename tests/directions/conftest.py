"""The tiny models of extraction's tests."""

from tests.extract.conftest import model_directory, tokenizer

__all__ = ["model_directory", "tokenizer"]
