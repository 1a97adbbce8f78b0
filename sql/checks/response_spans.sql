-- How many of a role's responses think, and how many of those give no answer ($response_spans: paths)?
select
    count(*) filter (thinks) as n_thinking,
    count(*) filter (not answers) as n_without_answer
from (
    select bool_or(kind = 'thinking') as thinks, bool_or(kind = 'answer') as answers
    from read_parquet($response_spans)
    group by response_id
);
