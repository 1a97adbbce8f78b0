-- What `.macros` lists: how each table macro is called.
select function_name || '(' || array_to_string(parameters, ', ') || ')' as macro
from duckdb_functions()
where not internal and function_type = 'table_macro'
order by 1;
