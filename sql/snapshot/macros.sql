-- Which questions are there as macros: name, parameters and comment.
select function_name, parameters, any_value(comment)
from duckdb_functions()
where database_name = 'warehouse' and function_type = 'table_macro'
group by all order by function_name;
