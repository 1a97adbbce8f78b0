-- The runs with, of each one's score, the largest drop and how many turns lie below the null band; or the one
-- run $run alone (NULL: all).
with scored as (
    select
        t.run,
        t.turn,
        case r.score
            when 'projection' then t.projection
            when 'cosine_axis' then t.cosine_axis
            else t.cosine_anchor
        end as score,
        case r.score
            when 'projection' then t.projection_low
            when 'cosine_axis' then t.cosine_axis_low
            else t.cosine_anchor_low
        end as low
    from drift_turns as t join drift_runs as r on r.run = t.run
    where $run is null or t.run = $run
),
changes as (
    select run, turn, score < low as below, score - lag(score) over (partition by run order by turn) as change
    from scored
)
select
    r.*,
    (select sum(t.n_tokens)::bigint from drift_turns as t where t.run = r.run) as n_answer_tokens,
    arg_min(c.turn, c.change) filter (where c.change < 0) as drop_turn,
    min(c.change) filter (where c.change < 0) as drop_change,
    count(*) filter (where c.below) as n_below_band
from drift_runs as r join changes as c on c.run = r.run
group by all
order by r.name, r.run;
