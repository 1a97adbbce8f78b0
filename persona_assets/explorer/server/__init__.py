"""The explorer's web server: routes, compression, and what is let in."""
