"""Judges of whether answers play their role: asked, read, and compared with each other."""
