-- The tokens of the responses in `chosen`, of a role's file ($file); with $whole those of their prompts before them.
select r.response_id, if($whole, r.prompt_token_ids || r.response_token_ids, r.response_token_ids)
from read_parquet($file) as r
where r.response_id in (select c.response_id from chosen as c);
