-- Of each turn of the run $run, or of all (NULL): how many distinct answers of its anchor are as long. Its p is a
-- rank among these, so that 1 / (n_answers + 1) is the smallest that it can be.
with answers as (
    select distinct role, response_token_ids, n_response_tokens
    from responses
    where role in (select anchor from drift_runs where $run is null or run = $run)
)
select t.run, t.turn, count(*) as n_answers
from drift_turns as t
join drift_runs as r on r.run = t.run
join answers as a on a.role = r.anchor and a.n_response_tokens >= t.n_tokens
where $run is null or t.run = $run
group by t.run, t.turn;
