"""What a lake holds, what of it anybody needs, and whether it is whole."""
