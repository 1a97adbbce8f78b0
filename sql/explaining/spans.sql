-- The spans of the responses in `chosen`, of a role's file of response_spans ($file).
select s.response_id, s.kind, s.start, s.stop
from read_parquet($file) as s
where s.response_id in (select c.response_id from chosen as c)
order by s.response_id, s.span;
