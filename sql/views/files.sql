read_parquet(
    list_transform(
        {paths},
        -- Every path is a glob pattern to DuckDB: in a moved lake's name, too, its characters are escaped.
        lambda path: coalesce(regexp_replace(getvariable('lake')::varchar, '([*?[])', '[\1]', 'g'), {root}) || '/' || path
    ),
    hive_partitioning = true,
    hive_types = {{hive_types}}
)
