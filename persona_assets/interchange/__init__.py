"""The file formats in which people already hold such data: read into the lake, and written from it."""
