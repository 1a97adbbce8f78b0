-- The responses in the files $responses, of one role, that hold $text, in any case: at most $limit.
select r.response_id, r.question, r.response
from read_parquet($responses) as r
where contains(lower(r.response), lower($text))
order by r.response_id
limit $limit;
