-- How many of a role's answers hit the length limit, so that their end is missing?
select
    role,
    count(*) filter (finish_reason = 'length') as n_cut_off,
    count(*) as n_responses,
    count(*) filter (finish_reason = 'length') / count(*) as share,
    max(n_response_tokens) as longest
from responses
group by role
order by share desc, role;
