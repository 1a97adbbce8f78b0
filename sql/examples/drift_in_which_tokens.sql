-- In which tokens of a turn does it leave the assistant? The lowest ones of the turn with the largest drop.
with drop as (
    select run, turn from drift_transitions where delta_projection < 0 order by delta_projection, run, turn limit 1
)
select r.name, t.turn, t.token, t.piece, t.projection, t.scaled
from drop
join drift_tokens as t on t.run = drop.run and t.turn = drop.turn
join drift_runs as r on r.run = t.run
where t.piece <> '' -- otherwise its character stands at another token
order by t.projection, t.token
limit 10;
