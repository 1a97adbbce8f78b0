-- Who talks long? The length of each role's answers, in tokens.
select
    role,
    count(*) as n_responses,
    avg(n_response_tokens) as mean_tokens,
    median(n_response_tokens) as median_tokens,
    min(n_response_tokens) as shortest,
    max(n_response_tokens) as longest
from responses
group by role
order by mean_tokens desc, role;
