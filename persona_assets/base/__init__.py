"""What everything else stands on: errors, files, text and SQL. It knows nothing of studies."""
