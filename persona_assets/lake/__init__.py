"""The Parquet files of a study: their names, schemas and storage, and whether they are whole."""
