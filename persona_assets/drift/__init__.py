"""Persona drift: conversations scored turn by turn against the assistant axis of a study's roles."""
