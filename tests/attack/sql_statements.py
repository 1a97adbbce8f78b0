"""Statements that no SQL console should run, by kind.

{secret} is a file that it must not see, {folder} where it lies; {lake}, {file} and {warehouse} are its own.
"""

from __future__ import annotations

READERS = (
    "read_csv('{secret}')", "read_csv_auto('{secret}')", "read_text('{secret}')", "read_blob('{secret}')",
    "read_json('{secret}')", "read_json_auto('{secret}')", "read_json_objects('{secret}')",
    "read_ndjson('{secret}')", "read_parquet('{secret}')", "parquet_scan('{secret}')",
    "parquet_metadata('{secret}')", "parquet_schema('{secret}')", "sniff_csv('{secret}')",
    "glob('{folder}/*')",
    "read_duckdb('{secret}')", "read_text(['{secret}'])", "read_text('{folder}/*')",
    "read_text('file://{secret}')", "read_text('{file}/../../../../../../{secret}')",
    "\"READ_TEXT\"('{secret}')", "main.read_text('{secret}')", "system.main.read_text('{secret}')",
)  # fmt: skip
AROUND = (  # where a table function may stand
    "from {}", "select * from (select * from {}) as x", "with x as materialized (from {}) from x",
    "explain analyze from {}", "describe from {}", "summarize from {}", "select (select count(*) from {})",
    "select 1 where exists (from {})", "select * from study, lateral (select * from {}) as y",
    "from study union all by name from {}", "select * from study left join {} on true",
    "select list_transform([1], lambda i: (select count(*) from {}))",
    "with recursive r as (select 1 as i union all select i + (select count(*) from {}) from r) from r",
    "pivot (from {}) on 1 in (1) using count(*)", "select * from study order by (select count(*) from {})",
    "/* */ from/**/{}--",
)  # fmt: skip
PATHS = (
    "from '{secret}'", "from \"{secret}\"", "from '{folder}/*'", "from '{folder}/secret.csv'",
    "from '{folder}/secret.parquet'", "from '{folder}/secret.json'", "from '/etc/passwd'",
    "from '/proc/self/environ'", "from '/dev/stdin'", "from 'https://example.invalid/x.parquet'",
    "from 's3://bucket/x.parquet'", "from '{lake}/../secret.csv'", "from query_table('{secret}')",
    "from query_table(['{secret}'])", "select '{secret}'::varchar from '{secret}'", "table '{secret}'",
)  # fmt: skip
CHANGES = (
    "insert into study select * from study", "insert or replace into roles select * from roles",
    "update roles set status = 'fresh'", "delete from roles", "truncate roles", "drop table roles",
    "drop view responses", "drop schema main cascade", "alter table roles add column x integer",
    "alter table roles rename to r", "create table t as select 1", "create temp table t as select 1",
    "create table memory.main.t (i integer)", "create view v as select 1", "create temp view v as select 1",
    "create macro m() as 1", "create or replace macro which_roles(x) as table select 1",
    "create temp macro known_sae(x) as 'gone'", "create sequence s", "create type t as enum ('a')",
    "create schema s", "create index i on roles (role)", "comment on table roles is 'mine'",
    "merge into roles using roles as r on true when matched then delete",
    "with x as (select 1) insert into roles select * from x", "explain analyze delete from roles",
    "explain analyze create table memory.main.t as select 1", "select * into t from roles",
    "insert into roles by name select 'x' as role returning *", "delete from roles returning *",
)  # fmt: skip
WRITES = (
    "copy roles to '{folder}/out.csv'", "copy (select 1) to '{folder}/out.parquet' (format parquet)",
    "copy (from study) to '{folder}/out.json'", "copy (select 1) to '/dev/stdout'",
    "copy roles from '{secret}'", "copy (select 1) to '{lake}/out.csv'", "copy (select 1) to '{warehouse}'",
    "copy (select 1) to '{file}'", "export database '{folder}/all'", "import database '{folder}'",
    "explain analyze copy (select 1) to '{folder}/out.csv'", "copy from database warehouse to memory",
    "copy (select 1) to '{folder}/out' (partition_by (a))",
    "from study select * \n; copy study to '{folder}/o'",
)  # fmt: skip
PLACES = (
    "attach '{folder}/other.duckdb'", "attach '{warehouse}' as again (read_write)", "attach ':memory:' as m",
    "attach '{secret}' (type sqlite)", "attach 'host=localhost' as p (type postgres)", "detach warehouse",
    "attach if not exists '{folder}/other.duckdb'", "attach or replace ':memory:' as warehouse", "use memory",
    "use warehouse.main", "create database d", "detach memory",
)  # fmt: skip
SETTINGS = (
    "set enable_external_access = true", "set lock_configuration = false", "set allowed_directories = ['/']",
    "set allowed_paths = ['{secret}']", "set memory_limit = '100GB'", "set threads = 64",
    "set temp_directory = '{folder}'", "set home_directory = '{folder}'",
    "set extension_directory = '{folder}'",
    "set file_search_path = '{folder}'", "set search_path = 'memory'", "set schema = 'memory.main'",
    "set variable lake = '/etc'", "reset variable lake",
    "set custom_extension_repository = 'http://x.invalid'",
    "set autoload_known_extensions = true", "set allow_unsigned_extensions = true",
    "set log_query_path = '{folder}/l'",
    "set profiling_output = '{folder}/p'", "set enable_profiling = 'json'",
    "set python_enable_replacements = true",
    "set errors_as_json = false", "set global memory_limit = '100GB'", "set session threads = 9",
    "reset memory_limit",
    "reset all", "pragma memory_limit='100GB'", "pragma enable_profiling",
    "pragma profile_output='{folder}/p'",
    "pragma database_list", "pragma enable_checkpoint_on_shutdown", "call pragma_version()",
    "set secret_directory = '{folder}'", "set default_secret_storage = 'x'", "set timezone = 'UTC'",
)  # fmt: skip
EXTENSIONS = (
    "install httpfs", "load httpfs", "force install json from 'http://x.invalid'",
    "load '{folder}/x.duckdb_extension'",
    "install spatial from community", "update extensions", "create secret s (type s3)",
    "create persistent secret s (type s3)", "drop secret s", "from duckdb_secrets()",
    "from which_secret('s3://x', 's3')",
    "from duckdb_extensions() where installed", "from load_aws_credentials()",
)  # fmt: skip
FUNCTIONS = (
    "select getenv('HOME')", "select \"getenv\"('HOME')", "select main.getenv('HOME')",
    "select system.main.getenv('A')",
    "select list_transform(['HOME'], lambda x: getenv(x))", "select case when true then getenv('A') end",
    "select 1 where getenv('A') = ''", "select 1 order by getenv('A')", "select max(getenv('A')) over ()",
    "select * replace (getenv('A') as name) from study",
    "select columns(*)::varchar || getenv('A') from study",
    "with x as (select getenv('A')) from x", "values (getenv('A'))", "select struct_pack(a := getenv('A'))",
    "select write_log('x')", "select write_log('x', level := 'error')", "select setseed(0.5)",
    "select nextval('s')",
    "from query('select 1')", "from query('from read_text(''{secret}'')')",
    "from query('from enable_pro' || 'filing()')",
    "from json_execute_serialized_sql(json_serialize_sql('select 1'))", "from enable_logging()",
    "call enable_logging()",
    "from enable_logging(storage_path := '{folder}', storage := 'file')", "from disable_logging()",
    "from enable_profiling(save_location := '{folder}/p')", "select * from study, \"ENABLE_PROFILING\"()",
    "from disable_profiling()", "from checkpoint()", "from force_checkpoint()", "from truncate_duckdb_logs()",
    "from pragma_user_agent()", "from duckdb_logs()", "from duckdb_log_contexts()", "from test_all_types()",
    "from sql_auto_complete('sel')", "from arrow_scan(1, 2, 3)", "from pandas_scan(1)",
    "from python_map_function()",
    "from seq_scan('study')", "from sqlite_scan('{secret}', 't')", "from postgres_query('p', 'select 1')",
    "from duckdb_temporary_files()", "from duckdb_memory()", "from st_read('{secret}')",
    "from read_xlsx('{secret}')",
    "from iceberg_scan('{folder}')", "from delta_scan('{folder}')",
    "from range(3) as r, read_text('{secret}')",
)  # fmt: skip
MANNERS = (
    "", ";", " ;;; ", "-- nothing", "/* nothing", "select", "select 1; select 2",
    "select 1; drop table roles",
    "/* */; select 1; --\n delete from roles", "select 1 /* ; */ ; copy roles to '{folder}/x'",
    "select 1; begin",
    "select '\n;' ; drop table roles", "select $$;$$ ; drop table roles", "select $tag$ ; $tag$; begin",
    "begin",
    "commit", "rollback", "checkpoint", "force checkpoint", "vacuum", "analyze", "prepare p as select 1",
    "prepare p as delete from roles", "execute p", "deallocate p", "explain execute p", "call which_roles(5)",
    "pivot (from roles) on status using count(*)", "from frame", "from duckdb.frame",
    "select * from secret_frame",
    "\ufeffdrop table roles", "dRoP\ttable\nroles", "explain explain drop table roles",
    "select 1 into outfile 'x'",
    "load data infile '{secret}' into table roles", "exec xp_cmdshell 'id'", "copy roles to program 'id'",
    "\\copy roles to 'x'",
    ".shell id", ".read {secret}", "!id", "select pg_read_file('{secret}')", "select load_file('{secret}')",
)  # fmt: skip
READING = (  # what may be answered, however odd
    "select 'drop table roles'", "select ';' as \"--\"", "select '{secret}'", "explain select * from study",
    "EXPLAIN /* why */ ANALYZE select 1", "describe responses", "show tables", "summarize study",
    "values (1), (2)",
    "select current_setting('memory_limit')", "from duckdb_settings() limit 3", "select current_database()",
    "with recursive n as (select 1 as x union all select x + 1 from n where x < 9) select sum(x) from n",
    "select 1 as \"from read_text('x')\"", "-- from read_text('x')\nselect 1", "select 'read_text(''x'')'",
    "select count(*) from responses", "from which_roles(5)", "select list_transform([1], lambda x: x + 1)",
    "select $$'; drop table roles; --$$", "select 1 /* from read_text('x') */",
    "select '\U0001f3f4\u200d\u2620\ufe0f'",
    "select * from study as read_text", "select regexp_matches('a', '(a+)+$')",
    "select '\u202e1'",
)  # fmt: skip
BOMBS = (  # more than there is
    "select count(*) from range(100000000000)",
    "select * from range(1000000) a, range(1000000) b order by a.range * b.range",
    "select repeat('x', 2000000000)", "select list(range) from range(1000000000)",
    "select string_agg(repeat('x', 1000000), '') from range(9999)",
    "with recursive n as (select 1 as x union all select x + 1 from n) select count(*) from n",
    "with recursive n as (select 'x' as x union all select x || x from n) select max(length(x)) from n",
    "select damerau_levenshtein(repeat('a', 100000), repeat('b', 100000))",
    "select levenshtein(repeat('a', 900000), repeat('b', 900000))",
    "select regexp_matches(repeat('a', 5000000), '(.*a){{25}}b')", "select range(1000000000)",
    "select 9999999999::hugeint ** 9999",
    "select jaccard(repeat('ab', 99999999), repeat('bc', 99999999))", "select bitstring('1', 2147483647)",
    "select printf('%2147483647d', 1)", "select lpad('x', 2147483647, 'y')",
    "select json_object(*columns(*)) from study, range(99999999)",
    "select " + "+".join(["1"] * 40_000), "select " + "(" * 3_000 + "1" + ")" * 3_000,
    "select '" + "x" * 190_000 + "'",
)  # fmt: skip


def refused() -> list[str]:
    """All that must not be run."""
    files = [around.replace("{}", reader) for reader in READERS for around in AROUND[:1]]
    files += [around.replace("{}", READERS[n % 9]) for n, around in enumerate(AROUND[1:])]
    return [*files, *PATHS, *CHANGES, *WRITES, *PLACES, *SETTINGS, *EXTENSIONS, *FUNCTIONS, *MANNERS]
